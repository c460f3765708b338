"""The doctor prints a line per thing looked at, and a fix per fault."""

import collections
import os
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from helpers import data, doctor

import numpy as np
import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
ITEMS = ("Python", "packages", "kernel", "data", "disk", "memory", "write access")


@pytest.fixture(autouse=True)
def a_cache_of_its_own(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))


def fault(look, *arguments):
    with pytest.raises(doctor.FaultError) as caught:
        look(*arguments)
    return str(caught.value)


def test_a_sound_machine_passes_in_every_item(capsys):
    assert doctor.check()
    *lines, last = capsys.readouterr().out.splitlines()
    assert last == "All is well."
    for item, line in zip(ITEMS, lines, strict=True):
        assert line.startswith(f"pass  {item}")


def test_no_line_holds_a_path_of_this_machine(capsys):
    doctor.check()
    said = capsys.readouterr().out
    assert str(Path.home()) not in said
    assert str(ROOT) not in said


def test_it_names_where_each_data_set_would_come_from(tmp_path):
    for name in data.SPECS:
        np.savez(tmp_path / f"{name}.npz", x_train=0)
    assert doctor.data(tmp_path) == (
        "data: mnist (folder), fashion_mnist (folder), cifar10 (folder)"
    )


def test_without_data_it_says_that_embedded_images_stand_in():
    assert "embedded images stand in until there is a network" in doctor.data()


def test_a_data_folder_without_a_file_is_a_fault(tmp_path):
    assert "no mnist.npz — fix: put it there" in fault(doctor.data, tmp_path)


def test_it_looks_up_data_in_the_folder_that_it_is_given(tmp_path, capsys):
    assert not doctor.check(tmp_path)
    assert "FAIL  data: " in capsys.readouterr().out


@pytest.mark.parametrize("version", ["3.10.14", "3.14.0"])
def test_another_python_is_a_fault(monkeypatch, version):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: version)
    assert f"Python {version}, the course needs" in fault(doctor.python)


def test_it_asks_for_the_python_that_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == doctor.PYTHON
    assert project["name"] == doctor.PROJECT


def test_missing_and_outdated_packages_are_named(monkeypatch):
    wanted = ["numpy>=99", "no-such-package", "pooch", 'ruff>=99; extra == "dev"']
    monkeypatch.setattr(metadata, "requires", lambda name: wanted)
    said = fault(doctor.packages)
    assert said.startswith(
        f"packages: numpy is {np.__version__}, not >=99; no-such-package is missing — "
    )


def test_a_course_that_is_not_installed_is_a_fault(monkeypatch):
    monkeypatch.setattr(doctor, "PROJECT", "no-such-course")
    assert "not installed for this Python — fix: run `make lab`" in fault(
        doctor.packages
    )


def write_kernel(folder, python):
    kernel = folder / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(
        f'{{"argv": ["{python}", "-m", "ipykernel_launcher", "-f", '
        '"{connection_file}"], "display_name": "Other", "language": "python"}'
    )


def test_a_kernel_that_starts_another_python_is_a_fault(monkeypatch, tmp_path):
    write_kernel(tmp_path, "/opt/other/bin/python")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert "starts another Python" in fault(doctor.kernel)


def test_a_kernel_that_names_this_python_in_full_passes(monkeypatch, tmp_path):
    write_kernel(tmp_path, sys.executable)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert doctor.kernel() == "kernel: python3 starts this Python"


def test_a_nearly_full_disk_is_a_fault(monkeypatch):
    usage = collections.namedtuple("usage", "total used free")(10**12, 10**12, 10**9)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)
    assert "disk: 1.0 GB free, the course needs 2 — fix: free" in fault(doctor.disk)


def test_little_memory_is_a_fault(monkeypatch):
    small = collections.namedtuple("memory", "total")(2 * 10**9)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: small)
    assert "memory: 2 GB, the course needs 4 — fix: " in fault(doctor.memory)


def test_a_cache_that_cannot_be_written_to_is_a_fault(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "cache"))
    assert "the cache cannot be written to" in fault(doctor.write_access)


def test_it_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    doctor.check()
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_cannot_be_imported_is_a_fault_like_others(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert not doctor.check()
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("FAIL") and "psutil" in line for line in lines)
    assert lines[-1] == "1 fault. Mend it."


@pytest.mark.parametrize(("named", "code"), [("", 0), ("/no/such/folder", 1)])
def test_the_command_ends_with_0_when_all_is_well_and_with_1_otherwise(named, code):
    run = subprocess.run(
        [sys.executable, "-m", "helpers.doctor"],
        cwd=ROOT,
        env=os.environ | {"COURSE_DATA": named},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code
    assert run.stderr == ""


def test_it_imports_no_tensorflow():
    code = (
        "import sys; from helpers import doctor; doctor.check(); "
        "print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    said = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert said.splitlines()[-1] == "set()"
