"""A Keras decoder as JSON, for `helpers/templates/decoder.js`."""

import base64
from collections.abc import Iterator
from typing import Any

from helpers.errors import CourseError

import keras
import numpy as np

ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh", "elu", "selu")
LARGEST = 2**15 - 1  # of 16-bit whole numbers


class ExplorerError(CourseError):
    """A model or arrays that an explorer cannot show."""


def exported_layer(layer: keras.layers.Layer) -> dict[str, Any]:
    """Return one layer that computes something, as JSON can hold it.

    Raises:
        ExplorerError: an explorer does not know it.
    """
    does = list(entries(layer))
    if not does:
        raise ExplorerError(f"Layer {layer.name!r} does nothing when it is run.")
    return does[0]


def code_part(encoder: keras.Model, output: int) -> keras.Model:
    """Return the part of an encoder that leads to its code.

    Args:
        encoder: built.
        output: which of its outputs is the code, where it has several, as that of a
            VAE: the mean.

    Raises:
        ExplorerError: there is no such output.
    """
    outputs = getattr(encoder, "outputs", None) or []
    if len(outputs) < 2:
        return encoder
    if not 0 <= output < len(outputs):
        raise ExplorerError(
            f"The encoder has {len(outputs)} outputs, numbered from 0; there is no "
            f"output {output}."
        )
    return keras.Model(encoder.inputs, outputs[output])


def require_fit(
    decoder: keras.Model, code: tuple[int, ...], image: tuple[int, ...]
) -> None:
    """Check that a decoder goes from codes to images of these shapes.

    Args:
        decoder: built.
        code: shape of one code.
        image: shape of one image; the decoder's may have an axis of 1 besides.

    Raises:
        ExplorerError: it does not.
    """
    takes, gives = decoder.input_shape[1:], tuple(decoder.output_shape[1:])
    if takes != code or np.prod(gives) != np.prod(image):
        raise ExplorerError(
            f"The decoder goes from {takes} to {gives}; expected "
            f"from {code} to an image of shape {image}."
        )


def chain(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yield a model's layers in order, those of models inside it too.

    Raises:
        ExplorerError: the layers do not stand in a row.
    """
    if not isinstance(model, keras.Sequential):
        _require_graph(model)
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from chain(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def _require_graph(model: keras.Model) -> None:
    """Raise unless it is known which layer follows which, and each is used once.

    With layers of one input, as all are that `entries` takes, it is then a chain.
    """
    try:
        layers = model.get_config()["layers"]
    except (KeyError, NotImplementedError):
        raise ExplorerError(
            f"{model.name!r} is a class of its own; an explorer runs keras.Sequential "
            "and models made of inputs and outputs."
        ) from None
    for layer in layers:
        if len(layer["inbound_nodes"]) > 1:
            raise ExplorerError(
                f"Layer {layer['name']!r} is used more than once; an explorer runs "
                "decoders whose layers stand in a row."
            )


def entries(layer: keras.layers.Layer) -> Iterator[dict[str, Any]]:
    """Yield what a layer does; nothing for one that does nothing when it is run.

    Raises:
        ExplorerError: an explorer does not know the layer.
    """
    if isinstance(layer, (keras.layers.Dropout, keras.layers.GaussianNoise)):
        return
    match layer:
        case keras.layers.Dense() if len(layer.input.shape) == 2:
            yield {"kind": "dense", **_weights(layer)}
        case keras.layers.Conv2DTranspose(output_padding=None):
            yield {"kind": "conv2dTranspose", **_weights(layer), **_strides(layer)}
        case keras.layers.Conv2D(groups=1):
            yield {"kind": "conv2d", **_weights(layer), **_strides(layer)}
        case keras.layers.UpSampling2D(interpolation="nearest"):
            yield {"kind": "upSampling2d", "size": list(layer.size)}
        case keras.layers.MaxPooling2D(data_format="channels_last"):
            yield {
                "kind": "maxPooling2d",
                "size": list(layer.pool_size),
                "stride": list(layer.strides),
                "same": layer.padding == "same",
            }
        case keras.layers.Reshape() | keras.layers.Flatten():
            yield {"kind": "reshape", "shape": list(layer.output.shape[1:])}
        case keras.layers.Activation():
            yield {"kind": "activation", "activation": _activation(layer)}
        case keras.layers.ReLU(max_value=None, negative_slope=0, threshold=0):
            yield {"kind": "activation", "activation": "relu"}
        case _:
            raise ExplorerError(
                f"An explorer cannot run layer {layer.name!r}, a "
                f"{type(layer).__name__} with these options; it knows Dense, Conv2D, "
                "Conv2DTranspose, UpSampling2D, MaxPooling2D, Reshape, Flatten and "
                "Activation."
            )


def _weights(layer: keras.layers.Layer) -> dict[str, Any]:
    kernel, *rest = layer.get_weights()
    units = layer.units if isinstance(layer, keras.layers.Dense) else layer.filters
    return {
        "kernel": packed(kernel),
        "bias": packed(rest[0] if rest else np.zeros(units)),
        "activation": _activation(layer),
    }


def _strides(layer: keras.layers.Layer) -> dict[str, Any]:
    if layer.data_format != "channels_last" or set(layer.dilation_rate) != {1}:
        raise ExplorerError(
            f"Layer {layer.name!r} is dilated or has its channels first; an explorer "
            "runs convolutions with neither."
        )
    return {"stride": list(layer.strides), "same": layer.padding == "same"}


def _activation(layer: keras.layers.Layer) -> str:
    name = keras.activations.serialize(layer.activation)
    if name not in ACTIVATIONS:
        raise ExplorerError(
            f"An explorer does not know the activation {name!r} of layer "
            f"{layer.name!r}; it knows {', '.join(ACTIVATIONS)}."
        )
    return name


def packed(values: np.ndarray) -> dict[str, Any]:
    """Return an array as 16-bit whole numbers in base64, and the size of a step."""
    largest = float(np.abs(values).max(initial=0)) or 1.0
    step = largest / LARGEST
    whole = np.round(np.asarray(values, float) / step).astype("<i2")
    data = base64.b64encode(whole.tobytes()).decode()
    return {"shape": list(values.shape), "step": step, "data": data}
