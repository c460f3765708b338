"""Jobs on the workers of a Dask cluster: needs the extra ``cluster``.

A worker is asked first what it has installed and whether it can make a sandbox. Then it
is given jobs, by name and one for each of its threads: left to Dask, a job would also
go to workers that nobody asked.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import distributed

from grading.runtime import fingerprint, sandbox
from grading.runtime.backends import (
    Outcome,
    PoolError,
    other_environment,
    outcome,
    run_json,
)
from grading.runtime.executor import SandboxError
from grading.runtime.job import Job

CONNECT_S = 10.0
WORKERS_S = 30.0
NO_WORKER_S = 5.0
LOOK_EVERY_S = 1.0
MAX_LOSSES = 3
"""So often a job is run again whose worker was lost. It may be why they are lost."""


def run(
    jobs: Collection[Job],
    scheduler: str,
    trust_submissions: bool,
    say: Callable[[str], None],
) -> Iterator[tuple[Job, Outcome]]:
    """Run jobs on a cluster's workers; yield each with what came of it, as they end.

    Args:
        jobs: what is to be done.
        scheduler: the scheduler's address.
        trust_submissions: do without a sandbox.
        say: takes a sentence for each worker that is wrong or lost, and when none is
            left, and when there is one again.

    Raises:
        PoolError: the scheduler cannot be used, or no worker can.
    """
    with _client(scheduler) as client:
        cluster = _Cluster(client, scheduler, trust_submissions, say, jobs)
        try:
            yield from cluster.outcomes()
        finally:
            cluster.cancel()


@contextmanager
def _client(scheduler: str) -> Iterator[distributed.Client]:
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise PoolError(
            f"No Dask scheduler answers at {scheduler} ({error}). Start one with "
            "`dask scheduler`, which prints its address, and on each machine "
            "`dask worker ADDRESS`."
        ) from None
    with client:
        yield client


def _state(trust_submissions: bool) -> tuple[str, str]:
    """Return a worker's environment, and why it can make no sandbox, if so."""
    try:
        if not trust_submissions:
            sandbox.require()
    except sandbox.NoSandboxError as error:
        return fingerprint.environment(), str(error)
    return fingerprint.environment(), ""


@dataclass
class _Running:
    """A job on its way, and the worker that it was given to."""

    future: "distributed.Future[Any]"
    job: Job
    worker: str


