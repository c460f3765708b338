"""What somebody draws becomes an image like those that the models learnt."""

from collections import Counter

from helpers.data import bundled

import numpy as np
import pytest

from tools.javascript import run

TURN = np.linspace(0, 2 * np.pi, 25)
DRAWN = {
    0: [[0.5 + 0.2 * np.sin(TURN), 0.5 - 0.4 * np.cos(TURN)]],
    1: [[[0.4, 0.5, 0.5], [0.3, 0.15, 0.9]]],
    4: [[[0.35, 0.25, 0.75], [0.1, 0.6, 0.6]], [[0.6, 0.6], [0.4, 0.95]]],
    7: [[[0.25, 0.75, 0.4], [0.1, 0.1, 0.9]], [[0.35, 0.7], [0.5, 0.5]]],
}
IMAGES = """
return passed.map((strokes) => Array.from(digitsModule.fromStrokes(strokes)));
"""


def as_points(strokes):
    return [np.transpose(stroke).tolist() for stroke in strokes]


def images(drawings):
    return np.array(run(["digits.js"], IMAGES, list(map(as_points, drawings))))


def test_a_drawn_digit_lies_nearest_to_real_digits_of_its_class():
    x_train, y_train, *_ = bundled.small_digits()
    for drawn, image in zip(DRAWN, images(DRAWN.values()), strict=True):
        away = np.abs(x_train.reshape(-1, 64) - image).sum(axis=1)
        nearest = y_train[np.argsort(away)[:5]]
        assert Counter(nearest.tolist()).most_common(1)[0][0] == drawn


def test_size_and_place_of_a_drawing_do_not_matter():
    (zero,) = DRAWN[0]
    here, there = images([[zero], [[0.1 + zero[0] / 3, 0.6 + zero[1] / 3]]])
    assert here == pytest.approx(there, abs=1 / 16)


@pytest.mark.parametrize(
    "strokes", [[[[0.5], [0.5]]], [[[0.1, 0.9], [0.5, 0.5]]], [[[0.5, 0.5], [0, 1]]]]
)
def test_a_dot_and_a_line_are_images_too(strokes):
    (image,) = images([strokes])
    assert 0 < image.sum() < 32
    assert image.min() >= 0
    assert image.max() <= 1
