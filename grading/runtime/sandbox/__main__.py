"""Say whether this machine can make a sandbox: python -m grading.runtime.sandbox."""

import os
import socket

from grading.runtime.job import Limits
from grading.runtime.sandbox import environment_folders, supervise


def probe() -> None:
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        supervise(lambda: None, Limits(), theirs, (), environment_folders())
    theirs.close()
    print(ours.recv(4000).decode())


if __name__ == "__main__":
    probe()
