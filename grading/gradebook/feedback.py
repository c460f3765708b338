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


class StudentsView(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Takes out what students must not see, and what a page must not run.

    Hidden tests go from test cells, and lines that quote them from all outputs. Outputs
    keep text and pictures.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook as students may see it."""
        clear = ClearHiddenTests(parent=self)
        self.hidden: set[str] = set()
        for cell in nb.cells:
            # Not from other cells: there the marks of a region are the student's own.
            if is_grade(cell) and not is_solution(cell):
                before = cell.source.split("\n")
                clear.preprocess_cell(cell, resources, 0)
                gone = set(before) - set(cell.source.split("\n"))
                self.hidden |= {line.strip() for line in gone if len(line.strip()) > 5}
        nb, resources = super().preprocess(nb, resources)
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Clean the text of a cell, and the outputs of one that holds code."""
        cell.source = text(cell.source)
        if cell.cell_type != "code":
            return cell, resources
        cell.outputs = clean([dict(output) for output in cell.outputs])
        for output in cell.outputs:
            if output.output_type == "stream":
                output.text = self._without_hidden(output.text)
            elif output.output_type == "error":
                output.evalue = self._without_hidden(output.evalue)
                lines = self._without_hidden("\n".join(output.traceback))
                output.traceback = lines.split("\n")
            elif "text/plain" in output.data:
                plain = output.data["text/plain"]
                output.data["text/plain"] = self._without_hidden(plain)
        return cell, resources

    def _without_hidden(self, text: str) -> str:
        return "\n".join(
            line
            for line in text.split("\n")
            if not any(hidden in line for hidden in self.hidden)
        )


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
