"""What honest students put beside a right solution, and where: it must cost nothing.

``python -m samples.honest_idioms`` marks each in each place, and prints a table.
"""

import sys
import tempfile
from pathlib import Path
from textwrap import indent

from grading.runtime.executor import Executor
from samples.odd_marks import Marker
from samples.odd_submissions import RIGHT, Odd, changed, insert, several, write

COMMANDS = {
    "pip": "!pip install -q some-package",
    "pip's magic": "%pip install some-package",
    "a command": "!ls -la",
    "a command with a name": 'folder = "."\n!ls {folder}',
    "a command's output": "lines = !ls\nprint(lines)",
    "a command that is missing": "!nvidia-smi",
    "a command in a loop": 'for word in ("a", "b"):\n    !echo {word}',
    "a download": "!wget -q https://example.org/data.zip\n!unzip -q data.zip",
    "a clone": "!git clone -q https://example.org/work.git",
    "a command in the background": "!sleep 1 &",
    "magics": "%matplotlib inline\n%time sum(range(9))\n%timeit -n 1 -r 1 sum([1])",
    "autoreload": "%load_ext autoreload\n%autoreload 2",
    "a crisp figure": '%config InlineBackend.figure_format = "retina"',
}
LOOPS = {
    "await": "import asyncio\n\nawait asyncio.sleep(0)",
    "gather": """
import asyncio

async def twice(x):
    await asyncio.sleep(0)
    return 2 * x

print(await asyncio.gather(*(twice(x) for x in range(3))))""",
    "async for": """
async def numbers():
    for number in range(3):
        yield number

async for number in numbers():
    print(number)
squares = [number**2 async for number in numbers()]""",
    "async with": """
import asyncio

async with asyncio.Lock() as lock, asyncio.timeout(5):
    print(lock)""",
    "a task that is left": """
import asyncio

async def forever():
    while True:
        await asyncio.sleep(0.01)

task = asyncio.create_task(forever())""",
    "a task that fails": """
import asyncio

async def fail():
    raise ValueError("nobody waits for it")

task = asyncio.create_task(fail())
await asyncio.sleep(0)""",
    "a nested loop": """
import asyncio
import nest_asyncio2

nest_asyncio2.apply()
asyncio.run(asyncio.sleep(0))
asyncio.get_event_loop().run_until_complete(asyncio.sleep(0))""",
}
INSIDE = {
    "asyncio.run in a thread": """
import asyncio
import threading

thread = threading.Thread(target=lambda: asyncio.run(asyncio.sleep(0)))
thread.start()
thread.join()""",
    "logging": """
import logging

logging.basicConfig(level=logging.DEBUG)
logging.getLogger(__name__).warning("building")
logging.error("no error at all")""",
    "stderr": """
import sys

print("building", file=sys.stderr)
sys.stderr.write("built")""",
    "warnings": """
import warnings

warnings.warn("this takes long")
warnings.filterwarnings("ignore")""",
    "a failing thread": """
import threading

threading.Thread(target=lambda: 1 / 0).start()""",
    "a pool": """
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(2) as pool:
    print(list(pool.map(abs, [-1, 2])))""",
    "another process": """
import os
import subprocess

subprocess.run(["ls"], capture_output=True)
os.system("ls")""",
    "a progress bar": """
from tqdm.auto import tqdm

for _ in tqdm(range(3)):
    pass""",
    "a plot": """
import matplotlib.pyplot as plt

plt.plot([1, 2, 3])
plt.show()""",
    "Colab's drive": """
try:
    from google.colab import drive
    drive.mount("/content/drive")
except ImportError:
    print("not in Colab")""",
    "data from the network": """
import urllib.request

try:
    urllib.request.urlopen("https://example.org/x.csv", timeout=5)
except OSError as error:
    print(error)""",
    "seeds and settings": """
import os
import tensorflow as tf

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
tf.random.set_seed(1)
keras.utils.set_random_seed(1)
print(tf.config.list_physical_devices("GPU"))""",
    "HTML": """
from IPython.display import HTML, Markdown, clear_output, display

display(HTML("<b>bold</b>"), Markdown("**bold**"))
clear_output()""",
    "a summary": "keras.Sequential([keras.Input((2,)), layers.Dense(1)]).summary()",
    "a traceback": """
import traceback

try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc()""",
}
EVERYWHERE = COMMANDS | LOOPS | INSIDE
PLACES = ("above", "below", "own cell", "inside")


def idioms(place: str) -> dict[str, str]:
    """Return the idioms that can stand in a place, by name."""
    return INSIDE if place == "inside" else EVERYWHERE


def beside(idiom: str, place: str) -> Odd:
    """Return a right submission with an idiom in one of the ``PLACES``."""
    right = RIGHT["autoencoder"]
    note = ""
    if place == "above":
        change = write("autoencoder", f"{idiom}\n\n{right}")
    elif place == "below":
        change = write("autoencoder", f"{right}\n\n{idiom}")
    elif place == "inside":
        first, rest = right.split("\n", 1)
        change = write("autoencoder", f"{first}\n{indent(idiom, '    ')}\n{rest}")
    else:
        # What it defines last is needed: an idiom that breaks off costs points.
        uses = right.replace("(latent_dims,)", "(int(np.int64(latent_dims)),)")
        own = insert("autoencoder", f"{idiom}\nimport numpy as np")
        change = several(write("autoencoder", uses), own)
        note = "1 cell that"
    return changed(f"{place}: {idiom}", change, note)


def known() -> list[tuple[str, str]]:
    """Return each place with the name of each idiom that can stand there."""
    return [(place, name) for place in PLACES for name in idioms(place)]


def main(words: list[str]) -> int:
    """Print one row for each idiom in each place; return how many cost something."""
    bad = 0
    executor = Executor()
    with tempfile.TemporaryDirectory() as folder:
        marker = Marker(Path(folder), executor)
        for place, name in known():
            if words and not any(word in f"{place} {name}" for word in words):
                continue
            row = marker.mark(beside(idioms(place)[name], place))
            bad += bool(row.problems)
            said = "; ".join(row.problems) or "nothing lost"
            seconds = row.result.seconds["all"]
            print(f"{place:9} {name:28} {seconds:5.1f} s  {said}"[:150], flush=True)
    executor.close()
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) != 0)
