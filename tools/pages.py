"""Write the lessons as pages that need no JupyterLab: ``make pages``.

What is folded in a lesson is folded there too. Pictures are part of each page; only
formulas are drawn by MathJax, from the internet.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from tools.lessons import NOTEBOOKS, choose

PAGES = NOTEBOOKS.parent / "pages"
TEMPLATES = Path(__file__).resolve().parent / "templates"
GLOSSARY = NOTEBOOKS / "glossary.md"


def page(notebook: NotebookNode, title: str) -> str:
    """Return a lesson as HTML; its links lead to other lessons' pages."""
    exporter = HTMLExporter(
        template_name="lesson",
        extra_template_basedirs=[str(TEMPLATES)],
        embed_images=True,
    )
    place = {"name": title, "path": str(NOTEBOOKS)}
    html, _ = exporter.from_notebook_node(notebook, {"metadata": place})
    return re.sub(r'(href="(?:\d\d_\w+|glossary))\.(?:ipynb|md)', r"\1.html", html)


def main() -> None:
    """Write the pages of the lessons named on the command line, or of all."""
    glossary = new_notebook(cells=[new_markdown_cell(GLOSSARY.read_text("utf-8"))])
    lessons = {path: nbformat.read(path, 4) for path in choose(sys.argv[1:])}
    PAGES.mkdir(exist_ok=True)
    for path, notebook in {**lessons, GLOSSARY: glossary}.items():
        target = PAGES / f"{path.stem}.html"
        target.write_text(page(notebook, path.stem), encoding="utf-8")
        print(f"pages/{target.name}")


if __name__ == "__main__":
    main()
