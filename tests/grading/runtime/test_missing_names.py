"""What is said where a test needs a name that is not there."""

from grading.runtime.job import Cell, Job
from grading.runtime.missing_names import explain

MISSING = "NameError: autoencoder is not defined"


def job(*tests: str) -> Job:
    """Return a job of one solution cell and tests of it."""
    cells = [Cell("c1", "autoencoder", "code", "", "solution")]
    full = [Cell(f"t{name}", name, "code", "", "test", 1) for name in tests]
    return Job("vanilla", "ana", (*cells, *full), tuple(full))


def test_a_syntax_error_is_one_sentence_and_the_other_checks_wait() -> None:
    broken = {"output_type": "error", "ename": "SyntaxError", "evalue": "bad (1)"}

    said, notes = explain(
        job("shapes", "loss", "quiz"),
        {"autoencoder": [broken]},
        {"shapes": MISSING, "loss": MISSING, "quiz": "Does not hold: quiz"},
    )

    sentence = (
        "autoencoder is not defined: the cell autoencoder breaks off with "
        "SyntaxError: bad (1)."
    )
    assert said == {
        "shapes": sentence,
        "loss": "It waits for autoencoder: see the check shapes.",
        "quiz": "Does not hold: quiz",
    }
    assert notes == [sentence]


def test_a_function_of_another_name_is_said_to_be_one() -> None:
    said, notes = explain(job("shapes"), {"autoencoder": []}, {"shapes": MISSING})

    assert said["shapes"] == notes[0]
    assert "no cell defines it" in notes[0]


def test_nothing_is_said_where_nothing_is_missing() -> None:
    messages = {"shapes": "Does not hold: NameError: x is not defined"}

    assert explain(job("shapes", "loss"), {}, messages) == (messages, [])
