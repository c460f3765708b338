"""Likely causes of what student code raises; the Keras 3 way for Keras 2 habits."""

import re

from helpers.checks.student.interface import WRONG_NUMBERS, StudentError

# Pattern of "kind: message", likely cause. The first that matches is taken.
HINTS = (
    (
        r"TypeError: \w+\(\) (takes|missing|got)",
        "the function's arguments differ from the contract's: keep its first line as "
        "given.",
    ),
    (
        r"must call `compile\(\)`",
        "`auto` is not compiled: end with auto.compile(optimizer=..., loss=...).",
    ),
    (
        r"KerasTensor cannot be used as input to a TensorFlow function"
        r"|KerasTensor is symbolic",
        "use keras.ops in a layer's call, not on tensors from outside; for an extra "
        "loss, self.add_loss(...) there.",
    ),
    (
        r"'?str'? object has no attribute 'base_dtype'"
        r"|module 'keras(\.src)?\.backend' has no attribute|keras\.backend",
        "keras.backend (K) is gone; in Keras 3, keras.ops has its functions: K.mean is "
        "keras.ops.mean.",
    ),
    (
        r"Could not automatically infer the output shape",
        "this layer fails on symbolic tensors, whose batch size is None: use "
        "keras.ops, and its mean over the batch.",
    ),
    (
        r"could not automatically infer the shape of the Lambda's output",
        "the function in the Lambda layer fails: keras.backend (K) is gone, use "
        "keras.ops.",
    ),
    (
        r"No module named '(keras|tensorflow)\.",
        "this module is gone. In Keras 3: `import keras`, then keras.layers and so on.",
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
        "a model's output comes from its own input: the decoder needs a keras.Input "
        "too.",
    ),
    (
        r"expects \d+ (named )?input\(s\).* received \d+ input tensors"
        r"|Layer .* expects 1 input\(s\), but it received",
        "a model of one input gets a list: of the encoder's outputs, the decoder takes "
        "the first, z.",
    ),
    (
        r"expected shape=\(None(, \d+){3}\), found shape=\(None(, \d+){3}\)",
        "images of another height or width: look at each padding, and at the number "
        "of poolings and upsamplings.",
    ),
    (
        r"output_shape|object is not iterable.*Lambda"
        r"|can only concatenate tuple \(not .int",
        "output_shape of a Lambda is a tuple without the batch, with a comma.",
    ),
    (
        r"expected shape=\(None(, \d+){3}\), found shape=\(None, \d+\)",
        "the encoder gives flat codes, and the decoder takes images.",
    ),
    (
        r"must have the same (rank|shape)",
        "the loss compares arrays of two shapes: y_pred is one array, no list, and "
        "y_pred[0] its first image.",
    ),
    (
        r"incompatible with the layer|size-incompatible|Dimensions must be equal",
        "a layer gets more or fewer numbers than it was made for, or models are "
        "returned in another order.",
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


EXPECTED = "code that runs"
MAX_WORDS = 40
"""Of a whole message."""
MAX_LINE = 8
"""Words of a student's line that a message quotes."""


def cut(text: str, most: int = 15) -> str:
    """Return the beginning of a text of more words than so many."""
    words = text.split()
    return " ".join(words[:most]) + "…" * (len(words) > most)


def explain(error: StudentError) -> tuple[str, str]:
    """Return what was found and the likely cause, in words."""
    if error.kind == "WrongReturn":
        return error.message, (
            "the return statement: return the contract's models, in its order, each "
            "made by keras.Model(inputs, outputs)."
        )
    if error.kind == WRONG_NUMBERS:
        return error.message, (
            "a division by 0, the logarithm of 0, exp of a large number, or a learning "
            "rate that is no number."
        )
    if error.kind == "NotImplementedError" and error.raised_in == "add_loss":
        likely_cause = (
            "model.add_loss(...) is gone. In Keras 3, call self.add_loss(...) in the "
            "call of a layer of your own."
        )
    else:
        whole = f"{error.kind}: {error.message}"
        likely_cause = next(
            (cause for pattern, cause in HINTS if re.search(pattern, whole)),
            "call the function in a cell of your own to see the whole error.",
        )
    where = f", in your line: {cut(error.line, MAX_LINE)}" if error.line else ""
    left = MAX_WORDS - len(f"{EXPECTED} {error.kind} {where} {likely_cause}".split())
    message = cut(first_line(error.message), max(left, 5))
    return error.kind + f": {message}" * bool(message) + where, likely_cause
