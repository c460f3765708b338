"""What the test cells of the assignments call.

A test cell is one call, such as ``course_checks.code_is_relu(autoencoder)``: it prints
one line when the property holds and raises ``CheckFailed`` with property, expected,
found and likely cause when it does not. A notebook imports its module under that name:
students call their functions ``sparse``, not so.

There is a module for each assignment, and ``quiz`` for questions. They stand on
``student`` (how a check sees a student's models), ``property_check`` (messages and
progress), ``hints`` (causes of errors), ``contract`` (the properties of a builder, in
their order) and ``oracles`` (what right models compute).
"""

from helpers import quiet_keras  # noqa: F401, I001  (first: it silences TensorFlow)

from helpers.checks.property_check import CheckFailed, NotDone, check, progress, ready

__all__ = ["CheckFailed", "NotDone", "check", "progress", "ready"]
