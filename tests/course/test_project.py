"""The project's files agree with each other: dependencies, imports, targets, size."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
SITE_LOCK = (ROOT / "site/requirements.lock").read_text("utf-8")
DISTRIBUTIONS = packages_distributions()
OPTIONAL = {"torch"}  # lesson 14 says how to install it, and does without
MAX_LINES = 40
LONGER = {  # these stand already; add none
    "helpers/plots/charts.py": {"bars", "curves", "loss_curves"},
    "helpers/plots/images.py": {"_draw_rows", "heatmaps"},
    "helpers/plots/latent.py": {
        *("latent_scatter", "manifold", "point_cloud", "thumbnails"),
    },
}
SAY_NOTHING = {"anew", "called", "found", "one", "whoever"}
SAY_NOTHING_ALREADY = {"helpers/metrics.py": {"one"}}  # add none


def declared():
    groups = PROJECT["project"]["optional-dependencies"].values()
    lines = [*PROJECT["project"]["dependencies"], *(x for g in groups for x in g)]
    return [Requirement(line) for line in lines]


def of_the_site():
    """Return what only the site needs; it has a lock file of its own."""
    return [Requirement(line) for line in PROJECT["dependency-groups"]["site"]]


def pins(lock):
    """Return the names of the packages in a lock file, each with its version."""
    pinned = re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==([^\s;]+)", lock, re.M)
    return [(canonicalize_name(name), pin) for name, pin in pinned]


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).exists()]


def imported_modules(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


def sources(path):
    if path.suffix == ".py":
        return path.read_text("utf-8")
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(
        cell.source
        for cell in cells
        if cell.cell_type == "code" and not cell.source.startswith("%")
    )


def functions(tree):
    """Yield each function with how many lines it has, its docstring left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node) is not None
            about = node.body[0].end_lineno - node.body[0].lineno + 1
            yield node, node.end_lineno - node.lineno + 1 - about * documented


def names_given(tree):
    """Yield the names that code gives to values, arguments, functions and classes."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(asname=name) | ast.ExceptHandler(name=name):
                yield name


@cache
def trees():
    """Return the syntax tree of each module, by its path."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in tracked("*.py")
    }


LOCKED = dict(pins(LOCK))


@pytest.mark.parametrize("requirement", declared(), ids=lambda r: r.name)
def test_every_dependency_is_locked_at_a_version_that_it_allows(requirement):
    assert requirement.specifier.contains(LOCKED[canonicalize_name(requirement.name)])


def test_the_site_s_lock_has_what_the_site_needs_and_differs_from_the_other_nowhere():
    locked = dict(pins(SITE_LOCK))
    for requirement in of_the_site():
        assert requirement.specifier.contains(locked[requirement.name])
    both = LOCKED.keys() & locked.keys()
    assert {name: locked[name] for name in both} == {n: LOCKED[n] for n in both}


@pytest.mark.parametrize("lock", [LOCK, SITE_LOCK], ids=["course", "site"])
def test_every_locked_package_has_hashes_and_no_host_is_named(lock):
    entries = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.M)[1:]
    assert len(entries) == len(pins(lock))
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in lock
    assert "index-url" not in lock


def test_conda_users_get_the_same_python_range_and_the_same_lock_file():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    assert conda["name"] == PROJECT["project"]["name"]
    python, _, pip = conda["dependencies"]
    assert python == "python" + PROJECT["project"]["requires-python"]
    assert pip == {"pip": ["--requirement requirements.lock"]}


def test_the_environment_under_test_is_the_locked_one():
    names = {canonicalize_name(requirement.name) for requirement in declared()}
    assert {n: version(n) for n in names} == {n: LOCKED[n] for n in names}


@pytest.mark.parametrize(
    "path", tracked("*.py", "*.ipynb"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_import_is_declared(path):
    own = {"helpers", "tools", "tests", "grading", "benchmarks", "samples"}
    own |= {other.stem for other in path.parent.glob("*.py")}
    names = {
        canonicalize_name(requirement.name)
        for requirement in [*declared(), *of_the_site()]
    }
    for module in set(imported_modules(sources(path))):
        if module in sys.stdlib_module_names or module in own | OPTIONAL:
            continue
        # What only the site needs may not be installed; there both names are the same.
        given_by = DISTRIBUTIONS.get(module, [module])
        providers = {canonicalize_name(distribution) for distribution in given_by}
        assert providers & names, f"{module} is imported and not in pyproject.toml"


def test_no_function_has_more_than_forty_lines():
    longer = {
        f"{path}: {function.name} has {lines}"
        for path, tree in trees().items()
        for function, lines in functions(tree)
        if lines > MAX_LINES and function.name not in LONGER.get(path, set())
    }
    assert not longer


def test_no_name_says_nothing_of_what_it_stands_for():
    vague = {
        f"{path}: {name}"
        for path, tree in trees().items()
        for name in SAY_NOTHING.intersection(names_given(tree))
        if name not in SAY_NOTHING_ALREADY.get(path, set())
    }
    assert not vague


def test_the_readme_explains_every_make_target():
    help_text = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    readme = (ROOT / "README.md").read_text("utf-8")
    targets = [line.split()[0] for line in help_text.splitlines()]
    assert {"lab", "test", "lessons", "doctor", "help"} <= set(targets)
    for target in targets:
        assert f"`make {target}`" in readme


def test_make_names_the_fix_when_python_is_too_old(tmp_path):
    old = tmp_path / "python3.10"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    copy = tmp_path / "course"
    copy.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        (copy / name).write_bytes((ROOT / name).read_bytes())
    for name in ("make", "touch", "test", "sh", "echo"):
        program = subprocess.run(["which", name], capture_output=True, text=True).stdout
        if program:
            (tmp_path / name).symlink_to(program.strip())
    result = subprocess.run(
        ["make", f"PYTHON={old}", "lab"],
        cwd=copy,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.returncode != 0
    assert "No Python 3.11, 3.12 or 3.13" in result.stdout
    assert "make PYTHON=" in result.stdout
    assert not (copy / ".venv").exists()


def test_no_data_weights_marks_or_student_work_is_tracked():
    forbidden = re.compile(
        r"\.(npz|npy|keras|h5|db|pt|pkl|gz|zip)$"
        r"|/(submitted|autograded|feedback|\.ipynb_checkpoints)/"
    )
    assert [path for path in tracked() if forbidden.search(str(path))] == []


def test_the_tree_is_small():
    sizes = {path: path.stat().st_size for path in tracked()}
    assert max(sizes.values()) < 1_500_000
    assert sum(sizes.values()) < 20_000_000


def test_one_version_stands_everywhere():
    number = PROJECT["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert citation["version"] == number
    assert re.search(r"^## (\S+)", changes, re.M)[1] == number


def test_the_paper_names_the_authors_of_the_citation_and_its_sources():
    paper = (ROOT / "paper" / "paper.md").read_text("utf-8")
    _, header, text = paper.split("---\n", 2)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    written_by = [author["name"] for author in yaml.safe_load(header)["authors"]]
    assert written_by == [author["name"] for author in citation["authors"]]
    sources = (ROOT / "paper" / "paper.bib").read_text("utf-8")
    cited = re.findall(r"@([a-z]+\d*)", text)
    assert sorted(set(cited)) == sorted(re.findall(r"^@\w+\{(\w+),", sources, re.M))


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.md")),
    ids=lambda p: p.stem,
)
def test_an_issue_template_says_what_it_is_for(path):
    _, header, text = path.read_text("utf-8").split("---\n", 2)
    assert {"name", "about"} <= yaml.safe_load(header).keys()
    assert text.count("**") >= 4
