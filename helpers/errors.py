"""The one base of all errors that the course raises on purpose."""


class CourseError(Exception):
    """What went wrong and what to do about it, as a sentence for people.

    A command prints it without a traceback.
    """
