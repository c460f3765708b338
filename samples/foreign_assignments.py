"""Assignments of other subjects in nbgrader's usual style, and what students hand in.

Each is a list of cells: ``("id", points, source)`` is a test, ``("id", source)`` a
solution, ``(source,)`` a cell of the course's own.
"""

import textwrap
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

Cells = list[tuple]


@dataclass(frozen=True)
class Foreign:
    """An assignment.

    Attributes:
        name: its name.
        cells: the course's own notebook.
        works: what students hand in: solutions by grade id; none for the right ones.
    """

    name: str
    cells: Cells
    works: dict[str, dict[str, str]] = field(default_factory=dict)

    def solutions(self, work: str) -> dict[str, str]:
        """Return what a student hands in, by grade id."""
        return {name: _text(source) for name, source in self.works[work].items()}

    def notebook(self, work: str = "") -> NotebookNode:
        """Return the course's notebook, or with a student's solutions in it."""
        cells = [self._cell(number, *parts) for number, parts in enumerate(self.cells)]
        solutions = self.solutions(work) if work else {}
        for cell in cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = solutions.get(name, cell.source)
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        return new_notebook(cells=cells, metadata={"kernelspec": kernel})

    @staticmethod
    def _cell(number: int, *parts: object) -> NotebookNode:
        cell = new_code_cell(_text(str(parts[-1])), id=f"cell-{number}")
        if len(parts) == 1:
            return cell
        about = {"schema_version": 3, "grade_id": parts[0], "locked": False}
        about |= {"grade": len(parts) == 3, "solution": len(parts) == 2}
        if len(parts) == 3:
            about |= {"points": parts[1], "locked": True}
        cell.metadata["nbgrader"] = {**about, "task": False}
        return cell


def _text(source: str) -> str:
    return textwrap.dedent(source).strip()


def _solution(head: str, body: str) -> str:
    """Return a solution cell, whose body stands in nbgrader's region."""
    body = textwrap.indent(_text(body), "    ")
    return f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"


def _hidden(visible: str, hidden: str) -> str:
    lines = [_text(visible), "### BEGIN HIDDEN TESTS", _text(hidden)]
    return "\n".join([*lines, "### END HIDDEN TESTS"])


SQUARES = Foreign(
    "squares",
    [
        ("square", _solution("def square(x):", "return x ** 2")),
        ("square_small", 2, "assert square(3) == 9\nassert square(-2) == 4"),
        (
            "square_more",
            1,
            _hidden("assert square(0) == 0", "assert square(11) == 121"),
        ),
        (
            "root",
            _solution(
                "def root(x):",
                'if x < 0:\n    raise ValueError("x is negative")\nreturn x ** 0.5',
            ),
        ),
        (
            "root_raises",
            2,
            """
            assert abs(root(16) - 4) < 1e-9
            try:
                root(-1)
            except ValueError as error:
                assert "negative" in str(error)
            else:
                raise AssertionError("root did not raise")
            """,
        ),
        ("maximum", _solution("def max(a, b):", "return a if a > b else b")),
        ("maximum_of_two", 1, "assert max(1, 2) == 2\nassert max(5, -1) == 5"),
    ],
    {
        "half": {
            "square": "def square(x):\n    return abs(x) * 3 if x else 0",
            "root": "def root(x):\n    return x ** 0.5",
        },
        "wrong maximum": {"maximum": "def max(a, b):\n    return a"},
        "not a function": {"square": "square = 9"},
        "does not run": {"square": "def square(x)\n    return x"},
        "prints": {"square": "def square(x):\n    print(x * x)"},
        "another type": {"square": "def square(x):\n    return float(x) ** 2"},
        "equal to all": {
            "square": """
            class Equal:
                def __eq__(self, other): return True
                def __hash__(self): return 0
            def square(x):
                return Equal() if x == 3 else x
            """
        },
    },
)

