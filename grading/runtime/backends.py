"""Where jobs run: side by side on this machine, or on the workers of a Dask cluster.

A job travels as JSON, and its result comes back as JSON. A worker needs the course's
environment and nothing else: no course folder, no gradebook, no shared files.
"""

import socket
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TYPE_CHECKING

from helpers.errors import CourseError

from grading.runtime import fingerprint, sandbox
from grading.runtime.executor import SandboxError, execute
from grading.runtime.job import Job, Result
from grading.runtime.kernel import VARIABLES

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 10.0
WORKERS_S = 30.0
NO_WORKER_S = 5.0
LOOK_EVERY_S = 1.0
POLL_EVERY_S = 0.05

Outcome = Result | SandboxError
"""What came of a job; or why nothing did, which is not the submission's fault."""


class PoolError(CourseError):
    """Jobs cannot run where they were to run; the message says what to do."""


def run_json(job: str, trust_submissions: bool = False) -> str:
    """Run a job, a second time if the machine failed the first time.

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
    read = Job.from_json(job)
    if fingerprint.key(read, fingerprint.environment()) != read.key:
        raise PoolError(_other_environment(socket.gethostname()))
    try:
        result = execute(read, trust_submissions=trust_submissions)
    except SandboxError:
        result = execute(read, trust_submissions=trust_submissions)
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
        return _on_cluster(jobs, scheduler, trust_submissions, say)
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
                yield futures.pop(future), _outcome(future.result)
        finally:
            threads.shutdown(cancel_futures=True)


def _outcome(wait: Callable[[], str]) -> Outcome:
    try:
        return Result.from_json(wait())
    except SandboxError as error:
        return error


# --- on a cluster ---------------------------------------------------------------------


def _on_cluster(
    jobs: Collection[Job],
    scheduler: str,
    trust_submissions: bool,
    say: Callable[[str], None],
) -> Iterator[tuple[Job, Outcome]]:
    from distributed import KilledWorker
    from distributed import as_completed as cluster_completed

    with _client(scheduler) as client:
        _require_workers(client, scheduler, trust_submissions)
        futures = {
            # Not pure: nothing that the cluster remembers stands for a new run.
            client.submit(run_json, job.to_json(), trust_submissions, pure=False): job
            for job in jobs
        }
        completed = cluster_completed(list(futures), loop=client.loop)
        watch = _Watch(client, scheduler, say)
        try:
            while not completed.is_empty():
                if not completed.has_ready():
                    watch.look()
                    time.sleep(POLL_EVERY_S)
                    continue
                future = next(completed)
                job = futures.pop(future)
                try:
                    outcome = _outcome(future.result)
                except KilledWorker as error:
                    outcome = SandboxError(f"The workers that ran it ended: {error}")
                except CancelledError:
                    raise PoolError(
                        f"The scheduler at {scheduler} was lost. Results up to here "
                        "are safe; start it and its workers, and run this again."
                    ) from None
                yield job, outcome
        finally:
            client.cancel(list(futures))


class _Watch:
    """Says when a cluster has lost its last worker, and when it has one again."""

    def __init__(
        self, client: "Client", scheduler: str, say: Callable[[str], None]
    ) -> None:
        self._client = client
        self._scheduler = scheduler
        self._say = say
        self._next = self._seen = time.monotonic()
        self._said = False

    def look(self) -> None:
        """Ask the scheduler whether there are workers, if it was not asked just now."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LOOK_EVERY_S
        if self._client.scheduler_info()["workers"]:
            if self._said:
                self._say("There is a worker again: it goes on.")
            self._seen, self._said = now, False
        elif not self._said and now - self._seen >= NO_WORKER_S:
            self._said = True
            self._say(
                f"No worker is left at {self._scheduler}. It goes on as soon as there "
                f"is one: `dask worker {self._scheduler}`. Or stop it with Ctrl-C: "
                "results up to here are safe."
            )


@contextmanager
def _client(scheduler: str) -> "Iterator[Client]":
    from distributed import Client

    try:
        client = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise PoolError(
            f"No Dask scheduler answers at {scheduler} ({error}). Start one with "
            "`dask scheduler`, which prints its address, and on each machine "
            "`dask worker ADDRESS`."
        ) from None
    with client:
        yield client


def _require_workers(client: "Client", scheduler: str, trust_submissions: bool) -> None:
    """Wait for the first worker, and see whether those that are there can work."""
    from distributed.comm import CommClosedError

    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError:
        raise PoolError(
            f"The scheduler at {scheduler} has no worker. Start some with "
            f"`dask worker {scheduler}`, in the course's environment."
        ) from None
    found = client.run(_state, trust_submissions, on_error="return")
    for worker, state in sorted(found.items()):
        if isinstance(state, CommClosedError):
            continue  # it has ended since; others can do its work
        if isinstance(state, Exception):
            raise PoolError(f"Worker {worker} cannot run jobs: {state}")
        environment, why_not = state
        if environment != fingerprint.environment():
            raise PoolError(_other_environment(worker))
        if why_not:
            raise PoolError(f"Worker {worker}: {why_not}")


def _state(trust_submissions: bool) -> tuple[str, str]:
    """Return a worker's environment, and why it can make no sandbox, if so."""
    try:
        if not trust_submissions:
            sandbox.require()
    except sandbox.NoSandboxError as error:
        return fingerprint.environment(), str(error)
    return fingerprint.environment(), ""


def _other_environment(worker: str) -> str:
    return (
        f"Worker {worker} has another environment than this machine: another Python, "
        "other packages, another version of the course, or other values of "
        f"{', '.join(VARIABLES)}. Install the same commit and its requirements.lock "
        "there, and start the worker again."
    )
