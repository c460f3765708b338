"""Downloads from the data sets' mirrors into the user's cache, with checksums."""

import errno
import os
from pathlib import Path
from urllib.parse import urlsplit

from helpers.data.datasets import DataError, Spec

import pooch
import requests

TIMEOUT_SECONDS = (3.0, 15.0)  # to connect, and between two pieces of a file
RETRIES = 1  # per mirror


def cache_folder() -> Path:
    """Return the folder for downloads; it need not exist yet."""
    chosen = os.environ.get("COURSE_CACHE") or pooch.os_cache("autoencoder-course")
    return Path(chosen).expanduser()


def folder_of(spec: Spec) -> Path:
    """Return the folder that holds the downloaded files of one data set."""
    return cache_folder() / spec.name


def holds(spec: Spec) -> bool:
    """Say whether all files of a data set are in the cache, undamaged."""
    return not any(_faults(spec).values())


def _faults(spec: Spec) -> dict[str, str]:
    """Return what is wrong with each cached file: "" for nothing."""

    def fault(path: Path, checksum: str) -> str:
        try:
            if not path.is_file():
                return "missing"
            intact = pooch.file_hash(str(path), alg="md5") == checksum
        except OSError:
            intact = False
        return "" if intact else "damaged"

    folder = folder_of(spec)
    return {name: fault(folder / name, md5) for name, md5 in spec.files.items()}


def report_damage(spec: Spec, *, again: bool) -> None:
    """Print a line for each cached file whose checksum is wrong.

    Args:
        spec: the data set.
        again: whether the file is about to be downloaded again.
    """
    then = "it is fetched again" if again else "it waits for a network to be replaced"
    for file, fault in _faults(spec).items():
        if fault == "damaged":
            print(f"{spec.name}: {file} in the cache is damaged; {then}.")


def download(spec: Spec) -> bool:
    """Fetch the files that the cache lacks; say whether all are there now.

    A file appears in the cache only when it is complete and its checksum is right.

    Raises:
        DataError: the disk is full, or the cache cannot be written to.
    """
    return all(_fetch(spec, file) for file, fault in _faults(spec).items() if fault)


def _fetch(spec: Spec, file: str) -> bool:
    """Fetch one file from the first mirror that has it; print why if none has."""
    reasons = []
    downloader = pooch.HTTPDownloader(
        progressbar=True, chunk_size=2**16, timeout=TIMEOUT_SECONDS
    )
    for mirror in spec.mirrors:
        store = pooch.Pooch(
            path=folder_of(spec),
            base_url=mirror,
            registry={file: f"md5:{spec.files[file]}"},
            retry_if_failed=RETRIES,
        )
        try:
            store.fetch(file, downloader=downloader)
            return True
        except requests.RequestException as error:
            reasons.append(f"{urlsplit(mirror).hostname}: {type(error).__name__}")
        except ValueError:
            reasons.append(f"{urlsplit(mirror).hostname}: wrong checksum")
        except OSError as error:
            raise _cannot_write(spec, error) from error
    print(f"{spec.name}: no mirror delivered {file} ({'; '.join(reasons)}).")
    return False


def _cannot_write(spec: Spec, error: OSError) -> DataError:
    cache = cache_folder()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        problem = f"The disk is full: {spec.name} does not fit into the cache {cache}"
        fix = "Free 500 MB"
    else:
        problem = f"The cache {cache} cannot be written to ({error.strerror or error})"
        fix = "Make it writable"
    return DataError(
        f"{problem}. Nothing was left half-written. {fix}, set COURSE_CACHE to another "
        "folder, or set COURSE_OFFLINE=1 to work with the embedded images."
    )
