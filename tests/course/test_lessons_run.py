"""Lessons run with Keras's JAX backend too, and give the same losses twice."""

import re

import pytest

from tools.lessons import choose, printed, run

pytestmark = [pytest.mark.slow, pytest.mark.long]
NUMBER = re.compile(r"\d+\.\d{3,}")


def numbers(notebook):
    """Return the losses and figures that a run printed, without its timings."""
    lines = [line for line in printed(notebook).splitlines() if "s/step" not in line]
    values = [float(text) for line in lines for text in NUMBER.findall(line)]
    assert len(values) >= 5
    return values


@pytest.mark.parametrize("number", ["01", "05", "11", "12"])
def test_a_lesson_runs_with_the_jax_backend(number, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    notebook = run(*choose([number]), "quick")
    assert numbers(notebook)


@pytest.mark.parametrize("number", ["05", "11", "12"])
def test_two_runs_of_a_lesson_give_equal_losses(number):
    first, second = (numbers(run(*choose([number]), "quick")) for _ in range(2))
    assert first == pytest.approx(second, abs=1e-6)
