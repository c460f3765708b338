"""PSNR, SSIM and rounded accuracy: known values, scikit-image's, and clear errors."""

from helpers import metrics

import numpy as np
import pytest
import skimage.metrics
from scipy.linalg import sqrtm


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


def test_different_shapes_do_not_compare():
    with pytest.raises(ValueError, match=r"x has shape \(2, 8, 8\) and x_hat \(3, 8"):
        metrics.psnr(np.zeros((2, 8, 8)), np.zeros((3, 8, 8)))


def test_images_smaller_than_the_window_of_ssim_are_refused():
    with pytest.raises(ValueError, match=r"images are 6×9 pixels; .* at least 7×7"):
        metrics.ssim(np.zeros((2, 6, 9)), np.zeros((2, 6, 9)))


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(3, 3))
    return rng.normal(size=(400, 3)) @ mix, 2 * rng.normal(size=(300, 3)) + 1


def test_the_frechet_distance_is_that_of_the_formula_with_a_matrix_root(features):
    c1, c2 = (np.cov(a.T) for a in features)
    between = np.sum((features[0].mean(axis=0) - features[1].mean(axis=0)) ** 2)
    expected = between + np.trace(c1 + c2 - 2 * sqrtm(c1 @ c2).real)
    assert metrics.frechet_distance(*features) == pytest.approx(expected)
    assert metrics.frechet_distance(*features[::-1]) == pytest.approx(expected)


def test_a_set_has_no_distance_from_itself_in_another_order(features):
    a = np.hstack([features[0], features[0][:, :1]])  # no full rank
    assert metrics.frechet_distance(a, a[::-1]) == pytest.approx(0, abs=1e-6)


def test_a_frechet_distance_sees_missing_variety(features):
    one_kind = 0.1 * features[0]
    assert metrics.frechet_distance(features[0], one_kind) > 1


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((9, 3), (9, 2)), "the same d features"),
        (((9, 3, 1), (9, 3)), "the same d features"),
        (((9, 3), (3, 3)), "more images than features"),
    ],
)
def test_features_that_cannot_be_compared_are_refused(shapes, message):
    with pytest.raises(ValueError, match=message):
        metrics.frechet_distance(*(np.ones(shape) for shape in shapes))
