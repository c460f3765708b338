"""No attack gains a point, leaves a process, harms anything, or leaks a secret.

Every attack runs with an honest submission beside it, in the same warm server. Some
minutes in all, so `make test` leaves them to `make test-all`.
"""

from collections.abc import Iterator

import pytest

from samples.attacks import ATTACKS, Attack
from samples.attacks.ground import Ground

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    made = Ground(tmp_path_factory.mktemp("ground"))
    yield made
    made.close()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_an_attack_gains_nothing_and_harms_nobody(
    ground: Ground, attack: Attack
) -> None:
    row = ground.run(attack)

    assert row.problems == [], row.result


def test_the_honest_submission_beside_them_gets_its_points(ground: Ground) -> None:
    marks = ground.honest.marks

    assert {name: mark for name, mark in marks.items() if mark} == {
        "answer_1_no_wrong": 1.0,
        "answer_1_complete": 1.0,
    }


def test_there_are_attacks_of_every_class() -> None:
    classes = {attack.kind for attack in ATTACKS}

    assert len(ATTACKS) >= 40
    assert len(classes) >= 10
