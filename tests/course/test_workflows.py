"""What runs on GitHub: each job calls make, on every Python, with sandboxes allowed."""

import re
import tomllib

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from samples.course import ROOT

FOLDER = ROOT / ".github/workflows"
TEXTS = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.yml")}
WORKFLOWS = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.M))
RECIPES = dict(re.findall(r"^([a-z-]+):.*##.*\n\t@?(.+)$", MAKEFILE, re.M))
CALLED = "./.github/workflows/make.yml"


def jobs(*workflows: str) -> list[dict]:
    """Return the jobs of some workflows, or of all."""
    names = workflows or WORKFLOWS
    return [job for name in names for job in WORKFLOWS[name]["jobs"].values()]


def targets(*workflows: str) -> set[str]:
    """Return the make targets that some workflows run, or that all run."""
    calls = [job for job in jobs(*workflows) if job.get("uses") == CALLED]
    return {target for job in calls for target in job["with"]["targets"].split()}


def pythons(job: dict) -> list[str]:
    """Return the versions of Python that a job runs on."""
    default = WORKFLOWS["make"][True]["workflow_call"]["inputs"]["python"]["default"]
    return job.get("strategy", {}).get("matrix", {}).get("python", [default])


def steps() -> list[dict]:
    """Return the steps that every job runs."""
    return WORKFLOWS["make"]["jobs"]["make"]["steps"]


def test_every_action_is_pinned_by_its_commit_and_names_its_version():
    lines = [line for text in TEXTS.values() for line in re.findall("uses: .*", text)]
    actions = [line for line in lines if CALLED not in line]
    assert actions
    for line in actions:
        assert re.fullmatch(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+(\.\d+)*", line)


def test_every_job_only_calls_make():
    assert all(job["uses"] == CALLED for job in jobs("change", "nightly", "weekly"))
    assert set(WORKFLOWS) == {"make", "change", "nightly", "weekly"}
    assert 'make "$target"' in steps()[-1]["run"]
    assert targets() <= TARGETS


def test_user_namespaces_are_allowed_before_anything_else():
    assert steps()[0]["run"] == (
        "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    )
    page = (ROOT / "grading/SECURITY.md").read_text("utf-8")
    assert "sysctl kernel.apparmor_restrict_unprivileged_userns=0" in page


def test_a_change_is_checked_once_and_tested_on_every_supported_python():
    assert targets("change") == {"check", "site", "test"}
    (tests,) = (job for job in jobs("change") if job["with"]["targets"] == "test")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    supported = SpecifierSet(project["requires-python"])
    minors = [f"3.{minor}" for minor in range(8, 30)]
    assert pythons(tests) == [v for v in minors if supported.contains(f"{v}.1")]
    assert tests["with"]["python"] == "${{ matrix.python }}"
    assert not tests["strategy"]["fail-fast"]


def test_every_test_of_the_project_runs_at_night():
    assert targets("nightly") == {"test-all", "test-browser"}
    pytest = "$(BIN)/python -m pytest"
    assert RECIPES["test-all"] == f'{pytest} -m "not browser" $(ARGS)'
    assert RECIPES["test-browser"] == f"{pytest} -m browser -n 0 $(ARGS) tests/browser"


def test_what_holds_for_root_alone_is_tested_as_root_at_night():
    job = WORKFLOWS["nightly"]["jobs"]["test-as-root"]["with"]
    assert job["root"]
    for path in job["arguments"].split():
        assert (ROOT / path).is_file()
    run = steps()[-1]
    assert "sudo" in run["run"]
    assert run["env"]["ROOT"] == "${{ inputs.root && 'yes' || '' }}"
    assert run["env"]["ARGS"] == "${{ inputs.arguments }}"


def test_the_newest_dependencies_are_locked_before_they_are_tested_each_week():
    (job,) = jobs("weekly")
    assert job["with"]["targets"].split() == ["lock", "check", "test", "site"]


@pytest.mark.parametrize("name", ["nightly", "weekly"])
def test_what_runs_by_the_clock_can_be_started_by_hand_too(name):
    triggers = WORKFLOWS[name][True]  # YAML 1.1 reads the key `on` as true
    assert set(triggers) == {"schedule", "workflow_dispatch"}


def test_a_job_may_read_the_repository_and_nothing_else():
    for workflow in WORKFLOWS.values():
        assert workflow["permissions"] == {"contents": "read"}


def test_actions_and_dependencies_are_kept_fresh():
    dependabot = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text("utf-8"))
    kept = {update["package-ecosystem"] for update in dependabot["updates"]}
    assert kept == {"github-actions", "pip"}
