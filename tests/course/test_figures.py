"""Figures in CLAIMS.md and in the lessons' texts are those of the stored outputs."""

import html
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.course.test_lessons import LESSONS, every_lesson, read

ROOT = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?(?:e[-−+]?\d+)?\s?%?")
NO_FIGURE = re.compile(
    r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)|<?https?://\S+", re.S
)
HEADING = re.compile(r"^(#+) (.+?) *$", re.M)
EXPLAINED = {
    "00": {"0.1": "a bound of differences"},
    "01": {
        "0.0033": "0.01 / 3, as the sentence says",
        "1.07": "a variance of the data, which the next cell uses",
        "0.91": "another",
        "0.89": "another",
        "0.83": "another",
        "0.70": "another",
    },
    "03": {"0.046": "the formula before it"},
    "04": {
        "0.0835": "loss of the assignment, seen when its bar was set",
        "0.0065": "read off a figure",
    },
    "05": {"1.3": "25.27 - 23.96, the table above"},
    "06": {
        "0.0004": "a bound of differences",
        "3.2": "48 % of an error in decibels, 10 log10 of it",
    },
    "07": {
        "3.5": "21.84 - 18.31, the figure above",
        "4.5": "seconds of the longest recording, 112 / 25",
    },
    "08": {
        "2.1": "16.11 - 14.01, the tables above",
        "2.6": "16.61 - 14.02, the tables above",
    },
    "09": {
        "2.2": "22.64 - 20.49, the table above",
        "1.7": "from the table above",
    },
    "10": {"3.5": "25.27 - 21.74, the table above"},
    "11": {
        "448.7": "392 log π, the formula before it",
        "2.3": "of Exercises 1 and 2, from the numbers beside it",
    },
    "12": {"36.6": "of lesson 11, as the sentence says"},
    "13": {
        "2.8": "of the curves above",
    },
}
"""Figures that no output prints, by lesson, and where they come from."""


@dataclass(frozen=True)
class Figure:
    """A number as it is written.

    Attributes:
        text: as it stands there.
        value: of a percentage, what stands before the sign.
        decimals: how many it is written with; negative for 1e3.
        percent: whether it is a percentage.
    """

    text: str
    value: float
    decimals: int
    percent: bool

    def agrees(self, printed: "Figure") -> bool:
        """Return whether a number that is printed can be written so; signs are free."""
        scale, digits = 1, 0
        if self.percent and not printed.percent:
            scale, digits = 100, 2
        is_fine = printed.decimals >= self.decimals + digits
        return is_fine and self.is_near(printed.value * scale)

    def is_near(self, value: float) -> bool:
        """Return whether a value can be rounded to this one; signs are free."""
        return abs(abs(value) - abs(self.value)) <= 0.501 * 10.0**-self.decimals


def figures(text):
    """Return the numbers of a text."""
    numbers = []
    for match in NUMBER.findall(text):
        plain = match.replace("−", "-").replace(",", "").strip()
        mantissa, _, exponent = plain.rstrip("% ").partition("e")
        decimals = len(mantissa.partition(".")[2]) - int(exponent or 0)
        value = float(plain.rstrip("% "))
        numbers.append(Figure(match.strip(), value, decimals, plain.endswith("%")))
    return numbers


def measured(text):
    """Return the numbers of a text that look measured: 0.5, 3 %, 1e-3, but not 16."""
    return [x for x in figures(text) if x.percent or x.decimals > 0 or "e" in x.text]


def printed(cell):
    """Return what a cell prints, with the words of its pictures."""
    texts = []
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        texts += [output.get("text", ""), data.get("text/plain", "")]
        page = data.get("text/html", "")
        if "<img" not in page:
            texts.append(html.unescape(re.sub("<[^>]+>", " ", page)))
    return "\n".join(texts)


