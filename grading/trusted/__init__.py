"""What runs in the process that judges, where no student code ever runs."""
