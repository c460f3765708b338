"""PSNR, SSIM and rounded accuracy: known values, scikit-image's, and clear errors."""

from helpers import metrics

import numpy as np
import pytest
import skimage.metrics


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    x = rng.random((5, 16, 16, 3))
    return x, np.clip(x + rng.normal(0, 0.1, x.shape), 0, 1)


def test_an_error_of_a_tenth_everywhere_is_20_db():
    x = np.full((3, 8, 8), 0.5)
    assert metrics.psnr(x, x + 0.1) == pytest.approx(20)


def test_psnr_is_the_mean_of_each_images_own_value(pair):
    x, x_hat = pair
    expected = [
        skimage.metrics.peak_signal_noise_ratio(a, b, data_range=1)
        for a, b in zip(x, x_hat, strict=True)
    ]
    assert metrics.psnr(x, x_hat, per_image=True) == pytest.approx(expected)
    assert metrics.psnr(x, x_hat) == pytest.approx(np.mean(expected))


def test_psnr_of_identical_images_is_infinite_without_a_warning(pair, recwarn):
    x, _ = pair
    assert metrics.psnr(x, x) == np.inf
    assert not recwarn


def test_ssim_is_one_for_identical_images_and_less_for_noisy_ones(pair):
    x, x_hat = pair
    assert metrics.ssim(x, x) == 1
    assert 0 < metrics.ssim(x, x_hat) < 0.95


def test_ssim_is_the_mean_of_each_images_own_value(pair):
    x, x_hat = pair
    each = metrics.ssim(x, x_hat, per_image=True)
    assert each.shape == (5,)
    assert metrics.ssim(x[2:3], x_hat[2:3]) == pytest.approx(each[2])
    assert metrics.ssim(x, x_hat) == pytest.approx(each.mean())


def test_rounded_accuracy_counts_pixels_on_the_same_side_of_one_half():
    x = np.array([[[0.0, 0.4, 0.6, 1.0]]])
    x_hat = np.array([[[0.2, 0.6, 0.9, 0.1]]])
    assert metrics.rounded_accuracy(x, x_hat) == 0.5


def test_images_with_and_without_a_channel_axis_compare():
    x = np.full((2, 8, 8), 0.5)
    assert metrics.psnr(x, x[..., np.newaxis] + 0.01) == pytest.approx(40)


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
        metrics.as_images(np.zeros(shape))


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
        metrics.as_images(values)


@pytest.mark.parametrize("values", ["digits", [[1, 2], [3]], object()])
def test_what_is_no_array_of_numbers_is_a_type_error(values):
    with pytest.raises(TypeError, match="images is not an array of numbers"):
        metrics.as_images(values)


def test_a_rounding_overshoot_is_clipped():
    images = metrics.as_images(np.full((1, 8, 8), 1.001))
    assert images.max() == 1


def test_different_shapes_do_not_compare():
    with pytest.raises(ValueError, match=r"x has shape \(2, 8, 8\) and x_hat \(3, 8"):
        metrics.psnr(np.zeros((2, 8, 8)), np.zeros((3, 8, 8)))


def test_images_smaller_than_the_window_of_ssim_are_refused():
    with pytest.raises(ValueError, match=r"images are 6×9 pixels; .* at least 7×7"):
        metrics.ssim(np.zeros((2, 6, 9)), np.zeros((2, 6, 9)))
