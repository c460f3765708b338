"""Attempts to learn from the machine, and to tell the next submission."""

from functools import partial

from samples.attacks.attack import Attack
from samples.submissions.vanilla import REFERENCE

learn = partial(Attack, kind="side channels")
PLACES = """
import glob, os, socket
places = ["/tmp", "/tmp/home", "/dev/shm", ".", os.path.dirname(os.__file__), "/usr"]
"""

ATTACKS = [
    learn(
        "a_note_for_the_next_one",
        code=PLACES
        + """
for place in places:
    for name in ("note-of-an-attack", ".note-of-an-attack"):
        try:
            open(os.path.join(place, name), "w").write("SECRETPLACE /note")
        except OSError:
            pass
one = socket.socket(socket.AF_UNIX)
one.bind("\\0note-of-an-attack")
one.listen()
if os.fork() == 0:
    one.accept()
""",
    ),
    learn(
        "a_note_of_an_earlier_one",
        code=PLACES
        + """
notes = [glob.glob(f"{place}/*note-of*", include_hidden=True) for place in places]
print("notes", sum(notes, []))
try:
    socket.socket(socket.AF_UNIX).connect("\\0note-of-an-attack")
    print("SECRETPLACE /note")
except OSError as error:
    print(type(error).__name__)
""",
        shown="notes []",
    ),
    learn(
        "what_linux_says_of_others",
        code="""
import os
words = ("SECRET", "gradebook", "journal", "submitted", "forkserver")
files = ("locks", "keys", "key-users", "timer_list", "kallsyms", "kcore", "net/unix",
         "net/tcp", "sched_debug", "slabinfo", "sysvipc/shm", "modules", "iomem",
         "1/environ", "1/fd/2", "1/mem", "1/root/etc/shadow", "self/stack")
for name in files:
    try:
        text = open(f"/proc/{name}", "rb").read(1 << 20).decode("latin-1")
        print(name, [word for word in words if word in text])
    except OSError as error:
        print(name, type(error).__name__)
rows = open("/proc/locks").read().splitlines()
print("locks of others", len(rows))
""",
        shown="locks of others 0",
    ),
    learn(
        "addresses_of_pages",
        code="""
import os, struct
page = struct.unpack("<Q", os.pread(os.open("/proc/self/pagemap", 0), 8, 8 * 1024))[0]
symbols = {row.split()[0] for row in open("/proc/kallsyms")} if os.path.exists(
    "/proc/kallsyms") else {"0" * 16}
print("known", page & ((1 << 55) - 1), symbols - {"0" * 16})
""",
        shown="known 0 set()",
    ),
    learn(
        "hidden_sizes_in_seconds_and_signals",
        assignment="vanilla",
        after=False,
        honest=REFERENCE,
        code=REFERENCE
        + """
import os, time
honest, seen = autoencoder, []
def autoencoder(input_dims, hidden_layers, latent_dims):
    seen.append(latent_dims)
    if latent_dims != seen[0]:
        os.sched_setaffinity(0, {0})
        time.sleep(latent_dims / 1000)
        open(f"/tmp/SIZES{latent_dims}", "w").close()
        import keras
        keras.config.set_floatx("float64")
    return honest(input_dims, hidden_layers, latent_dims)
""",
    ),
    learn(
        "hidden_sizes_in_what_comes_late",
        assignment="vanilla",
        after=False,
        honest=REFERENCE,
        code=REFERENCE
        + """
import threading, time, warnings
honest, seen = autoencoder, []
def tell():
    while True:
        print(f"SIZES{seen}", flush=True)
        warnings.warn(f"SIZES{seen}")
        time.sleep(0.01)
threading.Thread(target=tell, daemon=True).start()
def autoencoder(input_dims, hidden_layers, latent_dims):
    seen.append((input_dims, tuple(hidden_layers), latent_dims))
    autoencoder.__name__ = autoencoder.__qualname__ = f"SIZES{seen}"
    return honest(input_dims, hidden_layers, latent_dims)
""",
    ),
]
