"""What a hostile submission costs those that run beside it."""

import threading
import time
from dataclasses import replace

import pytest

from grading.runtime.executor import Executor
from grading.runtime.job import Limits
from samples.attacks import ATTACKS
from tests.grading.runtime.test_executor import made

HONEST = """
total = 0
for number in range(15_000_000):
    total += number
answer_1 = {"b", "c"}
"""
LIMITS = Limits(wall_s=8, cpu_s=60, memory_mb=1500)
BY_NAME = {attack.id: attack for attack in ATTACKS}
WORST = (
    "spinners_in_sessions_of_their_own",
    "sockets_filled",
    pytest.param("threads_that_spin", marks=pytest.mark.long),
)


@pytest.mark.parametrize("name", WORST)
def test_a_neighbour_keeps_its_marks(executor: Executor, name: str) -> None:
    hostile = replace(made(BY_NAME[name].cells["answer_1"]), limits=LIMITS)
    alone = executor.execute(made(HONEST))
    other = threading.Thread(target=executor.execute, args=(hostile,))
    other.start()
    time.sleep(1)

    beside = executor.execute(made(HONEST))
    other.join()

    assert beside == alone
    assert alone.marks["answer_1_complete"] == 1
