"""Where and how a job runs: what the processes of all three kinds share."""
