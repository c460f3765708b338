"""The course's web pages, built from its files as they are stored: ``make site``."""
