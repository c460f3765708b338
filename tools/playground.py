"""Write the page in which two autoencoders train: ``make playground``.

One file holds all: markup, style, digits, and the modules of `playground/` twice, for
the page and for its worker. Nothing is fetched, so it works from a disk too.
"""

import argparse
import base64
import json
import re
import webbrowser
from pathlib import Path

from helpers.data import bundled

import jinja2
import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "playground"
PAGE = FOLDER / "playground.html"
IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.M)
EXPORT = re.compile(r"^export (?=(?:const|function|class) (\w+))", re.M)
LEVELS = 16  # of grey, in scikit-learn's digits


def page() -> str:
    """Return the page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("template.html").render(
        style=(FOLDER / "style.css").read_text("utf-8"),
        digits=json.dumps({**digits(), **baselines()}),
        worker=script("worker.js"),
        page=script("page.js"),
    )


def digits() -> dict[str, str | int]:
    """Return scikit-learn's digits, a byte a pixel, those for training first."""
    x_train, y_train, x_test, y_test = bundled.small_digits()
    levels = np.round(LEVELS * np.concatenate([x_train, x_test])).astype(np.uint8)
    return {
        "images": base64.b64encode(levels.tobytes()).decode(),
        "labels": "".join(map(str, np.concatenate([y_train, y_test]))),
        "train": len(y_train),
    }


def baselines() -> dict[str, float]:
    """Return what plain means reach on the test digits.

    That is the loss of one picture for all, the mean of the training digits, and the
    accuracy of five neighbours on a plane of PCA.
    """
    x_train, y_train, x_test, y_test = bundled.small_digits()
    train, test = x_train.reshape(len(x_train), -1), x_test.reshape(len(x_test), -1)
    mean = train.mean(axis=0).clip(1e-3, 1 - 1e-3)
    nats = -(test * np.log(mean) + (1 - test) * np.log(1 - mean)).sum(axis=1)
    plane = make_pipeline(PCA(2), KNeighborsClassifier(5)).fit(train, y_train)
    return {"meanLoss": float(nats.mean()), "pca": float(plane.score(test, y_test))}


def script(*names: str) -> str:
    """Return modules of `playground/` and all that they import as one script.

    Each module becomes a function that is run at once and returns what it exports:
    their names stay apart, and a script needs no second file.
    """
    paths = dict.fromkeys(path for name in names for path in _in_order(FOLDER / name))
    text = "\n".join(f"const {_variable(path)} = {_wrapped(path)}" for path in paths)
    if "</script" in text:
        raise ValueError(f"{names} or what they import end the page's script element.")
    return text


def _in_order(path: Path) -> list[Path]:
    """Return a module after those that it imports, each once."""
    imported = [
        other
        for _, place in IMPORT.findall(path.read_text("utf-8"))
        for other in _in_order((path.parent / place).resolve())
    ]
    return list(dict.fromkeys([*imported, path]))


def _variable(path: Path) -> str:
    return f"{path.stem}Module"


def _wrapped(path: Path) -> str:
    def destructured(match: re.Match[str]) -> str:
        names, place = match.groups()
        return f"const {{{names}}} = {_variable(Path(place))};\n"

    text = path.read_text("utf-8")
    names = ", ".join(EXPORT.findall(text))
    body = EXPORT.sub("", IMPORT.sub(destructured, text))
    return f"(() => {{\n{body}return {{ {names} }};\n}})();\n"


def main() -> None:
    """Write the page, and open it unless told not to."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--no-open", action="store_true", help="only write the page")
    arguments = parser.parse_args()
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {PAGE.stat().st_size / 1000:.0f} kB")
    if not arguments.no_open:
        webbrowser.open(PAGE.as_uri())


if __name__ == "__main__":
    main()