ACCOUNT = Foreign(
    "account",
    [
        (
            "account",
            _solution(
                "class Account:",
                """
                def __init__(self, owner, balance=0):
                    self.owner = owner
                    self.balance = balance

                def deposit(self, amount):
                    if amount <= 0:
                        raise ValueError("amount must be positive")
                    self.balance += amount

                def withdraw(self, amount):
                    if amount > self.balance:
                        raise RuntimeError("insufficient funds")
                    self.balance -= amount

                def __str__(self):
                    return f"{self.owner}: {self.balance}"
                """,
            ),
        ),
        (
            "account_made",
            2,
            'a = Account("Ada", 10)\nassert a.owner == "Ada"\nassert a.balance == 10\n'
            "assert isinstance(a, Account)\nassert Account('Bo').balance == 0",
        ),
        (
            "account_moves",
            3,
            _hidden(
                "a.deposit(5)\nassert a.balance == 15",
                """
                a.withdraw(7)
                assert a.balance == 8
                try:
                    a.withdraw(100)
                    assert False, "the account was overdrawn"
                except RuntimeError:
                    pass
                """,
            ),
        ),
        ("account_text", 1, 'assert str(Account("Bo", 3)) == "Bo: 3"'),
        (
            "account_print",
            1,
            'assert hasattr(a, "withdraw")\nassert f"{a}"[:3] == "Ada"',
        ),
    ],
    {
        "no limit": {
            "account": """
            class Account:
                def __init__(self, owner, balance=0):
                    self.owner, self.balance = owner, balance
                def deposit(self, amount):
                    self.balance = self.balance + amount
                def withdraw(self, amount):
                    self.balance -= amount
            """
        },
        "a dataclass": {
            "account": """
            from dataclasses import dataclass
            @dataclass
            class Account:
                owner: str
                balance: float = 0
                def deposit(self, amount):
                    self.balance += amount
                def withdraw(self, amount):
                    if amount > self.balance:
                        raise RuntimeError
                    self.balance -= amount
            """
        },
    },
)

ARRAYS = Foreign(
    "arrays",
    [
        ("import numpy as np\nfrom numpy.testing import assert_allclose",),
        (
            "standardize",
            _solution(
                "def standardize(x):", "return (x - x.mean(axis=0)) / x.std(axis=0)"
            ),
        ),
        (
            "standardize_test",
            3,
            _hidden(
                """
                x = np.array([[1.0, 2.0], [3.0, 6.0], [5.0, 1.0]])
                z = standardize(x)
                assert z.shape == x.shape, "the shape changed"
                assert_allclose(z.mean(axis=0), 0, atol=1e-12)
                """,
                "assert_allclose(z.std(axis=0), 1)\nassert x[0, 0] == 1.0",
            ),
        ),
        ("clip", _solution("def clip_in_place(x, most):", "x[x > most] = most")),
        (
            "clip_test",
            2,
            "y = np.arange(5)\nassert clip_in_place(y, 2) is None\n"
            "assert y.tolist() == [0, 1, 2, 2, 2]",
        ),
        (
            "table",
            "table = None\n### BEGIN SOLUTION\ntable = np.eye(3)[:2]\n### END SOLUTION",
        ),
        ("table_test", 1, "assert table.shape == (2, 3)\nassert table.dtype == float"),
    ],
    {
        "changes its argument": {
            "standardize": """
            def standardize(x):
                x -= x.mean(axis=0)
                x /= x.std(axis=0)
                return x
            """
        },
        "lists": {
            "clip": "def clip_in_place(x, most):\n    return np.minimum(x, most)",
            "table": "table = [[1, 0, 0], [0, 1, 0]]",
        },
        "integers": {"table": "table = np.eye(3, dtype=int)[:2]"},
    },
)

TEXTS = Foreign(
    "texts",
    [
        (
            "words",
            _solution(
                "def count_words(text):",
                """
                counts = {}
                for word in text.lower().split():
                    counts[word] = counts.get(word, 0) + 1
                return counts
                """,
            ),
        ),
        (
            "words_test",
            2,
            _hidden(
                'assert count_words("a b A") == {"a": 2, "b": 1}',
                'assert count_words("") == {}\n'
                'assert sorted(count_words("x y")) == ["x", "y"]',
            ),
        ),
        ("hello", _solution("def hello(name):", 'print(f"Hello, {name}!")')),
        (
            "hello_test",
            2,
            """
            import io
            from contextlib import redirect_stdout
            out = io.StringIO()
            with redirect_stdout(out):
                hello("Ada")
            assert out.getvalue() == "Hello, Ada!\\n"
            """,
        ),
    ],
    {
        "a Counter": {
            "words": """
            from collections import Counter
            def count_words(text):
                return Counter(text.lower().split())
            """
        },
        "returns": {"hello": 'def hello(name):\n    return f"Hello, {name}!"'},
        "a generator": {
            "words": "def count_words(text):\n    yield from text.split()",
        },
    },
)

