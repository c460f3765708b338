"""Predictions that are committed before the answer shows.

A cell asks, the next ones run the experiment, and another says "you said, it was":

    guess = predict.choice("Whose error is smaller?", ["PCA's", "the network's"])
    ...
    guess.compare("PCA's" if error_pca < error else "the network's")

What you say stays in your browser. Where there is none, the question and the answer
stand there as text.
"""

import html
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from helpers import interactive
from helpers.errors import CourseError

Answer = TypeVar("Answer", str, float)

_asked: dict[str, None] = {}


class PredictionError(CourseError):
    """A prediction that cannot be asked or compared as it is written."""


class Prediction(ABC, Generic[Answer]):
    """A question whose answer is not known yet.

    Attributes:
        question: what is asked.
    """

    def __init__(self, question: str) -> None:
        self.question = question

    @abstractmethod
    def ask(self) -> None:
        """Show the question, with the box that takes the prediction."""

    @abstractmethod
    def compare(self, value: Answer) -> None:
        """Show what was predicted beside what came out."""

    def _ask(self, text: str, hint: str, **data: Any) -> None:
        """Show the question with more text, and pass more data to the box."""
        _asked[self.question] = None
        question = html.escape(self.question)
        interactive.show(
            "prediction",
            f"<p><strong>Predict:</strong> {question}</p>{text}"
            f"<p><em>{html.escape(hint)}</em></p>",
            f"Predict: {self.question} {hint}",
            {"action": "ask", "question": self.question, **data},
        )

    def _compare(self, value: Answer, shown: str, **data: Any) -> None:
        """Show the answer beside the prediction, and keep whether they agree."""
        interactive.show(
            "prediction",
            f"<p>It was: {html.escape(shown)}</p>",
            f"It was: {shown}",
            {
                "action": "compare",
                "question": self.question,
                "value": value,
                "shown": shown,
                **data,
            },
        )


class Choice(Prediction[str]):
    """A question with a few options.

    Attributes:
        options: what can be chosen.
    """

    def __init__(self, question: str, options: Sequence[str]) -> None:
        super().__init__(question)
        self.options = list(options)
        if len(set(self.options)) != len(self.options) or len(self.options) < 2:
            raise PredictionError(
                f"{question!r} needs two options or more, each another."
            )

    def ask(self) -> None:
        """Show the question, with a button for each option."""
        listed = "".join(f"<li>{html.escape(option)}</li>" for option in self.options)
        self._ask(
            f"<ul>{listed}</ul>", "Run this cell to choose.", options=self.options
        )

    def compare(self, value: str) -> None:
        """Show what was predicted beside what came out.

        Args:
            value: the option that is right.

        Raises:
            PredictionError: it is none of the options.
        """
        if value not in self.options:
            raise PredictionError(
                f"{value!r} is none of the options of {self.question!r}: "
                f"{', '.join(self.options)}."
            )
        self._compare(value, value, options=self.options)


class Number(Prediction[float]):
    """A question for a number.

    Attributes:
        unit: what stands behind the number.
        within: how far from the answer still counts as right; a tenth of the answer
            where it is None.
    """

    def __init__(
        self, question: str, unit: str = "", within: float | None = None
    ) -> None:
        super().__init__(question)
        self.unit = unit
        self.within = within

    def ask(self) -> None:
        """Show the question, with a field for the number."""
        # 10 % would be read as a tenth of the answer.
        unit = "percentage points" if self.unit == "%" else self.unit
        near = "a tenth" if self.within is None else f"{self.within:g} {unit}"
        rule = f"within {near.strip()} counts as right"
        if self.within == 0:
            rule = "only the exact number counts as right"
        hint = f"Run this cell to type a number; {rule}."
        self._ask("", hint, unit=self.unit, rule=rule)

    def compare(self, value: float, fmt: str = "{:.3g}") -> None:
        """Show what was predicted beside what came out.

        Args:
            value: the number that came out.
            fmt: how to write it.
        """
        value = float(value)
        within = abs(value) / 10 if self.within is None else self.within
        shown = f"{fmt.format(value)} {self.unit}".strip()
        self._compare(value, shown, unit=self.unit, within=within)


def choice(question: str, options: Sequence[str]) -> Choice:
    """Ask for one of a few options, and return the question for `compare`.

    Args:
        question: one sentence; no other prediction of the lesson asks it.
        options: what can be chosen, in an order that gives nothing away.
    """
    asked = Choice(question, options)
    asked.ask()
    return asked


def number(question: str, unit: str = "", within: float | None = None) -> Number:
    """Ask for a number, and return the question for `compare`.

    Args:
        question: one sentence; no other prediction of the lesson asks it.
        unit: what stands behind the number, such as dB.
        within: how far from the answer still counts as right, in this unit; a tenth of
            the answer where it is left out.
    """
    asked = Number(question, unit, within)
    asked.ask()
    return asked


def summary(questions: Sequence[str] | None = None) -> None:
    """Show how many predictions were right, and how sure they were.

    Args:
        questions: those that count; all that were asked here, where it is left out.
    """
    interactive.show(
        "prediction",
        "<p><em>Run this cell to see how well you knew what you know.</em></p>",
        "Your predictions: run this cell to see how well you knew what you know.",
        {"action": "summary", "questions": list(questions or _asked)},
    )
