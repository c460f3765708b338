"""Likely causes of what student code raises; the Keras 3 way for Keras 2 habits."""

import re

from helpers.checks.student.interface import WRONG_NUMBERS, StudentError

# Pattern of "kind: message", likely cause. The first that matches is taken.
HINTS = (
    (
        r"TypeError: \w+\(\) (takes|missing|got)",
        "the function's arguments differ from the contract's: keep the first line of "
        "the function as it was given.",
    ),
    (
        r"must call `compile\(\)`",
        "`auto` is not compiled: end with auto.compile(optimizer=..., loss=...).",
    ),
    (
        r"KerasTensor cannot be used as input to a TensorFlow function"
        r"|KerasTensor is symbolic",
        "a TensorFlow or NumPy function got a symbolic tensor, or a loss uses a tensor "
        "from outside. In Keras 3, use the functions of keras.ops, and compute an "
        "extra loss in the call of a layer of your own, with self.add_loss(...).",
    ),
    (
        r"'?str'? object has no attribute 'base_dtype'"
        r"|module 'keras(\.src)?\.backend' has no attribute|keras\.backend",
        "a function of keras.backend (K) is gone. In Keras 3, keras.ops has it, mostly "
        "under the same name: K.mean is keras.ops.mean.",
    ),
    (
        r"Could not automatically infer the output shape",
        "the call of this layer fails on symbolic tensors, whose batch size is None. "
        "Use the functions of keras.ops, and keras.ops.mean over the batch instead of "
        "dividing by its size.",
    ),
    (
        r"could not automatically infer the shape of the Lambda's output",
        "the function in the Lambda layer fails. In Keras 3, it uses the functions of "
        "keras.ops; those of keras.backend (K) are gone.",
    ),
    (
        r"No module named '(keras|tensorflow)\.",
        "this module is gone. In Keras 3: `import keras`, then keras.layers, "
        "keras.ops, keras.optimizers.",
    ),
    (
        r"Argument\(s\) not recognized: \{'lr'",
        "in Keras 3 the argument is learning_rate, not lr.",
    ),
    (
        r"Unrecognized keyword arguments passed to Model",
        "in Keras 3 it is keras.Model(inputs=..., outputs=...), in the plural.",
    ),
    (
        r"Cannot convert '\d+' to a shape",
        "a shape is a tuple: keras.Input(shape=(n,)), with the comma.",
    ),
    (
        r"is not connected to `inputs`|Graph disconnected",
        "a model's output must be computed from its own input. The decoder needs a "
        "keras.Input of its own, with the shape of the code.",
    ),
    (
        r"expects \d+ (named )?input\(s\).* received \d+ input tensors"
        r"|Layer .* expects 1 input\(s\), but it received",
        "a model of one input gets a list of tensors. Where the encoder returns "
        "several, the decoder takes the first, z.",
    ),
    (
        r"expected shape=\(None(, \d+){3}\), found shape=\(None(, \d+){3}\)",
        "images of another height or width than the next layer was made for: look at "
        "each padding (same or valid) and at the number of poolings and upsamplings.",
    ),
    (
        r"output_shape|object is not iterable.*Lambda",
        "output_shape of a Lambda is a tuple without the batch, with a comma.",
    ),
    (
        r"incompatible with the layer|size-incompatible|Dimensions must be equal",
        "the numbers that a layer gets are not as many as it was made for: look at the "
        "layer before it, and for a returned model in the wrong place.",
    ),
)


def is_stub(error: StudentError) -> bool:
    """Return whether ``error`` comes from the stub's own raise statement."""
    return error.kind == "NotImplementedError" and "NotImplementedError" in error.line


def first_line(message: str) -> str:
    """Return the line of an error's message that says what went wrong.

    Keras puts an error from the call of a layer, in bold, below words of its own.
    """
    plain = re.sub(r"\x1b\[\d+m", "", message).split("Error encountered:")[-1]
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered when calling"):
        return lines[1]
    if not lines:
        return ""
    # Keras announces an example that stands in the next line.
    return lines[0].split(" You are likely doing something like")[0]


MAX_WORDS = 25


def cut(text: str) -> str:
    """Return the beginning of a long text."""
    words = text.split()
    return " ".join(words[:MAX_WORDS]) + (" …" if len(words) > MAX_WORDS else "")


def explain(error: StudentError) -> tuple[str, str]:
    """Return what was found and the likely cause, in words."""
    if error.kind == "WrongReturn":
        return error.message, (
            "the return statement: return the models that the contract names, in its "
            "order. A model is keras.Model(inputs, outputs); a tensor only flows "
            "between layers."
        )
    if error.kind == WRONG_NUMBERS:
        return error.message, (
            "a division by 0, the logarithm of 0, exp of a large number, or a learning "
            "rate that is no number: all that a model answers must be finite numbers."
        )
    if error.kind == "NotImplementedError" and error.raised_in == "add_loss":
        likely_cause = (
            "model.add_loss(...) on a symbolic tensor is gone. In Keras 3, call "
            "self.add_loss(...) in the call of a layer of your own."
        )
    else:
        whole = f"{error.kind}: {error.message}"
        likely_cause = next(
            (cause for pattern, cause in HINTS if re.search(pattern, whole)),
            "call the function in a cell of your own, with several sizes, to see the "
            "whole error.",
        )
    message = cut(first_line(error.message))
    found = error.kind
    if message:
        found += f": {message}"
    if error.line:
        found += f", in your line: {error.line}"
    return found, likely_cause
