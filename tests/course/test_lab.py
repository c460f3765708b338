"""`make lab` starts JupyterLab's server in the course folder, and it answers."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from samples.course import ROOT

pytestmark = pytest.mark.slow
TOKEN = "test"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def lab(tmp_path):
    """Start `make lab` in this environment; yield a function that gets a page."""
    port = free_port()
    options = f"--no-browser --allow-root --IdentityProvider.token={TOKEN}"
    settings = f"BIN={Path(sys.executable).parent}", f"PORT={port}", f"ARGS={options}"
    log = tmp_path / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            # -o: the environment is that of this test, not one to be set up.
            ["make", "-o", ".venv/.ready", "lab", *settings],
            cwd=ROOT,
            env={**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )

    def get(page, seconds=60):
        end = time.monotonic() + seconds
        while True:
            try:
                return requests.get(
                    f"http://127.0.0.1:{port}/{page}",
                    headers={"Authorization": f"token {TOKEN}"},
                    timeout=seconds,
                )
            except requests.ConnectionError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.2)

    yield get
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(20)


def test_make_lab_answers_and_shows_the_lessons(lab):
    page = lab("lab")
    assert page.status_code == 200
    assert "<title>JupyterLab</title>" in page.text
    listed = lab("api/contents/notebooks").json()["content"]
    lessons = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert lessons <= {entry["name"] for entry in listed}
    kernels = lab("api/kernelspecs").json()["kernelspecs"]
    assert "python3" in kernels


def test_make_lab_opens_the_first_lesson(lab):
    assert lab("").url.endswith("/lab/tree/notebooks/00_start_here.ipynb")
