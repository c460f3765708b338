"""Data sets come from folder, cache, mirror or package, and say which."""

import dataclasses
import errno
import gzip
import hashlib
import io
import pickle
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from helpers import data
from helpers.data import bundled, cache, network
from helpers.data.folder import ARRAY_NAMES

import numpy as np
import pytest
import sklearn.datasets
from tqdm import tqdm

NAMES = ("mnist", "fashion_mnist", "cifar10")
RNG = np.random.default_rng(0)


def random_arrays(shape=(28, 28), n_train=20, n_test=10):
    return {
        "x_train": RNG.integers(0, 256, (n_train, *shape), np.uint8),
        "y_train": np.arange(n_train, dtype=np.uint8) % 10,
        "x_test": RNG.integers(0, 256, (n_test, *shape), np.uint8),
        "y_test": np.arange(n_test, dtype=np.uint8) % 10,
    }


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape)
    return gzip.compress(header + array.tobytes())


ARRAYS = random_arrays()
PARTS = dict(zip(data.SPECS["mnist"].files, ARRAY_NAMES, strict=True))
ARCHIVES = {file: idx(ARRAYS[part]) for file, part in PARTS.items()}
FIRST = next(iter(ARCHIVES))


def md5(content):
    return hashlib.md5(content).hexdigest()


class Mirror:
    """A real HTTP server on this machine; ``files`` maps a name to bytes or a deed."""

    def __init__(self, files):
        self.files = dict(files)
        self.asked = []
        self.awake = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self):
                mirror.asked.append("HEAD")
                self.send_response(200)
                self.end_headers()

            def do_GET(self):
                name = self.path.lstrip("/")
                mirror.asked.append(name)
                content = mirror.files.get(name)
                if callable(content):
                    content = content()
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.01,)).start()

    def stall(self):
        """Answer rightly, but far too late."""
        self.awake.wait(20)
        return ARCHIVES[FIRST]

    def close(self):
        self.awake.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(autouse=True)
def full_profile_online_and_an_empty_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(data, "QUICK", False)
    monkeypatch.setattr(cache, "RETRIES", 0)
    network._probe.cache_clear()
    yield
    network._probe.cache_clear()


@pytest.fixture
def mirrors(monkeypatch):
    """Return a function that starts servers and makes them the mirrors of MNIST.

    Progress is shown as on a terminal, even if another test has started a notebook.
    """
    monkeypatch.setattr("pooch.downloaders.tqdm", tqdm)
    started = []

    def start(*contents):
        started.extend(Mirror(files) for files in contents)
        use_mirrors(monkeypatch, *(mirror.url for mirror in started))
        return started

    yield start
    for mirror in started:
        mirror.close()


def use_mirrors(monkeypatch, *urls):
    for name in NAMES:
        spec = dataclasses.replace(data.SPECS[name], mirrors=urls)
        if name == "mnist":
            checksums = {file: md5(content) for file, content in ARCHIVES.items()}
            spec = dataclasses.replace(
                spec,
                files=checksums,
                sizes=(20, 10),
                embedded=bundled.grey_patches,  # quicker to make than digits
            )
        monkeypatch.setitem(data.SPECS, name, spec)