VALUES = Foreign(
    "values",
    [
        ("import math",),
        ("speed", "# in m/s\n### BEGIN SOLUTION\nspeed = 100 / 9.58\n### END SOLUTION"),
        ("speed_test", 1, "assert math.isclose(speed, 10.44, abs_tol=0.01)"),
        (
            "times",
            "times = []\n### BEGIN SOLUTION\ntimes = [1, 2, 3]\n### END SOLUTION",
        ),
        ("times_test", 1, "assert len(times) == 3\nassert times[-1] == 3"),
        (
            "again",
            "### BEGIN SOLUTION\nspeed = 'fast'\nunit = 'm/s'\n### END SOLUTION",
        ),
        ("unit_test", 1, "assert unit == 'm/s' and speed == 'fast'"),
    ],
    {
        "another number": {"speed": "speed = 9.58"},
        "missing": {"speed": "sped = 10.4", "times": "times = (1, 2, 3)"},
        "used again": {"again": "times = None\nunit = 'm/s'\nspeed = 'fast'"},
    },
)

CALCULUS = Foreign(
    "calculus",
    [
        ("import math\nimport numpy as np",),
        (
            "derivative",
            _solution(
                "def derivative(f, x, h=1e-6):",
                "return (f(x + h) - f(x - h)) / (2 * h)",
            ),
        ),
        (
            "derivative_test",
            2,
            _hidden(
                "assert abs(derivative(lambda x: x ** 2, 3) - 6) < 1e-4",
                "assert abs(derivative(math.sin, 0) - 1) < 1e-4\n"
                "assert np.isclose(derivative(np.exp, 0.0), 1, atol=1e-4)",
            ),
        ),
        (
            "compose",
            _solution("def compose(f, g):", "return lambda x: f(g(x))"),
        ),
        (
            "compose_test",
            2,
            """
            def twice(x):
                return 2 * x
            assert compose(twice, abs)(-3) == 6
            assert compose(abs, twice)(-3) == 6
            calls = []
            compose(calls.append, twice)(4)
            assert calls == [8]
            """,
        ),
    ],
    {
        "one side": {
            "derivative": "def derivative(f, x, h=0.1):\n"
            "    return (f(x + h) - f(x)) / h"
        },
        "wrong order": {"compose": "def compose(f, g):\n    return lambda x: g(f(x))"},
        "calls too early": {"compose": "def compose(f, g):\n    return f(g)"},
    },
)

PARTIAL = Foreign(
    "partial",
    [
        (
            "primes",
            _solution(
                "def is_prime(n):",
                "return n > 1 and all(n % d for d in range(2, int(n ** 0.5) + 1))",
            ),
        ),
        (
            "primes_test",
            4,
            """
            score = 0
            for n, prime in [(2, True), (9, False), (13, True), (1, False)]:
                try:
                    if bool(is_prime(n)) == prime:
                        score += 1
                except Exception:
                    pass
            score
            """,
        ),
        (
            "primes_share",
            3,
            _hidden("points = 1.5", "points + 1.5 * (not is_prime(15))"),
        ),
        ("primes_word", 1, "'well done' if is_prime(7) else 0"),
    ],
    {
        "odd": {"primes": "def is_prime(n):\n    return n % 2 == 1"},
        "always": {"primes": "def is_prime(n):\n    return True"},
        "breaks off": {"primes": "def is_prime(n):\n    return 1 / (n - 2)"},
    },
)

SEQUENCES = Foreign(
    "sequences",
    [
        (
            "fibonacci",
            _solution(
                "def fibonacci():",
                "a, b = 0, 1\nwhile True:\n    yield a\n    a, b = b, a + b",
            ),
        ),
        (
            "fibonacci_test",
            2,
            """
            from itertools import islice
            assert list(islice(fibonacci(), 7)) == [0, 1, 1, 2, 3, 5, 8]
            numbers = fibonacci()
            assert next(numbers) == 0 and next(numbers) == 1
            """,
        ),
        (
            "factorial",
            _solution("def factorial(n):", "return n * factorial(n - 1) if n else 1"),
        ),
        (
            "factorial_test",
            2,
            _hidden("assert factorial(5) == 120", "assert factorial(400) % 397 == 0"),
        ),
        (
            "flatten",
            _solution("def flatten(rows):", "return [x for row in rows for x in row]"),
        ),
        (
            "flatten_test",
            1,
            "rows = [[1], [2, 3], []]\nassert list(flatten(rows)) == [1, 2, 3]\n"
            "assert rows == [[1], [2, 3], []]",
        ),
    ],
    {
        "a list": {"fibonacci": "def fibonacci():\n    return [0, 1, 1, 2, 3, 5, 8]"},
        "a chain": {
            "flatten": "from itertools import chain\n"
            "def flatten(rows):\n    return chain(*rows)",
            "factorial": "from math import factorial",
        },
        "empties": {
            "flatten": """
            def flatten(rows):
                flat = []
                while rows:
                    flat += rows.pop(0)
                return flat
            """
        },
        "no end": {"factorial": "def factorial(n):\n    return n * factorial(n - 1)"},
    },
)

