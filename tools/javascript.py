"""Modules of `playground/`, run without a browser, for tests and benchmarks."""

import json
import subprocess
from pathlib import Path
from typing import Any

import playwright

from tools import playground

# The browser tests' package brings a JavaScript engine for every platform.
(NODE,) = Path(playwright.__file__).parent.glob("driver/node*")
READ = 'const passed = JSON.parse(require("node:fs").readFileSync(0, "utf-8"));\n'


def run(modules: list[str], code: str, passed: Any) -> Any:
    """Return what some code makes of ``passed`` with modules and all that they import.

    Args:
        modules: the files' names in `playground/`; inside the code, what `x.js` exports
            is in ``xModule``.
        code: JavaScript, the body of a function.
        passed: what the code sees under this name.

    Raises:
        RuntimeError: the code raised, with what it said.
    """
    script = f"{playground.script(*modules)}{READ}{code}"
    process = subprocess.run(
        [NODE, "--print", f"JSON.stringify((() => {{\n{script}\n}})())"],
        input=json.dumps(passed),
        capture_output=True,
        text=True,
    )
    if process.returncode:
        raise RuntimeError(process.stderr)
    return json.loads(process.stdout)
