"""Jobs on the workers of a Dask cluster: needs the extra ``cluster``."""

import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

import distributed
from distributed.comm import CommClosedError

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
POLL_EVERY_S = 0.05


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
        say: takes a sentence when no worker is left, and one when there is one again.

    Raises:
        PoolError: the scheduler or its workers cannot be used.
    """
    with _client(scheduler) as client:
        _require_workers(client, scheduler, trust_submissions)
        futures = {
            # pure=False: always run, never take a result that Dask remembers.
            client.submit(run_json, job.to_json(), trust_submissions, pure=False): job
            for job in jobs
        }
        completed = distributed.as_completed(list(futures), loop=client.loop)
        watch = _Watch(client, scheduler, say)
        try:
            while not completed.is_empty():
                if not completed.has_ready():
                    watch.look()
                    time.sleep(POLL_EVERY_S)
                    continue
                future = next(completed)
                yield futures.pop(future), _outcome(future, scheduler)
        finally:
            client.cancel(list(futures))


def _outcome(future: "distributed.Future[str]", scheduler: str) -> Outcome:
    """Return what came of a job.

    Raises:
        PoolError: the scheduler was lost.
    """
    try:
        return outcome(future.result)
    except distributed.KilledWorker as error:
        return SandboxError(f"The workers that ran it ended: {error}")
    except CancelledError:
        raise PoolError(
            f"The scheduler at {scheduler} was lost. Results up to here are safe; "
            "start it and its workers, and run this again."
        ) from None


class _Watch:
    """Says when a cluster has lost its last worker, and when it has one again."""

    def __init__(
        self, client: distributed.Client, scheduler: str, say: Callable[[str], None]
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


def _require_workers(
    client: distributed.Client, scheduler: str, trust_submissions: bool
) -> None:
    """Wait for the first worker, and see whether those that are there can work."""
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError:
        raise PoolError(
            f"The scheduler at {scheduler} has no worker. Start some with "
            f"`dask worker {scheduler}`, in the course's environment."
        ) from None
    states = client.run(_state, trust_submissions, on_error="return")
    for worker, state in sorted(states.items()):
        if isinstance(state, CommClosedError):
            continue  # it has ended since; others can do its work
        if isinstance(state, Exception):
            raise PoolError(f"Worker {worker} cannot run jobs: {state}")
        environment, why_not = state
        if environment != fingerprint.environment():
            raise PoolError(other_environment(worker))
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
