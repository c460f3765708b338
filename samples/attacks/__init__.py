"""Submissions that attack the grader. Each must gain nothing and harm nothing.

``python -m samples.attacks`` runs all and prints a table.
"""

from samples.attacks import (
    bombs,
    endings,
    escape,
    forgery,
    hooks,
    lies,
    models,
    neighbours,
    outputs,
    patches,
    shares,
    theft,
    traces,
)
from samples.attacks.attack import Attack, without_repetition

MODULES = (
    *(hooks, patches, forgery, theft, escape, bombs, models, neighbours),
    *(outputs, endings, shares, lies, traces),
)
ATTACKS = without_repetition(attack for module in MODULES for attack in module.ATTACKS)

__all__ = ["ATTACKS", "Attack"]
