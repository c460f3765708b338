"""Ways to get points of ordinary tests without the work, and honest work like them.

Each attack stands beside honest code that the same test must let pass.
"""

from typing import Any

import numpy as np
import pytest

from grading.runtime.job import Cell, Ordinary
from grading.runtime.values import as_now
from grading.submission.ordinary_tests import ordinary
from grading.untrusted.objects import Objects
from tests.grading.ordinary import small

NUMBERS = """
class Number:
    def __init__(self, x): self.x = x
    def __mul__(self, factor): return Number(self.x * factor)
    def __iadd__(self, other):
        self.x += other
        return self
    def __eq__(self, other): return self.x == getattr(other, "x", other)
    def double(self): return 2 * self.x
"""
LIES = """
class Number:
    def __init__(self, x): pass
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def double(self): return {answer}
"""
LYING_TUPLE = """
class Pair(tuple):
    def __eq__(self, other): return True
    def __lt__(self, other): return True
def pair(): return Pair((1, 3))
"""
NAMED_TUPLE = """
from collections import namedtuple
Pair = namedtuple("Pair", "a b")
def pair(): return Pair(1, 2)
"""
GUARD = """
class Guard:
    closed = False
    def __enter__(self): return self
    def __exit__(self, kind, *_): self.closed = {closed}
"""
GUARDED = """
guard = Guard()
try:
    with guard:
        raise ValueError("x")
except ValueError:
    pass
assert guard.closed
"""
UNITTEST = """
import unittest
class Test(unittest.TestCase):
    def test_square(self):
        self.assertEqual(f(3), 9)
unittest.main(argv=[""], exit=False)
"""

PAIRS = {
    "an object of the class that says it is any number": (
        "assert Number(3).double() == 6",
        LIES.format(answer="self"),
        NUMBERS,
    ),
    "such an object in a list": (
        "assert [Number(3).double()] == [6]",
        LIES.format(answer="[self]"),
        NUMBERS,
    ),
    "such an object put into an argument": (
        "given = [3]\nn = Number(3)\nfill(n, given)\nassert given == [6]",
        LIES.format(answer="0") + "def fill(n, given): given[:] = [n]",
        NUMBERS + "def fill(n, given): given[:] = [n.double()]",
    ),
    "an object that contains all": (
        "assert 9 in f(3)",
        "class All:\n    def __contains__(self, x): return True\n"
        "def f(x): return All()",
        "def f(x): return {x * x: 0}.keys()",
    ),
    "a lie in what inherits from plain data": (
        "assert pair() == (1, 2) and pair() < (1, 3) and pair() in {(1, 2)}",
        LYING_TUPLE,
        NAMED_TUPLE,
    ),
    "an object that is no function": (
        "assert callable(f(1))",
        "def f(x): return object()",
        "def f(x): return lambda: x",
    ),
    "an object that is no iterator": (
        "from collections.abc import Iterator\nassert isinstance(f(1), Iterator)",
        "def f(x): return object()",
        "def f(x): yield x",
    ),
    "a class without an operator": (
        "assert hasattr(Number, '__mul__') and hasattr(Number(1), '__mul__')",
        LIES.format(answer="0"),
        NUMBERS,
    ),
    "the argument for a copy of it": (
        "rows = [[1], [2]]\ncopied = f(rows)\ncopied[0].append(3)\n"
        "assert rows == [[1], [2]] and copied is not rows",
        "def f(rows): return list(rows)",
        "def f(rows): return [list(row) for row in rows]",
    ),
    "an argument that changes under its name": (
        "items = [2, 1]\nassert f(items=items) == [1, 2]\nassert items == [2, 1]",
        "def f(items): return items.sort() or items",
        "def f(items): return sorted(items)",
    ),
    "a context that is left in order alone": (
        GUARDED,
        GUARD.format(closed="kind is None"),
        GUARD.format(closed="True"),
    ),
    "points that are a NumPy number": (
        "score = 0\nfor x in (2, 3):\n    score += 0.5 * (f(x) == x * x)\nscore",
        "import numpy as np\ndef f(x): return np.int64(7)",
        "import numpy as np\ndef f(x): return np.int64(x * x)",
    ),
    "points that are an array": (
        "score = 0\nfor x in (2, 3):\n    score += 0.5 * (f(x) == x * x)\nscore",
        "import numpy as np\ndef f(x): return np.zeros(2)",
        "import numpy as np\ndef f(x): return np.array([x * x])",
    ),
    "points that are no number": (
        "1 - abs(f(3) - 9)",
        "def f(x): return float('nan')",
        "def f(x): return x * x",
    ),
    "points below zero": (
        "1 - abs(f(3) - 9)",
        "def f(x): return 90",
        "def f(x): return x * x",
    ),
}


@pytest.mark.parametrize("way", PAIRS)
def test_a_way_around_the_work_earns_nothing_and_the_work_does(way: str) -> None:
    test, attack, work = PAIRS[way]
    assert small(test, attack, classes=("Number",)).marks == {"test": 0.0}
    right = small(test, work, classes=("Number",))
    assert right.messages == {}
    assert right.marks == {"test": 1.0}


def test_a_test_that_only_reports_failures_on_stderr_earns_nothing() -> None:
    verdict = small(UNITTEST, "def f(x): return 0")
    assert verdict.marks == {"test": 0.0}
    assert "stderr" in verdict.messages["test"]