VECTORS = Foreign(
    "vectors",
    [
        (
            "vector",
            _solution(
                "class Vector:",
                """
                def __init__(self, x, y):
                    self.x, self.y = x, y

                def __add__(self, other):
                    return Vector(self.x + other.x, self.y + other.y)

                def __mul__(self, factor):
                    return Vector(self.x * factor, self.y * factor)

                __rmul__ = __mul__

                def __eq__(self, other):
                    return (self.x, self.y) == (other.x, other.y)

                def __len__(self):
                    return 2

                def __getitem__(self, i):
                    return (self.x, self.y)[i]

                def __repr__(self):
                    return f"Vector({self.x}, {self.y})"
                """,
            ),
        ),
        (
            "vector_sum",
            2,
            "v = Vector(1, 2) + Vector(3, 4)\nassert v == Vector(4, 6)\n"
            "assert (v.x, v.y) == (4, 6)",
        ),
        (
            "vector_times",
            2,
            _hidden(
                "assert Vector(1, 2) * 3 == Vector(3, 6)",
                "assert 2 * Vector(1, 2) == Vector(2, 4)",
            ),
        ),
        (
            "vector_items",
            2,
            "assert len(v) == 2\nassert list(v) == [4, 6]\n"
            "assert repr(v) == 'Vector(4, 6)'",
        ),
    ],
    {
        "no product from the left": {
            "vector": """
            class Vector(tuple):
                def __new__(cls, x, y):
                    return super().__new__(cls, (x, y))
                x = property(lambda self: self[0])
                y = property(lambda self: self[1])
                def __add__(self, other):
                    return Vector(self.x + other.x, self.y + other.y)
                def __mul__(self, factor):
                    return Vector(self.x * factor, self.y * factor)
                def __rmul__(self, factor):
                    raise TypeError("no")
            """
        },
        "a dataclass": {
            "vector": """
            from dataclasses import dataclass
            @dataclass
            class Vector:
                x: float
                y: float
                def __add__(self, other):
                    return Vector(self.x + other.x, self.y + other.y)
            """
        },
    },
)

SORTING = Foreign(
    "sorting",
    [
        (
            "def is_sorted(items):\n"
            "    return all(a <= b for a, b in zip(items, items[1:]))",
        ),
        ("data = [3, 1, 2]",),
        (
            "sort",
            _solution(
                "def sort(items):",
                """
                for end in range(len(items), 1, -1):
                    for i in range(end - 1):
                        if items[i] > items[i + 1]:
                            items[i], items[i + 1] = items[i + 1], items[i]
                """,
            ),
        ),
        (
            "sort_test",
            3,
            """
            items = list(data)
            sort(items)
            assert is_sorted(items), items
            assert sorted(items) == [1, 2, 3]
            """,
        ),
        (
            "search",
            _solution(
                "def search(items, wanted):",
                "return items.index(wanted) if wanted in items else None",
            ),
        ),
        (
            "search_test",
            2,
            _hidden(
                "assert search([1, 4, 6], 4) == 1",
                "assert search([], 1) is None\nassert search(['a', 'b'], 'b') == 1",
            ),
        ),
    ],
    {
        "a new list": {"sort": "def sort(items):\n    return sorted(items)"},
        "built in": {"sort": "def sort(items):\n    items.sort()"},
        "minus one": {
            "search": "def search(items, wanted):\n"
            "    return items.index(wanted) if wanted in items else -1"
        },
        "another check": {
            "sort": "def is_sorted(items):\n    return True\n"
            "def sort(items):\n    items.sort()"
        },
    },
)

FOREIGN = {
    foreign.name: foreign
    for foreign in (
        SQUARES,
        ACCOUNT,
        ARRAYS,
        TEXTS,
        VALUES,
        CALCULUS,
        PARTIAL,
        SEQUENCES,
        VECTORS,
        SORTING,
    )
}

INPUT = Foreign(
    "dialogue",
    [
        ("ask", _solution("def ask():", 'return int(input("Age? ")) + 1')),
        (
            "ask_test",
            1,
            "from unittest.mock import patch\n"
            "with patch('builtins.input', lambda _: '3'):\n    assert ask() == 4",
        ),
    ],
)
