"""What the test cells of the assignments call.

A test cell is one call, such as ``vanilla.code_is_relu(autoencoder)``: it prints one
line when the property holds and raises ``CheckFailed`` with property, expected,
found and likely cause when it does not.

Modules: ``interface`` (how a check sees a student's models), ``local`` (models
in this process), ``report`` (messages and progress), ``hints`` (causes of
errors), ``dense`` (what dense layers must compute, in NumPy), ``builders``
(what several assignments check alike), ``quiz``, and one for each assignment.
"""

from helpers import quiet_keras  # noqa: F401, I001  (first: it silences TensorFlow)

from helpers.checks.property_check import CheckFailed, NotDone, check, progress, ready

__all__ = ["CheckFailed", "NotDone", "check", "progress", "ready"]