HONEST = {
    "changes nested arguments in place": (
        "row = [1]\nrows = [row, row]\nassert f(rows) is rows\n"
        "assert row == [1, 5] and rows[1] is row",
        "def f(rows):\n    rows[0].append(5)\n    return rows",
    ),
    "changes an object in place": (
        "n = m = Number(1)\nn += 2\nassert n is m and n == 3 and (n * 2).x == 6",
        NUMBERS,
    ),
    "gives a list of many floats": (
        "x = f(70_000)\nassert len(x) == 70_000 and x[-1] == 69_999.1",
        "def f(n): return [i + 0.1 for i in range(n)]",
    ),
    "gives more than travels at once": (
        "x = f(250_000)\nassert len(x) == 250_000 and x[7] == 7.1 and g() == 1",
        "def f(n): return [i + 0.1 for i in range(n)]\ndef g(): return 1",
    ),
    "gives many NumPy numbers": (
        "assert sum(f(2000)) == 2000",
        "import numpy as np\ndef f(n): return [np.float64(1)] * n",
    ),
    "computes with complex numbers": (
        "import numpy as np\nz = f(np.array([1j, 2]))\n"
        "assert np.allclose(z, [-1, 4]) and z.dtype == complex",
        "def f(x): return x * x",
    ),
    "gives a bytearray for bytes": (
        "assert f() == b'ab'",
        "def f(): return bytearray(b'ab')",
    ),
    "raises what wants more than a text": (
        "try:\n    f()\nexcept UnicodeError:\n    pass",
        "def f(): return b'\\xff'.decode()",
    ),
}


@pytest.mark.parametrize("work", HONEST)
def test_honest_work_earns_what_it_earns_in_one_process(work: str) -> None:
    verdict = small(*HONEST[work], classes=("Number",))
    assert verdict.messages == {}
    assert verdict.marks == {"test": 1.0}


@pytest.mark.parametrize(
    "hidden",
    [
        "assert x == 42, f'expected 42, got {x}'",
        "from numpy.testing import assert_allclose\nassert_allclose(x, 42)",
    ],
)
def test_a_hidden_test_that_asks_nothing_does_not_quote_what_it_expects(
    hidden: str,
) -> None:
    verdict = small("assert x > 0", "x = 41", hidden=hidden)
    assert verdict.marks == {"test": 0.0}
    assert "42" not in verdict.messages["test"]


def test_names_of_a_hidden_test_are_asked_for_after_the_visible_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    find = Objects.find

    def record(self: Objects, name: str, before: str) -> Any:
        asked.append(name)
        return find(self, name, before)

    monkeypatch.setattr(Objects, "find", record)
    small("assert f(1) == 1", "def f(x): return 2", hidden="assert helper(2) == 2")
    assert asked == ["f"]


def test_a_list_is_judged_as_it_was_before_the_test() -> None:
    class Odd:
        pass

    odd = Odd()
    names: dict[str, Any] = {
        "times": [1, [2], odd],
        "image": np.zeros(3),
        "large": np.zeros(1 << 18),
    }
    kept = as_now(names)
    names["times"][1].append(3)
    names["image"] += 1
    assert kept["times"] == [1, [2], odd]
    assert kept["image"].tolist() == [0, 0, 0]
    assert kept["large"] is names["large"]


def test_a_test_that_exits_does_not_end_those_after_it() -> None:
    leaves = "import sys\nif f(3) != 9:\n    sys.exit('wrong')"
    assert small(leaves, "def f(x): return 0").marks == {"test": 0.0}
    assert small(leaves, "def f(x): return x * x").marks == {"test": 1.0}


# --- whose value a name has -----------------------------------------------------------


def given(*cells: tuple[str, str], reference: str) -> Ordinary:
    """Return what an assignment's tests need."""
    made = [
        Cell(str(number), str(number), "code", source, role)  # type: ignore[arg-type]
        for number, (role, source) in enumerate(cells)
    ]
    tests = [cell for cell in made if cell.role == "test"]
    needs = ordinary(made, tests, [reference])
    assert needs is not None
    return needs


def test_a_plain_value_of_the_course_s_cells_is_the_course_s() -> None:
    test = ("test", "assert abs(f(3) - 9) < tolerance and f(2) in expected")
    own = ("plain", "tolerance = 1e-6\nexpected = [4]\nlater = f(3)")
    needs = given(own, ("solution", ""), test, reference="def f(x): return x * x")
    assert needs.definitions.splitlines() == ["tolerance = 1e-06", "expected = [4]"]


def test_a_plain_value_that_the_work_changes_is_the_student_s() -> None:
    test = ("test", "assert data == [1, 2] and size == 2")
    own = ("plain", "data = [2, 1]\nsize = 0")
    reference = "data.sort()\nsize = len(data)"
    assert given(own, ("solution", ""), test, reference=reference).definitions == ""


def test_an_import_or_function_that_is_the_work_is_the_student_s() -> None:
    cells = [
        ("setup", "from math import sqrt, pi"),
        ("plain", "def half(x): return x"),
        ("solution", "import numpy as np"),
        ("test", "assert half(4) == 2 and factorial(3) == 6 and sqrt(-1) is None"),
    ]
    work = (
        "import numpy as np\nfrom math import factorial\n"
        "def half(x): return x / 2\ndef sqrt(x): return None"
    )
    needs = given(*cells, reference=work)
    assert needs.definitions == "import numpy as np"
    assert needs.imports == "from math import factorial"
    assert needs.names == ("factorial", "half", "sqrt")


@pytest.mark.parametrize(
    ("work", "mark"),
    [
        ("pass", 0.0),
        ("from math import factorial", 1.0),
        ("def factorial(n): return 5", 0.0),
        ("def factorial(n): return 120 if n == 5 else 1", 1.0),
    ],
)
def test_an_import_that_is_the_work_has_to_be_done(work: str, mark: float) -> None:
    verdict = small(
        "assert factorial(5) == 120",
        work,
        needs=Ordinary(imports="from math import factorial", names=("factorial",)),
    )
    assert verdict.marks == {"test": mark}
