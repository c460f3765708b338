"""Pages for students, by nbgrader: no hidden tests, nothing active, no network."""

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from helpers.errors import CourseError

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests, GetGrades, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from traitlets import Unicode

from grading.course import Course
from grading.gradebook.converters import ConvertError, convert
from grading.gradebook.marks import of_submission
from grading.runtime.sanitize import clean, text

TEMPLATES = str(Path(__file__).parent / "templates")
HEADINGS = [f"h{level}" for level in range(1, 7)]
LISTS = ["dd", "dl", "dt", "li", "ol", "ul"]
TABLES = ["table", "tbody", "td", "th", "thead", "tr"]
BLOCKS = ["blockquote", "br", "details", "div", "hr", "p", "pre", "summary"]
WORDS = [
    "a",
    "abbr",
    "b",
    "code",
    "del",
    "em",
    "i",
    "s",
    "span",
    "strong",
    "sub",
    "sup",
]
TAGS = [*HEADINGS, *LISTS, *TABLES, *BLOCKS, *WORDS]
ATTRIBUTES = {"a": ["href", "title"], "*": ["class"]}


CHECK_FAILED = "CheckFailed"
"""The error of a check, whose text says all: importing its class would import Keras."""


class StudentsView(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Takes out what students must not see, and what a page must not run.

    Hidden tests go from test cells, and so does all that Python quotes of these cells:
    tracebacks and warnings. What is left out depends on the kind of an output, never on
    whether it holds a hidden line: else a student could print guesses, and learn from
    the missing ones. Outputs keep text and pictures.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Clean a cell's text and outputs; clear the hidden tests of a test cell."""
        cell.source = text(cell.source)
        if cell.cell_type == "code":
            cell.outputs = clean([dict(output) for output in cell.outputs])
        # Not from other cells: there the marks of a region are the student's own.
        if is_grade(cell) and not is_solution(cell):
            ClearHiddenTests(parent=self).preprocess_cell(cell, resources, cell_index)
            cell.outputs = [_without_quotes(output) for output in cell.outputs]
        return cell, resources


def _without_quotes(output: NotebookNode) -> NotebookNode:
    """Return a test cell's output without what Python quotes of the cell's source."""
    if output.output_type == "error":
        kind = "" if output.ename == CHECK_FAILED else f"{output.ename}: "
        output.traceback = f"{kind}{output.evalue}".split("\n")
    elif output.get("name") == "stderr":
        output.text = ""
    return output


class Overview(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Puts together what stands on top of a page: the mark, and lost checks first."""

    lessons = Unicode("notebooks", help="The folder with the lessons.").tag(config=True)
    lessons_url = Unicode(
        "", help="Where students find the lessons, such as https://…/notebooks"
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Add ``final``, ``checks`` and ``lessons`` to what the template sees."""
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            entry = gradebook.find_submission(about["assignment"], about["student"])
            about["final"] = of_submission(entry)
        checks = [_check(cell) for cell in nb.cells if is_grade(cell)]
        about["checks"] = sorted(checks, key=lambda check: not check["lost"])
        about["lessons"] = list(self._lessons(nb))
        return nb, resources

    def _lessons(self, notebook: NotebookNode) -> Iterator[tuple[str, str]]:
        """Yield titles and addresses of the lessons that an assignment needs."""
        card = notebook.cells[0].source if notebook.cells else ""
        needed = re.search(r"You need\*\* lessons? ([\d, and]+)", card)
        for number in re.findall(r"\d\d", needed[1]) if needed else ():
            for path in sorted(Path(self.lessons).glob(f"{number}_*.ipynb")):
                title = path.stem.replace("_", " ")
                yield title, self.lessons_url and f"{self.lessons_url}/{path.name}"


def _check(cell: NotebookNode) -> dict[str, Any]:
    """Return what a page says on top about a cell that earns points."""
    about = cell.metadata.nbgrader
    lost = about.score < about.points
    said = [
        "\n".join(output.traceback)
        for output in cell.get("outputs", ())
        if output.output_type == "error" and not is_solution(cell)
    ]
    return {
        "name": about.grade_id,
        "title": about.grade_id.replace("_", " "),
        "score": about.score,
        "points": about.points,
        "lost": lost,
        "message": said[0] if lost and said else "",
    }


def safe_markdown(source: str) -> str:
    """Return Markdown as HTML without scripts, frames, forms and remote pictures."""
    cleaner = SanitizeHTML(tags=TAGS, attributes=ATTRIBUTES, strip=True)
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    html = MarkdownWithMath(renderer).render(source)
    return str(cleaner.sanitize_html_tags(html))


class FeedbackError(CourseError):
    """Feedback could not be written; the message is what nbgrader said."""


def feedback(course: Course, assignment: str, student: str = "*") -> list[Path]:
    """Write a page for each graded submission; return the pages.

    Args:
        course: the course folder.
        assignment: the assignment's name.
        student: one student's id; all students, if it is left out.

    Raises:
        FeedbackError: nothing is graded yet, or nbgrader failed.
    """
    config = deepcopy(course.config)
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.student_id = student
    config.BaseConverter.force = True
    config.GenerateFeedback.preprocessors = [GetGrades, StudentsView, Overview]
    config.Overview.setdefault("lessons", str(course.root / "notebooks"))
    config.HTMLExporter.template_name = "student_feedback"
    config.HTMLExporter.extra_template_basedirs = [TEMPLATES]
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {"markdown2html": safe_markdown}
    try:
        convert(GenerateFeedback, config)
    except ConvertError as error:
        raise FeedbackError(str(error)) from error
    pattern = course.path(course.directory.feedback_directory, student, assignment)
    return sorted(course.root.glob(f"{pattern.relative_to(course.root)}/*.html"))
