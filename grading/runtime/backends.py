"""Where jobs run: side by side on this machine, or on a cluster (``cluster``).

A job travels as JSON, and its result comes back as JSON. A worker needs the course's
environment and nothing else: no course folder, no gradebook, no shared files.
"""

import socket
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

from helpers.errors import CourseError

from grading.runtime import fingerprint
from grading.runtime.executor import REASONS, SandboxError, execute
from grading.runtime.job import Job, Result
from grading.runtime.kernel import VARIABLES

NO_DASK = (
    "A cluster needs Dask, which is not installed here ({error}): "
    "`pip install -r requirements.lock`, or `pip install -e '.[cluster]'`."
)
Outcome = Result | SandboxError
"""What came of a job; or why nothing did, which is not the submission's fault."""


WAITED, BUSY = 0.1, 0.75
"""Shares of a job's time: it was starved if it waited for a processor for more than the
first, and had one for less than the second."""


class Turns:
    """Jobs side by side, and now and then one alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._alone = False

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Run the block beside others, but not while one is alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Run the block when no other runs, and let none begin meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._alone = True
            self._changed.wait_for(lambda: not self._running)
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()


_turns = Turns()


def starved(result: Result) -> bool:
    """Return whether a job ran out of time or broke off because of other programs.

    They had the processor, or the machine's memory. One that sleeps does not wait for a
    processor, one that computes has it: neither keeps the class waiting for a second
    time, nor does one that used more than it may.
    """
    if REASONS["oom"] in result.notes:
        return True
    seconds = result.seconds
    whole = seconds.get("all", 0.0)
    return (
        result.status in ("timeout", "failed")
        and not {REASONS["memory"], REASONS["processor"]} & set(result.notes)
        and seconds.get("waited", 0.0) > WAITED * whole
        and seconds.get("processor", 0.0) < BUSY * whole
    )


class PoolError(CourseError):
    """Jobs cannot run where they were to run; the message says what to do."""


def run_json(job: str, trust_submissions: bool = False) -> str:
    """Run a job, a second time, alone, if the machine failed it or starved it.

    This is all that a worker does, here or elsewhere.

    Args:
        job: what ``Job.to_json`` gives.
        trust_submissions: do without a sandbox; see ``WITHOUT_SANDBOX``.

    Returns:
        What ``Result.to_json`` gives, ``seconds`` included.

    Raises:
        PoolError: the job was made for another environment than this one.
        SandboxError: it failed again.
        sandbox.NoSandboxError: this machine cannot make a sandbox.
    """
    parsed = Job.from_json(job)
    environment = fingerprint.environment(sandboxed=not trust_submissions)
    if fingerprint.key(parsed, environment) != parsed.key:
        raise PoolError(other_environment(socket.gethostname()))
    try:
        with _turns.beside():
            result = execute(parsed, trust_submissions=trust_submissions)
        again = starved(result)
    except SandboxError:
        again = True
    if again:
        with _turns.alone():
            result = execute(parsed, trust_submissions=trust_submissions)
    return result.to_json(seconds=True)


def run(
    jobs: Collection[Job],
    *,
    workers: int = 2,
    scheduler: str | None = None,
    trust_submissions: bool = False,
    say: Callable[[str], None] = print,
) -> Iterator[tuple[Job, Outcome]]:
    """Run jobs; yield each with what came of it, as they end.

    Args:
        jobs: what is to be done.
        workers: how many run side by side on this machine.
        scheduler: address of a Dask scheduler, whose workers run the jobs instead.
        trust_submissions: do without a sandbox.
        say: takes a sentence when no worker is left, and one when there is one again.

    Raises:
        PoolError: the scheduler or its workers cannot be used.
        sandbox.NoSandboxError: this machine cannot make a sandbox.
    """
    if not jobs:
        return iter(())
    if scheduler is not None:
        try:  # most graders need no Dask
            from grading.runtime import cluster
        except ImportError as error:
            raise PoolError(NO_DASK.format(error=error)) from None
        return cluster.run(jobs, scheduler, trust_submissions, say)
    return _here(jobs, workers, trust_submissions)


def _here(
    jobs: Collection[Job], workers: int, trust_submissions: bool
) -> Iterator[tuple[Job, Outcome]]:
    with ThreadPoolExecutor(workers) as threads:
        futures = {
            threads.submit(run_json, job.to_json(), trust_submissions): job
            for job in jobs
        }
        try:
            for future in as_completed(list(futures)):
                # Popped, so that results do not pile up.
                yield futures.pop(future), outcome(future.result)
        finally:
            threads.shutdown(cancel_futures=True)


def outcome(wait: Callable[[], str]) -> Outcome:
    """Return what a job's text of a result says, or why there is none."""
    try:
        return Result.from_json(wait())
    except SandboxError as error:
        return error


def other_environment(worker: str) -> str:
    """Return what to say of a worker that has another environment."""
    return (
        f"Worker {worker} has another environment than this machine: another Python, "
        "other packages, another version of the course, or other values of "
        f"{', '.join(VARIABLES)}. Install the same commit and its requirements.lock "
        "there, and start the worker again."
    )