@cache
def sections(path):
    """Return what the cells under each heading print, those of subheadings included."""
    above, outputs = [], {}
    for cell in read(path).cells:
        if cell.cell_type == "code":
            for _, heading in above:
                outputs[heading] += figures(printed(cell))
            continue
        for marks, heading in HEADING.findall(cell.source):
            above = [higher for higher in above if higher[0] < len(marks)]
            above.append((len(marks), heading))
            outputs.setdefault(heading, [])
    return outputs


def heading_of(path, place):
    """Return the heading that a place of CLAIMS.md begins with, or what it begins with.

    What stands behind a colon may be left out, and the title of an exercise.
    """
    names = {heading: heading for heading in sections(path)}
    for heading in sections(path):
        for short in re.findall(r"^(.+?)(?::| · )", heading):
            names.setdefault(short, heading)
    for name in sorted(names, key=len, reverse=True):
        if place.lower().startswith(name.lower()):
            return names[name]
    raise AssertionError(f"{path.stem} has no heading {place!r}")


def claims():
    """Yield a lesson, the places of a claim, and its figures."""
    text = (ROOT / "CLAIMS.md").read_text("utf-8")
    for number, part in re.findall(r"^## (\d\d)(.+?)(?=^## |\Z)", text, re.M | re.S):
        (path,) = [path for path in LESSONS if path.name.startswith(number)]
        for row in re.findall(r"^\| (?!Claim)(.+) \|$", part, re.M):
            claim, places, _, of_run = row.split(" | ")
            yield pytest.param(path, places, of_run, id=f"{number}: {claim[:60]}")


@pytest.mark.parametrize(("path", "places", "of_run"), list(claims()))
def test_a_claim_s_figures_are_printed_where_it_says(path, places, of_run):
    headings = [heading_of(path, place) for place in places.split("; ")]
    there = [figure for name in headings for figure in sections(path)[name]]
    for figure in measured(of_run):
        assert any(map(figure.agrees, there)), f"{figure.text} is not printed there"


def test_every_lesson_claims_something():
    assert {param.values[0] for param in claims()} == set(LESSONS)


def texts(path):
    """Yield the texts of a lesson, those of its quiz and of its page for teachers."""
    yield from (c.source for c in read(path).cells if c.cell_type == "markdown")
    yield (ROOT / "notebooks" / "quiz" / f"{path.name[:2]}.json").read_text("utf-8")
    page = (ROOT / "teaching" / f"{path.name[:2]}.md").read_text("utf-8")
    yield re.sub(r"^## What the checks .+?(?=^## |\Z)", "", page, flags=re.M | re.S)


@every_lesson
def test_the_figures_of_a_text_are_printed_by_its_lesson(path):
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    codes = {figure.value for cell in cells for figure in figures(cell.source)}
    outputs = next(iter(sections(path).values()))  # those under the title: all
    unexplained = set()
    for text in texts(path):
        numbers = NO_FIGURE.sub(" ", text)
        beside = [x.value for x in figures(numbers) if any(map(x.agrees, outputs))]
        unexplained |= {
            figure.text
            for figure in measured(numbers)
            if figure.value not in codes
            and not any(map(figure.agrees, outputs))
            and not is_difference(figure, beside)
        }
    assert unexplained == set(EXPLAINED.get(path.name[:2], {}))


def is_difference(figure, values):
    """Return whether two of some values lie so far apart."""
    return any(figure.is_near(abs(a) - abs(b)) for a in values for b in values)


@pytest.mark.parametrize(
    ("written", "said", "agrees"),
    [
        ("15.1", "15.0602", True),
        ("15.1", "15.2", False),
        ("15.10", "15.1", False),
        ("−0.44", "-0.4402", True),
        ("28 %", "0.2803", True),
        ("28%", "28.3 %", True),
        ("28 %", "0.3", False),
        ("0.28", "28 %", False),
        ("2.4e−05", "2.38e-05", True),
        ("1,234.5", "1234.51", True),
    ],
)
def test_a_figure_agrees_with_one_that_it_can_be_rounded_from(written, said, agrees):
    (figure,), (other,) = figures(written), figures(said)
    assert figure.agrees(other) == agrees
