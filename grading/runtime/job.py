"""What is to be done for one submission, and what came of it: plain values.

Neither holds a path, a handle or a time of day, so that both can travel to another
machine and back. Their JSON is canonical: the same value always gives the same bytes.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self, TypeVar

from cattrs import BaseValidationError, structure, transform_error

Kind = Literal["code", "markdown"]
Role = Literal["setup", "solution", "test", "training", "progress", "plain"]
Status = Literal["graded", "repaired", "failed", "timeout", "refused"]
Output = dict[str, Any]
JUDGED: tuple[Role, ...] = ("test", "progress")


T = TypeVar("T")


def _canonical(value: Any) -> str:
    """Return JSON in ASCII: a student's text can hold what UTF-8 cannot."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def from_plain(value: Any, kind: type[T]) -> T:
    """Return the object that ``asdict`` took apart, also after a journey as JSON.

    Raises:
        ValueError: the value is none of this kind.
    """
    try:
        return structure(value, kind)
    except BaseValidationError as error:
        reasons = "; ".join(transform_error(error))
        raise ValueError(f"not a {kind.__name__.lower()}: {reasons}") from None


@dataclass(frozen=True)
class Cell:
    """A cell of the notebook that runs.

    Attributes:
        id: the cell's id in the course's own source.
        grade_id: nbgrader's name of it; ``""`` if it has none.
        kind: ``"code"`` or ``"markdown"``.
        source: its text.
        role: what it is for.
        points: what it earns at most; 0 for all but test cells.
    """

    id: str
    grade_id: str
    kind: Kind
    source: str
    role: Role
    points: float = 0.0

    @property
    def name(self) -> str:
        """The key of this cell in a result: the grade id, else the id."""
        return self.grade_id or self.id

    @property
    def runs(self) -> bool:
        """Whether it is code."""
        return self.kind == "code"


@dataclass(frozen=True)
class Limits:
    """What one submission may use at most.

    Attributes:
        wall_s: seconds on the clock, all cells together.
        cpu_s: seconds of processor time, all processes together.
        memory_mb: megabytes of memory.
        processes: processes and threads.
        file_mb: megabytes of each file, and of all private files together.
        output_kb: kilobytes of all outputs together.
    """

    wall_s: float = 120.0
    cpu_s: float = 120.0
    memory_mb: int = 4096
    processes: int = 128
    file_mb: int = 64
    output_kb: int = 1024


@dataclass(frozen=True)
class Ordinary:
    """What tests such as ``assert square(3) == 9`` need of the course's own notebook.

    Attributes:
        definitions: imports, functions, classes and plain values of cells that are no
            solution, and imports of stubs.
        imports: those that are part of the solutions.
        names: what solutions define: these names are the student's, also where Python
            has them too.
        classes: those of them that are classes.
    """

    definitions: str = ""
    imports: str = ""
    names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """One submission, ready to run.

    Attributes:
        assignment: the assignment's name.
        student: the student's id.
        cells: the rebuilt notebook, in the order of the course's source, with the
            student's text in solution cells alone and **without** hidden tests.
        full_tests: the test cells with their hidden tests. They never enter a process
            that student code runs in.
        limits: what the run may use.
        key: hash of all that decides the result, but for the seed.
        seed: what the checks draw inputs, weights and sizes from. It stays the same for
            the same key; student code never learns it.
        ordinary: what its tests need that use a student's names otherwise than as
            arguments of the course's checks; None if it has none.
    """

    assignment: str
    student: str
    cells: tuple[Cell, ...]
    full_tests: tuple[Cell, ...]
    limits: Limits = field(default_factory=Limits)
    key: str = ""
    seed: int = 0
    ordinary: Ordinary | None = None

    @property
    def setup(self) -> list[Cell]:
        """The course's own cells that import what the test cells use."""
        return [cell for cell in self.cells if cell.runs and cell.role == "setup"]

    @property
    def judged(self) -> list[Cell]:
        """The course's own cells about the student's work: visible tests and progress.

        They run in the process that judges, not in the student's.
        """
        return [cell for cell in self.cells if cell.runs and cell.role in JUDGED]

    @property
    def students(self) -> list[Cell]:
        """What the student's kernel runs: all other code cells."""
        return [cell for cell in self.cells if cell.runs and cell.role not in JUDGED]

    def to_json(self) -> str:
        """Return the job as canonical JSON."""
        return _canonical(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the job that ``to_json`` wrote.

        Raises:
            ValueError: the text is not a job.
        """
        return from_plain(json.loads(text), cls)


@dataclass(frozen=True)
class Result:
    """What came of a job.

    Attributes:
        key: the job's key.
        student: the student's id.
        assignment: the assignment's name.
        status: how it ended.
        notes: plain sentences for the instructor.
        outputs: nbformat outputs of each code cell by its name (see
            ``Cell.name``), without active HTML.
        marks: points of each test cell by grade id, from the trusted verdict.
        messages: why points were lost, by grade id.
        seconds: how long each step took. It differs from run to run and does not take
            part in comparisons.
    """

    key: str
    student: str
    assignment: str
    status: Status
    notes: tuple[str, ...] = ()
    outputs: dict[str, list[Output]] = field(default_factory=dict)
    marks: dict[str, float] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict, compare=False)

    def to_dict(self, *, seconds: bool = False) -> dict[str, Any]:
        """Return the result as JSON can hold it, with ``seconds`` only if asked for."""
        value = asdict(self)
        if not seconds:
            del value["seconds"]
        return value

    def to_json(self, *, seconds: bool = False) -> str:
        """Return the result as canonical JSON, with ``seconds`` only if asked for."""
        return _canonical(self.to_dict(seconds=seconds))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the result that ``to_json`` wrote.

        Raises:
            ValueError: the text is not a result.
        """
        return from_plain(json.loads(text), cls)


@dataclass
class Verdict:
    """What the trusted process says.

    Attributes:
        marks: points by grade id.
        messages: why points were lost, by grade id.
        printed: what the visible tests and the progress cell print, by ``Cell.name``.
        late: whether the student's process took too long.
        broken: why the student's process could no longer be asked; ``""`` if it could.
        unclear: tests, by grade id, that asked what cannot be judged from outside.
    """

    marks: dict[str, float] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)
    late: bool = False
    broken: str = ""
    unclear: list[str] = field(default_factory=list)
