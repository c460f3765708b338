"""How a check reaches a student's models: the interface, and the way in one process."""
