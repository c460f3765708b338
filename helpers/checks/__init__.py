"""What the test cells of the assignments call.

A test cell is one call, such as ``vanilla.code_is_relu(autoencoder)``: it prints one
line when the property holds and raises :class:`CheckFailed` with property, expected,
found and likely cause when it does not.

Modules: :mod:`.interface` (how a check sees a student's models), :mod:`.local` (models
in this process), :mod:`.report` (messages and progress), :mod:`.hints` (causes of
errors), :mod:`.dense` (what dense layers must compute, in NumPy), :mod:`.builders`
(what several assignments check alike), :mod:`.quiz`, and one for each assignment.
"""

from helpers import backend  # noqa: F401, I001  (first: it silences TensorFlow)

from helpers.checks.report import CheckFailed, NotDone, check, progress, ready

__all__ = ["CheckFailed", "NotDone", "check", "progress", "ready"]