@pytest.fixture(scope="module", params=NAMES)
def stand_in(request, tmp_path_factory):
    """Return each data set as it loads without a network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DATA", raising=False)
        patch.setenv("COURSE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("COURSE_OFFLINE", "1")
        return data.load(request.param)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "my data"
    path.mkdir()
    np.savez_compressed(path / "mnist.npz", **ARRAYS)
    return path


def cached(tmp_path):
    """Return the names of all files in the cache, hidden and temporary ones too."""
    return {p.name for p in (tmp_path / "cache").rglob("*") if p.is_file()}


def is_mnist(loaded):
    return np.array_equal(np.round(loaded.x_train[..., 0] * 255), ARRAYS["x_train"])


# -- what a loaded data set is ---------------------------------------------------------


def test_importing_it_imports_neither_tensorflow_nor_keras():
    code = "import sys, helpers.data; print({'tensorflow', 'keras'} & set(sys.modules))"
    run = [sys.executable, "-W", "error", "-c", code]
    assert subprocess.check_output(run, text=True).strip() == "set()"


def test_images_are_float32_in_0_to_1_with_an_axis_for_channels(stand_in):
    for images in (stand_in.x_train, stand_in.x_test):
        assert images.dtype == np.float32
        assert images.shape[1:] == data.SPECS[stand_in.name].shape
        assert 0 <= images.min() < images.max() <= 1


def test_labels_are_int64_indices_into_the_class_names(stand_in):
    for labels in (stand_in.y_train, stand_in.y_test):
        assert labels.dtype == np.int64
        assert set(labels) == set(range(len(stand_in.class_names)))


def test_a_column_of_labels_becomes_a_row(folder):
    arrays = random_arrays((32, 32, 3))
    arrays["y_train"] = arrays["y_train"].reshape(-1, 1)
    np.savez(folder / "cifar10.npz", **arrays)
    assert data.load("cifar10", folder=folder).y_train.shape == (20,)


def test_the_first_images_are_taken_when_fewer_are_asked_for(folder):
    loaded = data.load("mnist", folder=folder, n_train=7, n_test=3)
    assert len(loaded.x_train) == len(loaded.y_train) == 7
    assert len(loaded.x_test) == len(loaded.y_test) == 3
    assert np.array_equal(loaded.y_train, ARRAYS["y_train"][:7])


def test_all_images_are_taken_when_more_are_asked_for_than_there_are(folder):
    assert len(data.load("mnist", folder=folder, n_train=1_000).x_train) == 20


def test_the_last_training_images_are_set_aside_for_validation(folder):
    loaded = data.load("mnist", folder=folder, valid=2)
    assert np.array_equal(loaded.y_train, ARRAYS["y_train"][:18])
    assert np.array_equal(loaded.y_valid, ARRAYS["y_train"][18:])
    assert np.array_equal(
        np.round(loaded.x_valid[..., 0] * 255), ARRAYS["x_train"][18:]
    )


def test_the_validation_images_are_the_same_however_few_are_trained_on(folder):
    few = data.load("mnist", folder=folder, valid=2, n_train=3)
    assert len(few.x_train) == 3
    assert np.array_equal(few.y_valid, ARRAYS["y_train"][18:])


def test_never_more_than_a_tenth_is_set_aside(folder):
    loaded = data.load("mnist", folder=folder, valid=5_000)
    assert (len(loaded.x_train), len(loaded.x_valid)) == (18, 2)


def test_nothing_is_set_aside_unless_asked_for(folder):
    loaded = data.load("mnist", folder=folder)
    assert (len(loaded.x_train), loaded.x_valid.shape) == (20, (0, 28, 28, 1))


def test_images_set_aside_are_named_and_leave_the_data_complete(
    folder, monkeypatch, capsys
):
    use_mirrors(monkeypatch)
    assert data.load("mnist", folder=folder, valid=2).full
    assert "18 training, 2 validation and 10 test images" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [0, -1, 2.5, True, "10"])
def test_a_number_of_images_that_is_no_number_is_an_error(folder, wrong):
    with pytest.raises(data.DataError, match=r"n_test is .*1 or more"):
        data.load("mnist", folder=folder, n_test=wrong)
    with pytest.raises(data.DataError, match=r"valid is .*1 or more"):
        data.load("mnist", folder=folder, valid=wrong)


def test_the_quick_profile_takes_500_and_400_images_at_most(monkeypatch, capsys):
    monkeypatch.setattr(data, "QUICK", True)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    loaded = data.load("cifar10", n_train=600, valid=5_000)
    assert (len(loaded.x_train), len(loaded.x_test)) == (500, 400)
    assert len(loaded.x_valid) == 200
    assert "quick profile" in capsys.readouterr().out
    assert len(data.load("cifar10", quick_train=510).x_train) == 510


def test_only_every_image_of_the_real_data_counts_as_full(folder, monkeypatch):
    use_mirrors(monkeypatch)
    assert data.load("mnist", folder=folder).full
    assert not data.load("mnist", folder=folder, n_test=9).full


def test_a_subset_of_the_real_data_is_called_so(folder, capsys):
    assert not data.load("mnist", folder=folder).full
    assert capsys.readouterr().out == (
        "mnist: 20 training and 10 test images of 28×28×1, "
        "from your data folder (a subset of 60,000 and 10,000).\n"
    )


def test_an_unknown_name_is_an_error_that_lists_the_known_ones():
    with pytest.raises(data.DataError, match=r"'minst'.*'mnist', 'fashion_mnist'"):
        data.load("minst")


# -- a folder that the user names ------------------------------------------------------


def test_the_folder_can_be_named_by_the_environment(folder, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(folder))
    loaded = data.load("mnist")
    assert loaded.source == "folder"
    assert is_mnist(loaded)


def test_the_argument_outranks_the_environment(folder, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "/no/such/folder")
    assert is_mnist(data.load("mnist", folder=folder))


def test_the_folder_outranks_the_cache_and_the_network(folder, mirrors):
    (mirror,) = mirrors(ARCHIVES)
    data.load("mnist")
    mirror.asked.clear()
    assert data.load("mnist", folder=folder).source == "folder"
    assert mirror.asked == []


def test_a_folder_without_the_file_is_an_error_that_says_what_it_has(folder):
    with pytest.raises(data.DataError, match=r"no cifar10\.npz; it has mnist\.npz\. P"):
        data.load("cifar10", folder=folder)


def test_a_folder_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(data.DataError, match=r"elsewhere does not exist\. Put mnist"):
        data.load("mnist", folder=tmp_path / "elsewhere")


def half_of(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 255
    path.write_bytes(content)


def save_one_array(path):
    with path.open("wb") as file:
        np.save(file, ARRAYS["x_train"])


@pytest.mark.parametrize(
    "damage",
    [
        half_of,
        flip_a_byte,
        save_one_array,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("<html>not found</html>"),
        lambda path: np.savez(path, x_train=np.array([{}], dtype=object)),
    ],
    ids=["cut off", "flipped byte", "npy", "empty", "web page", "objects"],
)
def test_a_damaged_file_is_an_error_that_names_it_and_the_fix(folder, damage):
    damage(folder / "mnist.npz")
    with pytest.raises(data.DataError, match=r"mnist\.npz cannot be read.*copy it"):
        data.load("mnist", folder=folder)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"y_test": None}, "the array y_test is missing"),
        ({"x_train": np.zeros((20, 32, 32), np.uint8)}, r"x_train .*\(20, 32, 32\)"),
        ({"x_test": np.uint8(0)}, r"x_test has the shape \(\)"),
        ({"x_train": np.zeros((20, 28, 28))}, "x_train is float64, not uint8"),
        ({"y_train": np.zeros((20, 10), int)}, r"y_train is int64 of shape \(20, 10\)"),
        ({"y_train": np.int64(3)}, r"x_train has 20 images|y_train is int64"),
        ({"y_train": np.zeros(20)}, "y_train is float64"),
        ({"y_train": np.zeros(19, int)}, "20 images, but y_train 19 labels"),
        ({"y_test": np.full(10, 10)}, "labels outside 0 to 9"),
        (random_arrays(n_test=0), "x_test is empty"),
    ],
)
def test_arrays_that_do_not_fit_are_an_error_that_says_which(folder, change, complaint):
    arrays = {k: v for k, v in (ARRAYS | change).items() if v is not None}
    np.savez(folder / "mnist.npz", **arrays)
    with pytest.raises(data.DataError, match=f"{complaint}.*Save it with"):
        data.load("mnist", folder=folder)


# -- downloads and the cache -----------------------------------------------------------


def test_a_download_is_complete_and_says_so_in_one_line(mirrors, capsys):
    mirrors(ARCHIVES)
    loaded = data.load("mnist")
    assert loaded.source == "download"
    assert loaded.full
    assert is_mnist(loaded)
    assert capsys.readouterr().out == (
        "mnist: 20 training and 10 test images of 28×28×1, "
        "downloaded into the cache (complete).\n"
    )


def test_a_download_shows_its_progress(mirrors, capsys):
    mirrors(ARCHIVES)
    data.load("mnist")
    assert "100%" in capsys.readouterr().err


def test_the_second_load_comes_from_the_cache_and_asks_nobody(mirrors):
    (mirror,) = mirrors(ARCHIVES)
    data.load("mnist")
    mirror.asked.clear()
    again = data.load("mnist")
    assert again.source == "cache"
    assert is_mnist(again)
    assert mirror.asked == []


def test_the_cache_serves_without_a_network(mirrors, monkeypatch):
    mirrors(ARCHIVES)
    data.load("mnist")
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    assert data.load("mnist").source == "cache"


@pytest.mark.parametrize(
    "first_mirror",
    [{}, ARCHIVES | {FIRST: b"a login page"}, ARCHIVES | {FIRST: ARCHIVES[FIRST][:99]}],
    ids=["without the file", "with another file", "with half of the file"],
)
def test_the_second_mirror_serves_when_the_first_does_not(mirrors, first_mirror):
    _, second = mirrors(first_mirror, ARCHIVES)
    loaded = data.load("mnist")
    assert loaded.source == "download"
    assert is_mnist(loaded)
    assert FIRST in second.asked


def test_a_mirror_that_stalls_is_left_for_the_next(mirrors, monkeypatch):
    monkeypatch.setattr(cache, "TIMEOUT_SECONDS", (1.0, 0.2))
    first, second = mirrors({}, ARCHIVES)
    first.files[FIRST] = first.stall
    assert data.load("mnist").source == "download"
    assert FIRST in second.asked


def test_a_mirror_is_tried_again_after_a_fault(mirrors, monkeypatch):
    monkeypatch.setattr(cache, "RETRIES", 1)
    (mirror,) = mirrors(ARCHIVES)
    answers = iter([b"a fault", ARCHIVES[FIRST]])
    mirror.files[FIRST] = lambda: next(answers)
    assert is_mnist(data.load("mnist"))
    assert mirror.asked.count(FIRST) == 2


def test_a_damaged_file_in_the_cache_is_said_and_fetched_again(
    mirrors, tmp_path, capsys
):
    (mirror,) = mirrors(ARCHIVES)
    data.load("mnist")
    half_of(tmp_path / "cache" / "mnist" / FIRST)
    capsys.readouterr()
    mirror.asked.clear()
    assert is_mnist(data.load("mnist"))
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"mnist: {FIRST} in the cache is damaged; it is fetched again."
    assert [name for name in mirror.asked if name != "HEAD"] == [FIRST]


def test_a_damaged_file_in_the_cache_is_never_used_offline(
    mirrors, tmp_path, monkeypatch, capsys
):
    mirrors(ARCHIVES)
    data.load("mnist")
    flip_a_byte(tmp_path / "cache" / "mnist" / FIRST)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    capsys.readouterr()
    assert data.load("mnist").source == "embedded"
    assert f"{FIRST} in the cache is damaged" in capsys.readouterr().out


def test_when_no_mirror_delivers_the_reason_is_said_and_nothing_is_left(
    mirrors, tmp_path, capsys
):
    mirrors({}, {FIRST: b"a login page"})
    assert data.load("mnist").source == "embedded"
    reason, _ = capsys.readouterr().out.splitlines()
    assert reason == (
        f"mnist: no mirror delivered {FIRST} "
        "(127.0.0.1: HTTPError; 127.0.0.1: wrong checksum)."
    )
    assert cached(tmp_path) == set()


def test_a_full_disk_is_an_error_that_says_what_to_do_and_leaves_nothing(
    mirrors, tmp_path, monkeypatch
):
    class FullDisk(io.FileIO):
        def write(self, chunk):
            super().write(chunk[: len(chunk) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

    mirrors(ARCHIVES)
    monkeypatch.setattr("pooch.downloaders.open", FullDisk, raising=False)
    with pytest.raises(
        data.DataError, match=r"disk is full.*Free 500 MB.*COURSE_CACHE"
    ):
        data.load("mnist")
    assert cached(tmp_path) == set()


def test_a_cache_that_cannot_be_written_to_is_an_error_that_says_what_to_do(
    mirrors, tmp_path, monkeypatch
):
    mirrors(ARCHIVES)
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(data.DataError, match=r"cannot be written to.*COURSE_CACHE"):
        data.load("mnist")


def python_2_pickle(images, labels):
    """Return a batch as CIFAR-10's authors saved it: by Python 2, with numpy 1."""

    def text(content):
        return b"T" + struct.pack("<i", len(content)) + content

    rows = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    shape = b"".join(b"J" + struct.pack("<i", side) for side in rows.shape)
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR"
        b"(K\x01" + shape + b"\x86cnumpy\ndtype\n(U\x02u1K\x00K\x01tR"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + text(rows.tobytes())
        + b"tb"
    )
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    pairs = text(b"data") + array + text(b"labels") + numbers
    return b"\x80\x02}(" + pairs + b"u."


