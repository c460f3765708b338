"""Pages for students, by nbgrader: no hidden tests, nothing active, no network."""

from copy import deepcopy
from pathlib import Path
from typing import Any

from helpers.errors import CourseError

import nbgrader
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests, GetGrades, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from grading.course import Course
from grading.gradebook.converters import ConvertError, convert
from grading.runtime.sanitize import clean, text

TEMPLATES = [
    str(Path(__file__).parent / "templates"),
    str(Path(nbgrader.__file__).parent / "server_extensions/formgrader/templates"),
]
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
    config.GenerateFeedback.preprocessors = [
        GetGrades,
        StudentsView,
        CSSHTMLHeaderPreprocessor,
    ]
    config.HTMLExporter.template_name = "student_feedback"
    config.HTMLExporter.extra_template_basedirs = TEMPLATES
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {"markdown2html": safe_markdown}
    try:
        convert(GenerateFeedback, config)
    except ConvertError as error:
        raise FeedbackError(str(error)) from error
    pattern = course.path(course.directory.feedback_directory, student, assignment)
    return sorted(course.root.glob(f"{pattern.relative_to(course.root)}/*.html"))
