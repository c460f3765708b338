"""Jobs give the same results on this machine and on a cluster, whatever happens to it.

The cluster is real: a Dask scheduler and two workers on loopback, each a process of its
own, in another folder than the course.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from grading import cli
from grading.course import Course
from grading.journal import Journal
from grading.runtime import backends, fingerprint
from grading.runtime.executor import REASONS, SandboxError
from grading.runtime.job import Job, Result, Status
from grading.runtime.sandbox.limits import tree
from grading.submission import assemble
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from samples.course import ROOT
from samples.marking import points
from samples.nbgrader_course import NbgraderCourse
from samples.notebooks import source, with_cells

if TYPE_CHECKING:
    from distributed import LocalCluster

NAME = "quiz"
SLOW = 'import time\ntime.sleep(1)\nanswer_1 = {"b", "c"}\nprint("slowly")'
ANSWERS = (
    SLOW,
    SLOW,
    "answer_1 = None",
    "answer_1 = ['a']",
    "answer_1 = undefined",
    "1 / 0",
)


def made(student: str, answer: str) -> Job:
    """Return a job of the quiz."""
    assignment = Assignment.load(Course.load(ROOT), NAME)
    submission = Submission(student, NAME, solutions={"answer_1": answer})
    return assemble.job(assignment, submission, fingerprint.environment())


def class_of_six() -> list[Job]:
    return [made(f"student-{n}", answer) for n, answer in enumerate(ANSWERS)]


def compared(outcomes: Iterator[tuple[Job, backends.Outcome]]) -> dict[str, str]:
    """Return the bytes that must be the same, by student."""
    texts = {}
    for job, outcome in outcomes:
        assert isinstance(outcome, Result), outcome
        texts[job.student] = outcome.to_json()
    return texts


# --- without Keras --------------------------------------------------------------------


def answered(job: Job, **_: bool) -> Result:
    """Return a result without running anything."""
    return Result(job.key, job.student, job.assignment, "graded", seconds={"all": 1.5})


def test_a_job_and_its_result_travel_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "execute", answered)
    job = made("ana", "answer_1 = {'b'}")

    said = backends.run_json(job.to_json())

    assert isinstance(said, str)
    assert Result.from_json(said) == answered(job)
    assert Result.from_json(said).seconds == {"all": 1.5}


def test_a_job_that_the_machine_failed_once_is_run_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = []

    def execute(job: Job, **how: bool) -> Result:
        tries.append(job.student)
        if len(tries) == 1:
            raise SandboxError("lost")
        return answered(job)

    monkeypatch.setattr(backends, "execute", execute)

    assert (
        Result.from_json(backends.run_json(made("ana", "").to_json())).student == "ana"
    )
    assert tries == ["ana", "ana"]


def timed_out(job: Job, waited: float, processor: float) -> Result:
    """Return the result of a job that ran out of its ten seconds."""
    seconds = {"all": 10.0, "waited": waited, "processor": processor}
    return Result(job.key, job.student, job.assignment, "timeout", seconds=seconds)


@pytest.mark.parametrize("status", ["timeout", "failed"])
@pytest.mark.parametrize(
    ("waited", "processor", "times"),
    [(9.0, 1.0, 2), (0.0, 0.0, 1), (0.1, 10.0, 1), (9.9, 15.0, 1)],
    ids=["starved", "slept", "computed", "starved by itself"],
)
def test_a_job_that_others_starved_is_repeated(
    monkeypatch: pytest.MonkeyPatch,
    waited: float,
    processor: float,
    times: int,
    status: Status,
) -> None:
    tries = []

    def execute(job: Job, **how: bool) -> Result:
        tries.append(job.student)
        if len(tries) == 1:
            return replace(timed_out(job, waited, processor), status=status)
        return answered(job)

    monkeypatch.setattr(backends, "execute", execute)

    result = Result.from_json(backends.run_json(made("ana", "").to_json()))

    assert len(tries) == times
    assert result.status == ("graded" if times == 2 else status)


@pytest.mark.parametrize(
    ("why", "repeated"), [("oom", True), ("memory", False), ("processor", False)]
)
def test_a_job_is_repeated_where_the_machine_ran_out_of_memory_not_the_job(
    why: str, repeated: bool
) -> None:
    ended = timed_out(made("ana", ""), 9.0, 1.0)

    result = replace(ended, status="failed", notes=("A cell is new.", REASONS[why]))

    assert backends.starved(result) is repeated


def test_a_job_that_is_repeated_runs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, running, seen, tries = threading.Lock(), [0], [], set()

    def execute(job: Job, **how: bool) -> Result:
        with lock:
            running[0] += 1
            again = job.student in tries
            tries.add(job.student)
            beside = running[0] - 1
        time.sleep(0.05)
        with lock:
            if again:
                seen.append(max(beside, running[0] - 1))
            running[0] -= 1
        return answered(job) if again else timed_out(job, 9.0, 1.0)

    monkeypatch.setattr(backends, "execute", execute)

    jobs = [made(f"student-{number}", "") for number in range(6)]
    outcomes = dict(backends.run(jobs, workers=3))

    assert seen == [0] * 6
    assert all(outcomes[job] == answered(job) for job in jobs)


def test_a_job_that_the_machine_fails_twice_keeps_nobody_else_from_a_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def execute(job: Job, **how: bool) -> Result:
        if job.student == "bob":
            raise SandboxError("lost")
        return answered(job)

    monkeypatch.setattr(backends, "execute", execute)

    jobs = [made(name, "") for name in ("ana", "bob", "eve")]
    outcomes = {job.student: outcome for job, outcome in backends.run(jobs, workers=2)}

    assert isinstance(outcomes["bob"], SandboxError)
    assert [outcomes["ana"], outcomes["eve"]] == [answered(jobs[0]), answered(jobs[2])]


def test_a_worker_refuses_a_job_that_was_made_for_another_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = made("ana", "")
    monkeypatch.setattr(fingerprint, "environment", lambda **_: "another")

    with pytest.raises(backends.PoolError, match=r"Worker .+ has another environment"):
        backends.run_json(job.to_json())


def test_the_environment_is_the_same_whatever_was_imported_before() -> None:
    code = (
        "import sys\n{}\nfrom grading.runtime import fingerprint\n"
        "print(fingerprint.environment())"
    )
    fingerprints = {
        subprocess.run(
            [sys.executable, "-c", code.format(first)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for first in ("", "import setuptools", "import distributed")
    }
    assert len(fingerprints) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("COURSE_PROFILE", "full"), ("KERAS_BACKEND", "jax"), ("OMP_NUM_THREADS", "3")],
)
def test_the_environment_is_another_under_other_variables_of_a_job(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint.environment()
    monkeypatch.setenv(name, value)
    assert fingerprint.environment() != before


def test_the_environment_is_the_same_wherever_things_lie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = fingerprint.environment()
    for name in ("HOME", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "USER"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setattr(sys, "executable", "/elsewhere/bin/python")
    assert fingerprint.environment() == before


def test_a_result_without_a_sandbox_is_none_of_the_sandbox() -> None:
    job = made("ana", "")

    with pytest.raises(backends.PoolError, match="has another environment"):
        backends.run_json(job.to_json(), trust_submissions=True)


def test_a_new_origin_has_files_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changing = tmp_path / "check.py"
    changing.write_text("tolerance = 1e-6")
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path / "grading")
    monkeypatch.setattr(fingerprint, "sources", lambda: [changing])
    fingerprint.forget()
    before = fingerprint.environment()
    changing.write_text("tolerance = 1e-2")

    assert fingerprint.environment() == before
    fingerprint.forget()
    assert fingerprint.environment() != before
    monkeypatch.undo()
    fingerprint.forget()


def test_without_jobs_no_scheduler_is_asked() -> None:
    assert list(backends.run([], scheduler="tcp://127.0.0.1:1")) == []


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://", "no address"])
def test_a_scheduler_that_cannot_be_reached_is_a_sentence(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grading.runtime.cluster.CONNECT_S", 0.5)

    with pytest.raises(backends.PoolError, match=r"No Dask scheduler answers at"):
        list(backends.run([made("ana", "")], scheduler=address))


# --- a cluster in this process --------------------------------------------------------


def test_without_dask_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "grading.runtime.cluster", raising=False)
    monkeypatch.delattr("grading.runtime.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(backends.PoolError, match=r"pip install -e '\.\[cluster\]'"):
        list(backends.run([made("ana", "")], scheduler="tcp://127.0.0.1:1"))


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator["LocalCluster"]:
    """Return a cluster with one worker, a thread, which runs nothing for a moment."""
    from distributed import LocalCluster

    def execute(job: Job, **how: bool) -> Result:
        time.sleep(0.2)
        return answered(job)

    monkeypatch.setattr(backends, "execute", execute)
    monkeypatch.setattr("grading.runtime.cluster.NO_WORKER_S", 0.3)
    monkeypatch.setattr("grading.runtime.cluster.LOOK_EVERY_S", 0.1)
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        host="127.0.0.1",
        protocol="tcp",
        dashboard_address=None,
    ) as local_cluster:
        yield local_cluster


def test_a_teacher_s_own_module_at_the_root_belongs_to_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {path.name for path in fingerprint.sources()}
    assert not known & {"conftest.py", "nbgrader_config.py"}
    for name in ("pyproject.toml", "my_checks.py", "more/__init__.py", "more/a.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path / "grading")

    own = {path.name for path in fingerprint.sources() if tmp_path in path.parents}

    assert {"my_checks.py", "a.py"} <= own


def without_sandbox(student: str, answer: str) -> Job:
    """Return a job as ``made`` does, for workers that do without a sandbox."""
    job = made(student, answer)
    environment = fingerprint.environment(sandboxed=False)
    return replace(job, key=fingerprint.key(job, environment))


def run_on(
    local: "LocalCluster", jobs: list[Job], say: Callable[[str], None] = print
) -> Iterator[tuple[Job, backends.Outcome]]:
    """Run jobs on the workers of a cluster in this process."""
    scheduler = local.scheduler_address
    return backends.run(jobs, scheduler=scheduler, trust_submissions=True, say=say)


def test_a_lost_worker_is_named_and_it_goes_on_with_a_new_one(
    local: "LocalCluster",
) -> None:
    jobs = [without_sandbox(f"student-{n}", "") for n in range(6)]
    said: list[str] = []

    def say(sentence: str) -> None:
        said.append(sentence)
        if "No worker is left" in sentence:
            threading.Timer(1, local.scale, [1]).start()

    ran = run_on(local, jobs, say)
    first = next(ran)
    (name,) = (worker.address for worker in local.workers.values())
    local.scale(0)
    outcomes = [first, *ran]

    assert sorted(job.student for job, _ in outcomes) == [job.student for job in jobs]
    assert all(outcome == answered(job) for job, outcome in outcomes)
    assert len(said) == 3
    assert said[0].startswith(f"Worker {name} was lost")
    assert "No worker is left at tcp://127.0.0.1" in said[1]
    assert "a worker again" in said[2]


def test_a_job_whose_workers_are_always_lost_is_given_up_and_no_other_is(
    local: "LocalCluster", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grading.runtime.cluster.MAX_LOSSES", 1)
    jobs = [without_sandbox(f"student-{n}", "") for n in range(3)]

    def say(sentence: str) -> None:
        if "No worker is left" in sentence:
            threading.Timer(0, local.scale, [1]).start()

    ran = run_on(local, jobs, say)
    first, outcome_of_first = next(ran)
    threading.Timer(0.1, local.scale, [0]).start()
    outcomes = {job.student: outcome for job, outcome in ran}

    assert outcome_of_first == answered(first)
    assert isinstance(outcomes["student-1"], SandboxError)
    assert "The workers that ran it ended" in str(outcomes["student-1"])
    assert outcomes["student-2"] == answered(jobs[2])


@pytest.fixture
def only_right(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the addresses of workers in this process that can work; others cannot."""
    right: set[str] = set()

    def state(_: bool) -> tuple[str, str]:
        from distributed import get_worker

        known = get_worker().address in right
        return fingerprint.environment() if known else "another", ""

    monkeypatch.setattr("grading.runtime.cluster._state", state)
    return right


