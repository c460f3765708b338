"""The page is one small file that fetches nothing and says whose digits it shows."""

import json
import re
import sys
from collections import Counter

from helpers.data import bundled

import numpy as np
import pytest

from tools import playground
from tools.javascript import run

UNPACK = """
const { train, test } = digitsModule.unpack(passed);
return [train, test].map(({ x, labels }) => [Array.from(x), labels]);
"""
ACCURACY = """
const [test, train] = passed;
return neighboursModule.accuracy(test, train);
"""
SCRIPTS = sorted(playground.FOLDER.glob("*.js"))


@pytest.fixture(scope="module")
def page():
    return playground.page()


def test_the_page_is_at_most_a_megabyte(page):
    assert len(page.encode()) <= 1_000_000


def test_the_page_fetches_nothing_and_its_policy_forbids_it(page):
    (policy,) = re.findall(
        r'http-equiv="Content-Security-Policy" content="(.*?)"', page
    )
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy
    assert not re.search(r"\bsrc=|@import|url\(|fetch\(|XMLHttp|import\(", page)
    addresses = re.findall(r'(.{9})https?://[^"]*"', page)
    assert set(addresses) == {'<a href="'}


def test_the_page_says_whose_digits_it_shows_and_under_which_licence(page):
    (footer,) = re.findall(r"<footer>(.*?)</footer>", page, re.S)
    for word in ("scikit-learn", "Alpaydin", "Kaynak", "1998", "CC BY 4.0"):
        assert word in footer


def test_the_page_s_digits_are_the_course_s(page):
    x_train, y_train, x_test, y_test = bundled.small_digits()
    unpacked = run(["digits.js"], UNPACK, playground.digits())
    for (x, labels), images, classes in zip(
        unpacked, (x_train, x_test), (y_train, y_test), strict=True
    ):
        assert x == images.ravel().tolist()
        assert labels == classes.tolist()


def test_the_accuracy_is_that_of_five_neighbours():
    generator = np.random.default_rng(1)
    train, test = (generator.normal(size=(n, 2)).round(3) for n in (200, 50))
    near, labels = train[:, 0] > 0.2, generator.integers(0, 4, 50)
    classes = generator.integers(0, 3, 200) + near
    right = 0
    for code, label in zip(test, labels, strict=True):
        nearest = classes[np.argsort(((train - code) ** 2).sum(axis=1))[:5]]
        right += Counter(nearest.tolist()).most_common(1)[0][0] == label
    passed = [
        {"codes": codes.ravel().tolist(), "labels": names.tolist()}
        for codes, names in ((test, labels), (train, classes))
    ]
    assert run(["neighbours.js"], ACCURACY, passed) == right / 50


def test_the_baselines_are_those_of_the_mean_picture_and_of_a_linear_plane(page):
    (data,) = re.findall(r'id="digits">(.*?)</script>', page, re.S)
    baselines = playground.baselines()
    assert baselines.items() <= json.loads(data).items()
    assert baselines["meanLoss"] == pytest.approx(26.8, abs=0.1)
    assert baselines["pca"] == pytest.approx(0.56, abs=0.01)


def test_every_element_that_a_script_asks_for_is_in_the_page(page):
    scripts = "".join(path.read_text("utf-8") for path in SCRIPTS)
    asked = set(re.findall(r'byId\("([\w-]+)"\)', scripts))
    assert asked
    assert asked <= set(re.findall(r'\bid="([\w-]+)"', page))


def test_no_function_of_the_scripts_has_more_than_forty_lines():
    for path in SCRIPTS:
        lines = path.read_text("utf-8").split("\n")
        for begin, line in enumerate(lines):
            indent = re.match(r"( *)(export )?(async )?(function|[#\w]+\().*\{$", line)
            if indent and not re.match(r" *(if|for|while) ?\(", line):
                end = lines.index(f"{indent[1]}}}", begin)
                assert end - begin < 40, f"{path.name}: {line}"


def test_one_command_writes_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(playground, "PAGE", tmp_path / "page.html")
    monkeypatch.setattr(playground, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["playground", "--no-open"])
    playground.main()
    assert (tmp_path / "page.html").read_text("utf-8") == playground.page()
