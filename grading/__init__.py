"""Grades a class fast and safely; nbgrader keeps notebooks, gradebook and feedback."""