def test_a_worker_that_is_wrong_is_left_out_by_name_whenever_it_comes(
    local: "LocalCluster", only_right: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import get_worker

    used: set[str] = set()

    def execute(job: Job, **how: bool) -> Result:
        used.add(get_worker().address)
        time.sleep(0.2)
        return answered(job)

    monkeypatch.setattr(backends, "execute", execute)
    local.scale(2)
    local.wait_for_workers(2)
    only_right.add(next(iter(local.workers.values())).address)
    jobs = [without_sandbox(f"student-{n}", "") for n in range(10)]
    said: list[str] = []

    ran = run_on(local, jobs, said.append)
    outcomes = [next(ran)]
    local.scale(3)
    outcomes += ran

    wrong = {worker.address for worker in local.workers.values()} - only_right
    assert len(wrong) == 2
    assert used == only_right
    assert all(outcome == answered(job) for job, outcome in outcomes)
    assert len(outcomes) == len(jobs)
    assert {sentence.split()[1] for sentence in said} == wrong
    assert all("another environment" in sentence for sentence in said)
    assert all(sentence.endswith("It is left out.") for sentence in said)


def test_where_all_workers_are_wrong_nothing_runs(
    local: "LocalCluster", only_right: set[str]
) -> None:
    with pytest.raises(backends.PoolError, match=r"Worker tcp://127\S+ has another"):
        list(run_on(local, [without_sandbox("ana", "")]))


def test_a_worker_without_the_course_is_left_out_and_the_class_goes_on(
    local: "LocalCluster", only_right: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def state(_: bool) -> tuple[str, str]:
        from distributed import get_worker

        if get_worker().address not in only_right:
            raise ModuleNotFoundError("No module named 'grading'")
        return fingerprint.environment(), ""

    monkeypatch.setattr("grading.runtime.cluster._state", state)
    only_right.add(next(iter(local.workers.values())).address)
    local.scale(2)
    local.wait_for_workers(2)
    jobs = [without_sandbox(f"student-{n}", "") for n in range(3)]
    said: list[str] = []

    ran = run_on(local, jobs, said.append)

    outcomes = dict(ran)
    assert outcomes == {job: answered(job) for job in jobs}
    assert len(said) == 1
    assert "cannot run jobs: No module named 'grading'" in said[0]


STUDENTS = 20  # so many that a slow machine is not through before it is stopped


@pytest.mark.long
def test_who_waits_for_a_worker_can_stop_and_loses_nothing(
    local: "LocalCluster", tmp_path: Path
) -> None:
    course = NbgraderCourse(tmp_path)
    for number in range(STUDENTS):
        own = with_cells(source(NAME, "release"), {"answer_1": f"# {number}"})
        course.submit(NAME, f"student-{number}", own)

    def recorded() -> int:
        with Journal(tmp_path / ".grading" / "journal.db", write=False) as journal:
            return journal.count()

    address = local.scheduler_address
    arguments = ["grade", NAME, "--scheduler", address, "--root", str(tmp_path)]
    arguments.append("--trust-submissions")
    ended = threading.Event()

    def stop() -> None:
        while not recorded():
            time.sleep(0.02)
        local.scale(0)
        if not ended.wait(4):
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=stop, daemon=True)
    thread.start()
    ran = CliRunner().invoke(cli.app, arguments)
    ended.set()
    thread.join()

    assert ran.exit_code != 0
    assert " ".join(ran.output.split()).count("No worker is left at") == 1
    kept = recorded()
    assert 1 <= kept < STUDENTS
    local.scale(1)
    ran = CliRunner().invoke(cli.app, arguments)
    assert ran.exit_code == 0, (ran.output, ran.exception)
    assert f"{STUDENTS - kept} run, {kept} unchanged." in ran.output
    assert len(course.marks(NAME)) == STUDENTS


# --- a cluster ------------------------------------------------------------------------


@dataclass
class Scheduler:
    """A scheduler, and the folder that it and its workers were started in."""

    address: str
    process: subprocess.Popen
    folder: Path


@dataclass
class Cluster:
    """A scheduler's address, and the worker processes."""

    address: str
    workers: list[subprocess.Popen]


def dask(what: str, folder: Path, *arguments: str) -> subprocess.Popen:
    with (folder / f"{what}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", what, *arguments, "--no-dashboard"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )


@pytest.fixture(scope="module")
def scheduler(
    needs_sandbox: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scheduler]:
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "scheduler.json"
    where = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    process = dask("scheduler", folder, *where)
    end = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < end, (folder / "scheduler.log").read_text()
        time.sleep(0.1)
    time.sleep(0.2)
    yield Scheduler(json.loads(file.read_text())["address"], process, folder)
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def cluster(scheduler: Scheduler) -> Iterator[Cluster]:
    address, folder = scheduler.address, scheduler.folder
    how = ("--nthreads", "1", "--host", "127.0.0.1", "--local-directory", str(folder))
    workers = [dask("worker", folder, address, *how) for _ in range(2)]
    yield Cluster(address, workers)
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.wait()


def test_a_scheduler_without_workers_is_a_sentence(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grading.runtime.cluster.WORKERS_S", 0.5)

    with pytest.raises(backends.PoolError, match=r"has no worker\. Start some"):
        list(backends.run([made("ana", "")], scheduler=scheduler.address))


@pytest.mark.long
def test_a_worker_with_another_environment_is_named(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "environment", lambda **_: "another")

    with pytest.raises(
        backends.PoolError, match=r"Worker tcp://127\.0\.0\.1:\d+ has ano"
    ):
        list(backends.run([made("ana", "")], scheduler=cluster.address))


@pytest.mark.long
def test_results_are_the_same_with_one_worker_four_and_one_that_is_killed(
    cluster: Cluster,
) -> None:
    jobs = class_of_six()
    alone = compared(backends.run(jobs, workers=1))
    assert len(alone) == len(jobs)
    assert Result.from_json(alone["student-0"]).marks["answer_1_complete"] == 1
    assert compared(backends.run(jobs, workers=4)) == alone

    killed: list[list[int]] = []

    def kill() -> None:
        """Kill a worker, and what restarts it, while student code runs below it."""
        nanny = cluster.workers[0].pid
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if any(_in_sandbox(pid) for pid in tree(nanny)):
                processes = list(tree(nanny))
                for pid in processes:
                    if not _is_warm(pid):  # those must end by themselves
                        os.kill(pid, signal.SIGKILL)
                killed.append(processes)
                return
            time.sleep(0.05)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    in_cluster = compared(backends.run(jobs, scheduler=cluster.address))
    killer.join()

    assert in_cluster == alone
    assert len(killed) == 1
    cluster.workers[0].wait()
    end = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in killed[0]):
        assert time.monotonic() < end, "something of the killed worker is left"
        time.sleep(0.1)


def _is_warm(pid: int) -> bool:
    """Return whether it is a warm server, or was forked from one."""
    path = Path(f"/proc/{pid}/cmdline")
    return path.exists() and b"grading.runtime.forkserver" in path.read_bytes()


def _in_sandbox(pid: int) -> bool:
    try:
        ours = os.readlink("/proc/self/ns/pid")
        return _is_warm(pid) and os.readlink(f"/proc/{pid}/ns/pid") != ours
    except OSError:
        return False


def test_the_command_grades_a_class_on_the_workers_that_are_left(
    cluster: Cluster, tmp_path: Path
) -> None:
    course = NbgraderCourse(tmp_path)
    course.submit(NAME, "reference", source(NAME))
    course.submit(NAME, "untouched", source(NAME, "release"))
    arguments = ["grade", NAME, "--scheduler", cluster.address, "--root", str(tmp_path)]

    ran = CliRunner().invoke(cli.app, arguments)

    assert ran.exit_code == 0, (ran.output, ran.exception)
    assert "2 run, 0 unchanged." in ran.output
    assert course.marks(NAME) == {
        "reference": points(NAME),
        "untouched": dict.fromkeys(points(NAME), 0.0),
    }


@pytest.mark.long
def test_a_scheduler_that_is_lost_is_a_sentence(
    cluster: Cluster, scheduler: Scheduler
) -> None:
    def kill() -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if any(_in_sandbox(pid) for pid in tree(cluster.workers[1].pid)):
                break
            time.sleep(0.05)
        scheduler.process.kill()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    with pytest.raises(backends.PoolError, match="was lost"):
        list(backends.run([made("ana", SLOW)], scheduler=cluster.address))
    killer.join()