class _Cluster:
    """The workers of a scheduler, and the jobs that they are given.

    Args:
        client: is connected to the scheduler.
        scheduler: its address.
        trust_submissions: do without a sandbox.
        say: takes sentences for people who wait.
        jobs: what is to be done.
    """

    def __init__(
        self,
        client: distributed.Client,
        scheduler: str,
        trust_submissions: bool,
        say: Callable[[str], None],
        jobs: Collection[Job],
    ) -> None:
        self._client = client
        self._scheduler = scheduler
        self._trust_submissions = trust_submissions
        self._say = say
        self._waiting = deque(jobs)
        self._running: dict[str, _Running] = {}
        self._ended: SimpleQueue[distributed.Future[Any]] = SimpleQueue()
        self._given_up: list[tuple[Job, Outcome]] = []
        self._losses = Counter[Job]()
        self._threads: dict[str, int] = {}
        """Of each worker that is there."""
        self._asked: dict[str, distributed.Future[Any]] = {}
        self._right: set[str] = set()
        self._wrong: dict[str, str] = {}
        self._next_look = 0.0
        self._none_since: float | None = time.monotonic()
        self._began = self._said_none = False

    def outcomes(self) -> Iterator[tuple[Job, Outcome]]:
        """Yield each job with what came of it, as they end.

        Raises:
            PoolError: the scheduler was lost, or no worker can be used.
        """
        while self._waiting or self._running:
            self._look()
            self._give()
            try:
                done = self._take(self._ended.get(timeout=LOOK_EVERY_S))
            except Empty:
                done = None
            if done is not None:
                yield done
            while self._given_up:
                yield self._given_up.pop()

    def cancel(self) -> None:
        """Let the scheduler forget what is not done."""
        jobs = [running.future for running in self._running.values()]
        self._client.cancel([*jobs, *self._asked.values()])

    # --- workers ----------------------------------------------------------------------

    def _look(self) -> None:
        """Find out which workers came and went, if that was not done just now."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY_S
        if self._client.status == "closed":
            raise self._scheduler_lost()
        try:
            identity = self._client.scheduler.identity
            workers = self._client.sync(identity, n_workers=-1)["workers"]
        except OSError:
            return  # what it was asked before comes back as cancelled
        for worker in self._threads.keys() - workers.keys():
            self._lose(worker)
        for worker in workers.keys() - self._threads.keys():
            self._asked[worker] = self._submit(_state, worker)
        self._threads = {name: about["nthreads"] for name, about in workers.items()}
        self._watch(now)

    def _submit(
        self, function: Callable[..., object], worker: str, *values: str
    ) -> "distributed.Future[Any]":
        """Have a worker call a function; what comes back goes to ``_ended``."""
        future = self._client.submit(
            function,
            *values,
            self._trust_submissions,
            workers=[worker],
            pure=False,  # always run, never take a result that Dask remembers
        )
        future.add_done_callback(self._ended.put)
        return future

    def _judge(self, worker: str) -> None:
        """Take a worker's answer: it can work, or is left out."""
        try:
            environment, why_not = self._asked.pop(worker).result()
        except CancelledError:
            raise self._scheduler_lost() from None
        except Exception as error:  # whatever a foreign program raises
            self._leave_out(worker, f"Worker {worker} cannot run jobs: {error}")
            return
        if environment != fingerprint.environment():
            self._leave_out(worker, other_environment(worker))
        elif why_not:
            self._leave_out(worker, f"Worker {worker}: {why_not}")
        else:
            self._right.add(worker)

    def _leave_out(self, worker: str, why: str) -> None:
        self._right.discard(worker)
        self._wrong[worker] = why
        self._say(f"{why} It is left out.")

    def _lose(self, worker: str) -> None:
        """Forget a worker that is gone, and have others run what it ran."""
        if asked := self._asked.pop(worker, None):
            asked.cancel()
        self._right.discard(worker)
        self._wrong.pop(worker, None)
        lost = [ran for ran in self._running.values() if ran.worker == worker]
        for ran in lost:
            del self._running[str(ran.future.key)]
            ran.future.cancel()
            self._run_again(ran.job, "it was lost")
        number = f" while it ran {len(lost)}; they run again" if lost else ""
        self._say(f"Worker {worker} was lost{number}.")

    def _watch(self, now: float) -> None:
        """Say when no worker is left that can work, and when there is one again.

        Raises:
            PoolError: there has not been one from the beginning.
        """
        if self._right:
            if self._said_none:
                self._say("There is a worker again: it goes on.")
            self._none_since, self._said_none, self._began = None, False, True
            return
        self._none_since = self._none_since or now
        if not self._began:
            self._require_worker(now - self._none_since)
        elif not self._said_none and now - self._none_since >= NO_WORKER_S:
            self._said_none = True
            self._say(
                f"No worker is left at {self._scheduler}. It goes on as soon as there "
                f"is one: `dask worker {self._scheduler}`. Or stop it with Ctrl-C: "
                "results up to here are safe."
            )

    def _require_worker(self, waited: float) -> None:
        """Look whether there can still be a first worker.

        Raises:
            PoolError: all are wrong, or there has been none for too long.
        """
        if self._wrong and not self._asked:
            raise PoolError(" ".join(self._wrong.values()))
        if not self._threads and waited >= WORKERS_S:
            raise PoolError(
                f"The scheduler at {self._scheduler} has no worker. Start some with "
                f"`dask worker {self._scheduler}`, in the course's environment."
            )

    def _scheduler_lost(self) -> PoolError:
        return PoolError(
            f"The scheduler at {self._scheduler} was lost. Results up to here are "
            "safe; start it and its workers, and run this again."
        )

    # --- jobs -------------------------------------------------------------------------

    def _give(self) -> None:
        """Give waiting jobs to workers that have a thread for them."""
        busy = Counter(running.worker for running in self._running.values())
        for worker in sorted(self._right, key=lambda worker: busy[worker]):
            for _ in range(self._threads[worker] - busy[worker]):
                if not self._waiting:
                    return
                job = self._waiting.popleft()
                future = self._submit(run_json, worker, job.to_json())
                self._running[str(future.key)] = _Running(future, job, worker)

    def _take(self, future: "distributed.Future[Any]") -> tuple[Job, Outcome] | None:
        """Return a job that ended, with what came of it; None if none did.

        Raises:
            PoolError: the scheduler was lost.
        """
        for worker, asked in self._asked.items():
            if asked.key == future.key:
                self._judge(worker)
                self._watch(time.monotonic())
                return None
        running = self._running.pop(str(future.key), None)
        if running is None:
            return None  # of a worker that was lost
        try:
            return running.job, outcome(running.future.result)
        except CancelledError:
            raise self._scheduler_lost() from None
        except distributed.KilledWorker as error:
            self._run_again(running.job, str(error))
        except (PoolError, sandbox.NoSandboxError) as error:
            self._leave_out(running.worker, f"Worker {running.worker}: {error}")
            self._waiting.appendleft(running.job)
        return None

    def _run_again(self, job: Job, why: str) -> None:
        """Run a job again whose worker was lost, but not for ever."""
        self._losses[job] += 1
        if self._losses[job] < MAX_LOSSES:
            self._waiting.appendleft(job)
        else:
            error = SandboxError(f"The workers that ran it ended: {why}")
            self._given_up.append((job, error))