def cifar_archive(batches):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, batch in batches.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(batch)
            archive.addfile(member, io.BytesIO(batch))
    return content.getvalue()


def serve_cifar(monkeypatch, mirrors, batches):
    content = cifar_archive(batches)
    mirrors({"cifar-10-python.tar.gz": content})
    checksums = {"cifar-10-python.tar.gz": md5(content)}
    spec = dataclasses.replace(data.SPECS["cifar10"], files=checksums)
    monkeypatch.setitem(data.SPECS, "cifar10", spec)


def test_cifar10_is_read_from_the_batches_of_its_authors(monkeypatch, mirrors):
    arrays = random_arrays((32, 32, 3))
    images, labels = arrays["x_train"], arrays["y_train"]
    batches = {
        f"data_batch_{i + 1}": python_2_pickle(
            images[4 * i : 4 * i + 4], labels[4 * i : 4 * i + 4]
        )
        for i in range(5)
    }
    batches["test_batch"] = python_2_pickle(arrays["x_test"], arrays["y_test"])
    serve_cifar(monkeypatch, mirrors, batches)
    loaded = data.load("cifar10")
    assert np.array_equal(np.round(loaded.x_train * 255), images)
    assert np.array_equal(loaded.y_test, arrays["y_test"])


def test_an_archive_cannot_run_code(monkeypatch, mirrors):
    serve_cifar(monkeypatch, mirrors, {"data_batch_1": pickle.dumps(print)})
    with pytest.raises(pickle.UnpicklingError, match="print is not allowed"):
        data.load("cifar10")


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_has_mirrors_on_two_hosts(name):
    assert len({urlsplit(url).hostname for url in data.SPECS[name].mirrors}) >= 2


