"""The examples in `deploy/` can be read by what they are for, and name what exists."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml

from grading import cli
from samples.course import ROOT

DEPLOY = ROOT / "deploy"
STUDENTS = "student.Containerfile"
RECIPES = ["Containerfile", STUDENTS]
UNITS = sorted(DEPLOY.glob("*.service"))
COMMANDS = typer.main.get_group(cli.app).commands


def instructions(file: str, name: str) -> list[list[str]]:
    """Return the arguments of each instruction of this name in a recipe."""
    text = (DEPLOY / file).read_text("utf-8").replace("\\\n", "")
    return [
        shlex.split(line)[1:] for line in text.splitlines() if line.startswith(name)
    ]


def copied(file: str) -> set[str]:
    """Return what a recipe copies from the clone."""
    return {
        path
        for *paths, _ in instructions(file, "COPY")
        for path in paths
        if not path.startswith("--")
    }


@pytest.mark.parametrize("file", RECIPES)
def test_a_container_copies_what_exists_and_no_solutions(file: str) -> None:
    assert "requirements.lock" in copied(file)
    for path in copied(file):
        assert (ROOT / path).exists(), path
    assert not {"solutions", ".", "submitted"} & copied(file)


def test_students_get_nothing_that_holds_right_work() -> None:
    assert not {"samples", "tests", "tools", "grading"} & copied(STUDENTS)


@pytest.mark.parametrize("file", RECIPES)
def test_a_container_installs_from_the_lock_alone_and_is_not_root(file: str) -> None:
    installs = [run for run in instructions(file, "RUN") if run[0] == "pip"]
    assert [{"--require-hashes", "--no-deps"} & set(run) for run in installs] == [
        {"--require-hashes"},
        {"--no-deps"},
    ]
    assert instructions(file, "USER") == [["1000"]]


def test_a_container_starts_jupyterlab_on_a_page_that_it_holds() -> None:
    ((option,),) = instructions(STUDENTS, "CMD")
    page = option.strip("[]").partition("/lab/tree/")[2]
    assert (ROOT / page).exists()


def test_a_development_container_is_set_up_by_make_and_opens_what_exists() -> None:
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8")
    about = json.loads(text)
    make, target = about["onCreateCommand"].split()
    assert make == "make"
    assert f"\n{target}: $(READY)" in (ROOT / "Makefile").read_text("utf-8")
    for path in about["customizations"]["codespaces"]["openFiles"]:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.yaml")), ids=lambda p: p.name)
def test_yaml_can_be_read(path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text("utf-8")):
        assert isinstance(document, dict)


def test_workers_in_kubernetes_have_no_right_but_those_of_the_sandbox() -> None:
    text = (DEPLOY / "kubernetes-workers.yaml").read_text("utf-8")
    pod = yaml.safe_load(text)["spec"]["template"]["spec"]
    (worker,) = pod["containers"]
    rights = worker["securityContext"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert rights["runAsNonRoot"]
    assert not rights["allowPrivilegeEscalation"]
    assert "privileged" not in rights
    mounted = {mount["name"] for mount in worker["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_dask_takes_the_certificates_and_speaks_to_nobody_without() -> None:
    code = (
        "import json\nfrom distributed.security import Security\n"
        "security = Security()\n"
        "sides = map(security.get_tls_config_for_role, "
        "('scheduler', 'worker', 'client'))\n"
        "print(json.dumps([security.require_encryption, "
        "*([side[it] for it in ('ca_file', 'cert', 'key')] for side in sides)]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DASK_CONFIG": str(DEPLOY / "dask-tls.yaml")},
        capture_output=True,
        text=True,
        check=True,
    )
    files = [f"/etc/course/tls/{name}" for name in ("ca.crt", "tls.crt", "tls.key")]
    assert json.loads(ran.stdout) == [True, files, files, files]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_accepts_a_unit(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd here")
    # The program that it starts is not installed here.
    text = unit.read_text("utf-8").replace("/srv/course/.venv/bin/", "/bin/true ")
    copy = tmp_path / unit.name
    copy.write_text(text, "utf-8")
    command = ["systemd-analyze", "verify", "--man=no", str(copy)]
    ran = subprocess.run(command, capture_output=True, text=True)
    said = [line for line in ran.stderr.splitlines() if unit.name in line]
    assert not said, ran.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_exists(unit: Path) -> None:
    (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text("utf-8"), re.M)
    program, command, *arguments = shlex.split(line)
    if Path(program).name == "course":
        COMMANDS[command].make_context(command, arguments)
    else:
        assert (Path(program).name, command) in {
            ("dask", "scheduler"),
            ("dask", "worker"),
        }


def test_the_script_for_slurm_can_be_read_by_its_shell() -> None:
    script = DEPLOY / "slurm-workers.sh"
    ran = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_no_example_asks_for_all_rights() -> None:
    for path in DEPLOY.iterdir():
        assert "--privileged" not in path.read_text("utf-8")
        assert "privileged: true" not in path.read_text("utf-8")
