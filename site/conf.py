"""How Sphinx builds the site: `make site`."""

import re
import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import latex2mathml.converter  # noqa: E402
from docutils.nodes import SkipNode, entry  # noqa: E402
from myst_nb.sphinx_ import HideCodeCellNode  # noqa: E402

project = "Autoencoders, from PCA to the VAE"
author = "the course's authors"
copyright = "the course's authors. Code: MIT; texts and figures: CC BY 4.0"
language = "en"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"
exclude_patterns = ["files"]

nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["attrs_inline", "dollarmath"]
myst_heading_anchors = 4
myst_heading_slug_func = "tools.site.links.slug"
suppress_warnings = ["mystnb.unknown_mime_type"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
napoleon_use_ivar = True
autodoc_preserve_defaults = True
default_role = "code"
add_module_names = False

html_theme = "furo"
html_title = project
html_short_title = "Autoencoders"
html_static_path = ["css"]
html_css_files = ["course.css"]
html_extra_path = [str(ROOT / "build/site/extra")]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_search_summary_context = False
html_show_search_summary = False
html_math_renderer = "mathml"
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"


NAMED = re.compile(r"(<mi>(?:log|exp|tanh|sin|cos|max|min)</mi>)(?=<m(?!o))")
"""A function by its name, before what it is applied to."""
SCROLLS = 'tabindex="0" role="group"'  # by keys too, where a page is narrow
MENDED = {
    '<th class="head"><p></p></th>': "<td></td>",
    '<div class="table-w': f'<div {SCROLLS} aria-label="Table" class="table-w',
    'role="heading">': 'role="heading" aria-level="2">',
    '<aside class="sidebar': '<aside aria-label="Pages" class="sidebar',
    '<aside class="toc': '<aside aria-label="On this page" class="toc',
    '<div id="search-results">': '<h1>Search</h1><div id="search-results" >',
}
"""What the theme leaves unsaid to those who do not see a page."""


def formula(translator, node):
    """Write a formula as MathML, which browsers draw without a script."""
    block = node.tagname == "math_block"
    source = node.astext()
    mathml = latex2mathml.converter.convert(source, "block" if block else "inline")
    mathml = NAMED.sub(r'\1<mspace width="0.167em"/>', mathml)
    if isinstance(node.parent.parent, entry):  # a heading of a table needs a name
        said = escape(source.replace(r"\mid", "given").replace("\\", ""))
        mathml = mathml.replace("<math", f'<math role="math" aria-label="{said}"', 1)
    if block:
        mathml = f'<div class="math" {SCROLLS}>{mathml}</div>'
    translator.body.append(mathml)
    raise SkipNode


def fold(translator, node):
    """Open a fold that is named by its title, not by a label over it."""
    title = escape(node["prompt_show"])
    translator.body.append(f'<details class="course-fold"><summary>{title}</summary>')


def unfold(translator, node):
    """Close a fold."""
    translator.body.append("</details>")


def mend(app, error):
    """Name on each page what the theme does not."""
    if error:
        return
    for path in Path(app.outdir).rglob("*.html"):
        old = new = path.read_text("utf-8")
        for said, better in MENDED.items():
            new = new.replace(said, better)
        if new != old:
            path.write_text(new, "utf-8")


def setup(app):
    """Add the writers above to Sphinx."""
    app.add_html_math_renderer("mathml", (formula, None), (formula, None))
    app.connect(
        "builder-inited",
        lambda app: app.add_node(HideCodeCellNode, override=True, html=(fold, unfold)),
    )
    app.connect("build-finished", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
