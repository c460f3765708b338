"""Submissions that attack the grader. Each must gain nothing and harm nothing.

``python -m samples.attacks`` runs all and prints a table.
"""

from samples.attacks import (
    bombs,
    escape,
    forgery,
    hooks,
    models,
    neighbours,
    patches,
    theft,
)
from samples.attacks.attack import Attack, without_repetition

MODULES = (hooks, patches, forgery, theft, escape, bombs, models, neighbours)
ATTACKS = without_repetition(attack for module in MODULES for attack in module.ATTACKS)

__all__ = ["ATTACKS", "Attack"]
