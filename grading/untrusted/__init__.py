"""What runs in the student's own process, beside code that nobody has read."""
