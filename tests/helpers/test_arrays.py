"""What is an image, and what is said of an array that is none."""

from helpers.arrays import as_images

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("shape", "fix"),
    [
        ((10, 784), r"images\.reshape\(-1, 28, 28\)"),
        ((10, 3072), r"images\.reshape\(-1, 32, 32, 3\)"),
        ((28, 28), r"images\[np\.newaxis\]"),
        ((28, 28, 1), r"images\[np\.newaxis\]"),
        ((32, 32, 3), r"images\[np\.newaxis\]"),
        ((10, 3, 32, 32), r"np\.moveaxis\(images, 1, -1\)"),
        ((10, 4, 4, 8), r"plots\.heatmaps"),
    ],
)
def test_a_wrong_shape_is_named_with_its_fix(shape, fix):
    with pytest.raises(ValueError, match=r"images has shape \(.*" + fix):
        as_images(np.zeros(shape))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.full((2, 8, 8), 200), r"0, 1\]\. Divide by 255: images / 255"),
        (np.full((2, 8, 8), -0.5), r"np\.clip\(images, 0, 1\)"),
        (np.full((2, 8, 8), np.nan), "images holds 128 values that are NaN"),
        (np.zeros((0, 8, 8)), r"images is empty: it has shape \(0, 8, 8\)"),
    ],
)
def test_values_that_are_no_image_are_refused_with_a_fix(values, message):
    with pytest.raises(ValueError, match=message):
        as_images(values)


@pytest.mark.parametrize("values", ["digits", [[1, 2], [3]], object()])
def test_what_is_no_array_of_numbers_is_a_type_error(values):
    with pytest.raises(TypeError, match="images is not an array of numbers"):
        as_images(values)


def test_a_rounding_overshoot_is_clipped():
    images = as_images(np.full((1, 8, 8), 1.001))
    assert images.max() == 1
