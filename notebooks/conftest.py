"""Lesson 13 is optional: without PyTorch, pytest leaves it out."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") else ["13_pytorch.ipynb"]