# -- no network ------------------------------------------------------------------------


def test_five_seconds_are_not_exceeded_by_the_probe():
    assert network.PROBE_SECONDS < 5


def test_a_host_that_never_answers_means_no_network_after_the_time_set(monkeypatch):
    monkeypatch.setattr(network, "PROBE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_mirrors(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        assert not network.available()


def test_a_name_that_is_looked_up_for_ever_does_not_hold_the_probe(monkeypatch):
    over = threading.Event()

    def look_up(*args, **kwargs):
        over.wait(20)
        raise socket.gaierror("no such host")

    monkeypatch.setattr(network, "PROBE_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    use_mirrors(monkeypatch, "http://mirror.invalid/")
    start = time.monotonic()
    assert not network.available()
    assert time.monotonic() - start < 10
    over.set()


def test_one_mirror_that_answers_is_network_enough(mirrors, monkeypatch):
    (mirror,) = mirrors(ARCHIVES)
    use_mirrors(monkeypatch, "http://127.0.0.1:9/", mirror.url)
    assert network.available()


def test_the_network_is_tried_once(mirrors):
    (mirror,) = mirrors({})
    data.where("mnist")
    data.where("mnist")
    data.where("cifar10")
    assert mirror.asked == ["HEAD"]


def test_course_offline_asks_nobody(mirrors, monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    (mirror,) = mirrors(ARCHIVES)
    assert data.load("mnist").source == "embedded"
    assert mirror.asked == []


def test_without_a_network_the_line_says_what_stands_in_and_what_to_do(
    monkeypatch, capsys
):
    use_mirrors(monkeypatch, "http://127.0.0.1:9/")
    loaded = data.load("cifar10")
    assert loaded.source == "embedded"
    assert not loaded.full
    assert capsys.readouterr().out == (
        "cifar10: 2,916 training and 972 test images of 32×32×3, embedded: colour "
        "patches of two photographs in scikit-learn. For the real data, connect to the "
        "internet and restart the kernel, or set COURSE_DATA to a folder with "
        "cifar10.npz.\n"
    )


def test_offline_by_wish_the_line_says_how_to_undo_it(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    data.load("cifar10")
    assert "unset COURSE_OFFLINE and restart" in capsys.readouterr().out


# -- embedded images -------------------------------------------------------------------


@pytest.mark.parametrize(
    "source", [bundled.digits, bundled.colour_patches, bundled.grey_patches]
)
def test_embedded_images_are_the_same_on_every_call(source):
    for first, second in zip(source(), source(), strict=True):
        assert np.array_equal(first, second)


def test_the_first_hundred_embedded_images_hold_every_class(stand_in):
    n_classes = len(stand_in.class_names)
    assert len(set(stand_in.y_train[:100])) == n_classes
    assert len(set(stand_in.y_test[:100])) == n_classes


def test_digits_for_test_begin_with_a_new_text():
    target = sklearn.datasets.load_digits().target
    start = target[bundled.FIRST_TEST_DIGIT :][:20]
    assert np.array_equal(start, np.tile(np.arange(10), 2))


def test_small_digits_are_split_where_a_new_text_begins():
    x_train, y_train, x_test, y_test = bundled.small_digits()
    bunch = sklearn.datasets.load_digits()
    assert x_test.shape == (510, 8, 8, 1)
    assert np.array_equal(x_test[0, ..., 0], bunch.images[len(x_train)] / 16)
    assert np.array_equal(np.concatenate([y_train, y_test]), bunch.target)


def test_no_digit_for_test_has_a_relative_in_training(monkeypatch):
    bunch = sklearn.datasets.load_digits()
    bunch.images[:] = 8
    bunch.images[bundled.FIRST_TEST_DIGIT :] = 16
    monkeypatch.setattr(sklearn.datasets, "load_digits", lambda: bunch)
    x_train, _, x_test, _ = bundled.digits()
    middle = np.s_[:, 10:18, 10:18]
    assert x_train[middle].max() < x_test[middle].min()


@pytest.mark.parametrize(("size", "step"), [(32, 2), (28, 4)])
def test_patches_for_training_and_test_share_no_pixel(size, step):
    photograph = np.zeros((427, 640), np.uint8)
    for y, x in bundled.corners(213, 320, size=size, step=step, test=True):
        photograph[2 * y : 2 * (y + size), 2 * x : 2 * (x + size)] = 255
    x_train, _, x_test, _ = bundled._patches([photograph], size=size, step=step)
    assert x_train.max() == 0
    assert x_test.min() == 255
