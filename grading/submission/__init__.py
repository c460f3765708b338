"""From a file that a student handed in to the job that runs."""
