"""Odd submissions are repaired or refused with a sentence, and nothing is followed."""

import builtins
import gc
import os
import re
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import MagicMock

import nbformat
import pytest

from grading.course import Course
from grading.runtime.fingerprint import key
from grading.submission import assemble, bounded, intake, read_notebook
from grading.submission.assignment import Assignment
from grading.submission.match_cells import match
from grading.submission.names_in_code import names
from samples import fuzzed_hand_ins, odd_submissions
from samples.course import ROOT
from samples.fuzzed_hand_ins import LONG_CODE, MANY
from samples.marking import expected_marks, marks_in_process
from samples.notebooks import references, source, with_cells
from samples.odd_submissions import FILE, NAME, ODD, RIGHT, Link, right, written
from samples.submissions import submissions

COURSE = Course.load(ROOT)
ASSIGNMENT = Assignment.load(COURSE, NAME)


@pytest.fixture
def course(tmp_path):
    """A course folder to hand in to; its assignments are the project's."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    return Course.load(tmp_path)


def hand_in(course, files, student="ana"):
    odd_submissions.hand_in(course.path(course.submitted, student, NAME), files)
    return intake.receive(course, ASSIGNMENT, student)


def computes(cells):
    """Run set-up and the student's cells with pretended libraries.

    Returns the answers, and every call that the builder makes to the libraries.
    """
    keras = MagicMock(name="keras")
    libraries = {"keras": keras}

    def pretended(name, *rest):
        first = name.split(".")[0]
        if first in sys.stdlib_module_names:
            return __import__(name, *rest)
        return libraries.setdefault(first, MagicMock(name=first))

    own = {**vars(builtins), "__import__": pretended}
    space = {"__builtins__": own, "get_ipython": MagicMock()}
    for cell in cells:
        if cell.kind == "code" and cell.role in ("setup", "solution"):
            # A cell that raises does not stop a kernel.
            try:
                exec(cell.source.replace("%matplotlib inline", ""), space)
            except (SyntaxError, NameError) as error:
                space["error"] = error
    work = {name: space.get(name) for name in ("answer_1", "answer_2")}
    keras.reset_mock()
    try:
        space["autoencoder"](784, [128, 64], 32)
        calls = re.sub(r" id='\d+'", "", repr(keras.mock_calls))
        work["autoencoder"] = calls
    except NotImplementedError:
        work["autoencoder"] = None
    return work


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_an_odd_submission_gets_what_its_work_deserves(course, odd):
    submission = hand_in(course, odd.files(right()))
    sentences = " ".join([submission.refused or "", *submission.notes])
    note = "" if odd.when_run else odd.note
    assert note in sentences
    assert bool(note) == bool(sentences.strip())
    assert (submission.refused is not None) == odd.refused
    cells = assemble.cells(ASSIGNMENT, submission)
    if odd.refused:
        assert cells == ASSIGNMENT.cells
        return
    done = computes(cells)
    wanted = computes(
        assemble.cells(ASSIGNMENT, intake.Submission("ana", NAME, solutions=RIGHT))
    )
    lost = {name for name in RIGHT if done[name] != wanted[name]}
    assert lost == set(odd.loses)


def notes_on_quiz(*changes):
    quiz = with_cells(source("quiz", "release"), references("quiz"))
    for change in changes:
        change(quiz)
    cells, _ = read_notebook.read(written(quiz))
    return match(Assignment.load(COURSE, "quiz"), cells).notes


def test_a_notebook_that_lost_all_of_nbgrader_s_data_gets_one_sentence_on_it():
    many = len(references("quiz"))
    lost = f"{many} solution cells had lost nbgrader's data; found by"
    assert many >= 2
    assert notes_on_quiz(odd_submissions.colab) == [f"{lost} id: {many}."]
    assert notes_on_quiz(odd_submissions.colab_new_ids) == [
        f"{lost} what it defines: {many}."
    ]


def test_the_sentence_on_lost_data_counts_each_way_and_other_notes_stay():
    def lose_one_id(quiz):
        cell = next(cell for cell in quiz.cells if cell.metadata.id == "answer_2")
        cell.metadata.id = "another"
        cell.cell_type = "raw"

    many = len(references("quiz"))
    assert notes_on_quiz(odd_submissions.colab, lose_one_id) == [
        f"{many} solution cells had lost nbgrader's data; found by id: {many - 1}, "
        "by what it defines: 1.",
        "Cell answer_2 was of type raw.",
    ]


def test_there_are_odd_submissions_of_every_kind():
    assert len({odd.name for odd in ODD}) == len(ODD)
    assert sum(not odd.refused and not odd.loses for odd in ODD) >= 30
    assert sum(odd.refused for odd in ODD) >= 15


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_the_course_s_own_cells_run_unchanged_and_in_order(course, odd):
    submission = hand_in(course, odd.files(right()))
    cells = assemble.cells(ASSIGNMENT, submission)
    own = [cell for cell in cells if not cell.id.startswith("added-")]
    assert [cell.name for cell in own] == [cell.name for cell in ASSIGNMENT.cells]
    for cell, original in zip(own, ASSIGNMENT.cells, strict=True):
        assert cell == original or cell.role == "solution"
    assert all(cell.role == "solution" for cell in cells if cell not in own)


@pytest.mark.parametrize(
    "name",
    ["Colab, other ids", "split: own function in a cell below"],
)
def test_a_repaired_submission_gets_full_marks(course, name):
    odd = next(odd for odd in ODD if odd.name == name)
    submission = hand_in(course, odd.files(right()))
    text = {**submission.solutions}
    for added in submission.added:
        text[added.after] += f"\n\n{added.source}"
    marks, messages = marks_in_process(NAME, text)
    assert marks == expected_marks(NAME, submissions(NAME)[0]), messages


def test_hidden_tests_are_not_among_the_cells_that_a_student_s_kernel_sees():
    assert any("HIDDEN" in cell.source for cell in ASSIGNMENT.tests)
    assert not any("HIDDEN" in cell.source for cell in ASSIGNMENT.cells)
    assert not any("BEGIN SOLUTION" in cell.source for cell in ASSIGNMENT.cells)


@pytest.mark.parametrize(
    "name",
    ["-rf", ".hidden", "a*", "a[b]", "{x}", " a", "a ", "~root", "a\nb", "=1+1"],
)
def test_a_folder_whose_name_cannot_be_an_id_is_left_out_with_a_sentence(course, name):
    hand_in(course, {}, "ana")
    (course.root / "submitted" / name / NAME).mkdir(parents=True)
    students, left_out = intake.students(course, NAME)
    assert students == ["ana"]
    assert list(left_out) == ([] if name.startswith(".") else [name])


def test_a_roster_decides_who_is_in_the_class(course):
    for student in ("ana", "Jürgen Groß", "mallory"):
        hand_in(course, {}, student)
    students, left_out = intake.students(course, NAME, {"ana", "Jürgen Groß"})
    assert students == ["Jürgen Groß", "ana"]
    assert "not in the roster" in left_out["mallory"]


def test_a_notebook_outside_of_its_folder_is_reported(course):
    (course.root / "submitted" / "ana").mkdir(parents=True)
    (course.root / "submitted" / "ana" / FILE).write_bytes(written(right()))
    students, left_out = intake.students(course, NAME)
    assert students == []
    assert "outside of the folder" in left_out["ana"]


@pytest.mark.parametrize("part", ["student", "assignment"])
def test_a_folder_that_is_a_link_is_not_followed(course, tmp_path, part):
    hand_in(course, {FILE: b"{}"}, "ana")
    bob = course.root / "submitted" / "bob"
    if part == "student":
        bob.symlink_to(course.root / "submitted" / "ana")
    else:
        bob.mkdir()
        (bob / NAME).symlink_to(course.root / "submitted" / "ana" / NAME)
    assert intake.students(course, NAME)[0] == ["ana", "bob"]
    assert "link" in intake.receive(course, ASSIGNMENT, "bob").refused


def test_a_linked_folder_inside_a_submission_is_not_followed(course):
    secret = course.root / "secret"
    secret.mkdir()
    (secret / FILE).write_bytes(b"{}")
    hand_in(course, {"inner": Link(str(secret))})
    assert "no file" in intake.receive(course, ASSIGNMENT, "ana").refused or (
        "no notebook" in intake.receive(course, ASSIGNMENT, "ana").refused
    )


def test_a_folder_with_too_many_files_is_refused(course):
    submission = hand_in(course, {f"{number}.txt": b"" for number in range(1_001)})
    assert "more than 1000 files" in submission.refused


def test_a_time_of_handing_in_is_kept(course):
    odd = next(odd for odd in ODD if odd.name == "nothing odd")
    files = {**odd.files(right()), "timestamp.txt": b"2026-11-21 18:00:00 UTC\n"}
    assert hand_in(course, files).timestamp == "2026-11-21 18:00:00 UTC"


@pytest.mark.parametrize(
    "content",
    [b'{"' * 50_000, b'"' + b'\\"' * 2_000_000, b"[" + b"1," * 3_000_000, b"\\" * 9],
    ids=["open strings", "escaped quotes", "numbers", "backslashes"],
)
def test_hostile_text_is_refused_in_linear_time(content):
    with pytest.raises(read_notebook.UnreadableError):
        read_notebook.read(content)


@pytest.mark.parametrize(
    "files",
    [
        {FILE: b'{"worksheets": [], "nbformat": "\\ud800\\u001b[2J", "metadata": {}}'},
        {"\udcff\udcfe\x1b[2J.txt": b"", "a.md": b""},
        {"\udcff.ipynb": written(right())},
    ],
    ids=["version", "file", "notebook"],
)
def test_a_sentence_about_a_submission_can_be_written_and_shown(course, files):
    submission = hand_in(course, files)
    sentences = [submission.refused or "", *submission.notes]
    assert any(sentences)
    for sentence in sentences:
        assert sentence.isprintable()
        sentence.encode()


def test_a_chain_of_cells_takes_time_in_proportion_to_its_length():
    """Each cell needs the next: the worst order for following names."""

    def seconds(length):
        notebook = with_cells(source(NAME, "release"), {})
        chain = [
            nbformat.v4.new_code_cell(f"def f{n}():\n    return f{n + 1}()")
            for n in range(length)
        ]
        solution = next(c for c in notebook.cells if "answer_1 =" in c.source)
        solution.source += "\nf0()"
        notebook.cells[1:1] = chain
        cells, _ = read_notebook.read(written(notebook))
        spent = []
        for _ in range(3):  # garbage collection may fall into one of them
            start = time.process_time()
            assert len(match(ASSIGNMENT, cells).added) == length
            spent.append(time.process_time() - start)
        return min(spent)

    assert seconds(1600) < 20 * seconds(200) + 0.1


@pytest.mark.parametrize(
    "source",
    ["(" * 5_000, "-" * 100_000 + "1", "a" + ".b" * 50_000, "x = [" * 90, "\x0c\\"],
    ids=["brackets", "signs", "attributes", "lists", "blanks"],
)
def test_hostile_code_is_read_without_harm(source):
    names(source)


def test_names_are_found_without_running_code():
    code_names = names(
        "%time\nimport a.b as c\nfrom d import e\nx, *y = f(z)\n"
        "def g(h):\n    global n\n    i = h + j\n    return [k for k in l]\n"
        "options['m'] = 1"
    )
    assert code_names.binds >= {"c", "e", "x", "y", "g"}
    assert code_names.needs >= {"f", "z", "j", "l"}
    assert not code_names.needs & {"h", "i", "k", "c"}
    assert code_names.touches == {"options"}


@pytest.mark.parametrize(
    "line",
    ["lines = !ls -l", "known = %who_ls", "help?", "keras.Model??", "%pip list", "!ls"],
)
def test_names_are_found_beside_what_is_ipython_s_alone(line):
    code_names = names(f"import math\n{line}\nif math:\n    {line}\nawait math.f()")
    assert code_names.binds >= {"math"}
    assert code_names.needs == set()


def test_the_key_depends_on_all_that_decides_the_result_and_on_nothing_else():
    base = intake.Submission("ana", NAME, solutions=RIGHT)
    first = assemble.job(ASSIGNMENT, base, "environment")
    other = intake.Submission("bob", NAME, solutions=RIGHT, notes=("renamed",))
    assert assemble.job(ASSIGNMENT, other, "environment").key == first.key
    changed = intake.Submission("ana", NAME, solutions={**RIGHT, "answer_1": "1"})
    keys = {
        first.key,
        assemble.job(ASSIGNMENT, changed, "environment").key,
        assemble.job(ASSIGNMENT, base, "other packages").key,
        assemble.job(
            ASSIGNMENT, base, "environment", limits=assemble.Limits(wall_s=1)
        ).key,
    }
    assert len(keys) == 4
    assert key(first, "environment") == first.key
    assert assemble.work_key(first) == assemble.work_key(
        assemble.job(ASSIGNMENT, base, "other packages")
    )


def test_a_refused_submission_keeps_its_time(course):
    files = {FILE: b"", "timestamp.txt": b"2026-11-21 18:00:00 UTC\n"}
    submission = hand_in(course, files)
    assert submission.refused is not None
    assert submission.timestamp == "2026-11-21 18:00:00 UTC"


def test_points_that_changed_since_the_release_are_said_as_such(course):
    notebook = right()
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade_id") == "shapes":
            about["points"] = 1
    submission = hand_in(course, {FILE: written(notebook)})
    assert submission.notes == ("Handed out with other points: shapes 1, now 2.",)


def test_a_refused_submission_gets_an_explicit_explained_zero(course):
    submission = hand_in(course, {FILE: b""})
    job = assemble.job(ASSIGNMENT, submission, "environment")
    result = assemble.refusal(job, submission)
    assert result.status == "refused"
    assert result.marks == dict.fromkeys(ASSIGNMENT.points, 0.0)
    assert "empty file" in result.messages["shapes"]
    assert "empty file" in result.notes[0]


# --- limits ---

LONG_FILES = {
    "brackets": b"[" * 20_000_000,
    "open strings": b'{"' * 10_000_000,
    "lists": b"[" + b"[]," * 6_000_000,
    "objects": b"[" + b'{"a":0},' * 149_000 + b"0]" + b" " * 15_000_000,
    "long numbers": b"[" + (b"9" * 4_000 + b",") * 4_990 + b"0]",
    "escapes": b'{"a":"' + b"\\n" * 9_990_000 + b'"}',
    "backslashes": b"\\" * 20_000_000,
    "bytes that are no UTF-8": b"\xe9" * 20_000_000,
    "wide signs": '{{"cells":[{{"source":"😀{}"}}]}}'.format("a" * 19_000_000).encode(),
    "UTF-16": ('{"a":"' + "é" * 9_000_000 + '"}').encode("utf-16"),
}


def read_within_limits(course, files):
    worst = fuzzed_hand_ins.Worst()
    fuzzed_hand_ins.read(course, ASSIGNMENT, files, worst)
    return intake.receive(course, ASSIGNMENT, "eve")


def with_code(*sources, kind="code"):
    notebook = right()
    for text in sources:
        cell = {"cell_type": kind, "source": text, "metadata": {}}
        notebook.cells.append(nbformat.from_dict(cell))
    return written(notebook)


@pytest.mark.parametrize("name", LONG_CODE)
def test_long_code_is_read_in_a_second_and_the_solution_is_found(course, name):
    submission = read_within_limits(course, {FILE: with_code(LONG_CODE[name])})
    assert submission.refused is None
    assert submission.solutions == RIGHT


@pytest.mark.parametrize("name", LONG_FILES)
def test_long_files_are_refused_within_a_second(course, name):
    assert read_within_limits(course, {FILE: LONG_FILES[name]}).refused


def test_blanks_after_a_fence_are_read_in_a_second(course):
    blanks = with_code("```" + " " * MANY, kind="markdown")
    assert read_within_limits(course, {FILE: blanks}).solutions == RIGHT


def test_what_takes_too_long_to_be_parsed_is_named_and_counts_as_no_python(course):
    submission = hand_in(course, {FILE: with_code(LONG_CODE["fields of a format"])})
    assert submission.notes[0].startswith("The code is too long to be searched")
    assert submission.solutions == RIGHT


def test_limits_hold_for_all_notebooks_of_a_student_together(course):
    draft = with_cells(source(NAME, "release"), {})
    draft.cells[2].source = "x;" * 200_000
    files = {f"{letter}.ipynb": written(draft) for letter in "abcdefghi"}
    submission = read_within_limits(course, {**files, "z.ipynb": written(right())})
    assert submission.refused is None
    assert "10 notebooks were handed in" in " ".join(submission.notes)


def test_a_student_s_code_of_usual_length_is_read_without_a_process(monkeypatch):
    monkeypatch.setattr(bounded, "call", None)
    for name in ("vae_by_hand", "quiz"):
        quiz = with_cells(source(name, "release"), references(name))
        cells, _ = read_notebook.read(written(quiz))
        assert match(Assignment.load(COURSE, name), cells).worked


def test_500_files_made_at_random_are_read_or_refused_within_limits():
    worst = fuzzed_hand_ins.fuzz(500, largest=5_000, derandomize=True)
    print(worst)
    assert worst.cases >= 500
    assert 0 < worst.refused < worst.cases


def test_no_file_that_was_refused_stays_in_memory(course):
    odd_submissions.hand_in(
        course.path(course.submitted, "eve", NAME), {FILE: b'{"' + b"a" * 10_000_000}
    )
    gc.disable()  # it would come, but not at once
    try:
        fuzzed_hand_ins.measured(lambda: intake.receive(course, ASSIGNMENT, "eve"))
        _, _, megabytes = fuzzed_hand_ins.measured(
            lambda: [intake.receive(course, ASSIGNMENT, "eve") for _ in range(12)]
        )
    finally:
        gc.enable()
    assert megabytes < 100


@pytest.mark.long
def test_10_000_files_made_at_random_are_read_or_refused_within_limits(capsys):
    worst = fuzzed_hand_ins.fuzz(10_000)
    with capsys.disabled():
        print(f"\n{worst}")
    assert worst.cases >= 10_000


# --- what cannot be read, and times ---


def test_a_folder_that_may_not_be_read_is_named(course, monkeypatch):
    hand_in(course, {FILE: written(right())}, "ana")
    hand_in(course, {FILE: written(right())}, "eve")
    lstat = Path.lstat

    def refuse(path):
        if "eve" in path.parts[:-1]:
            raise PermissionError(13, "Permission denied", str(path))
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", refuse)
    students, left_out = intake.students(course, NAME)
    assert students == ["ana"]
    assert left_out == {"eve": "The folder cannot be read: Permission denied."}


def test_an_ordinary_user_is_told_which_folders_may_not_be_read():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        shutil.copy(ROOT / "nbgrader_config.py", folder)
        course = Course.load(Path(folder))
        hand_in(course, {FILE: written(right())}, "ana")
        hand_in(course, {FILE: written(right())}, "eve")
        (course.root / "submitted" / "eve").chmod(0)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)  # root may read all
        try:
            students, left_out = intake.students(course, NAME)
        finally:
            os.seteuid(user)
            (course.root / "submitted" / "eve").chmod(0o700)
    assert students == ["ana"]
    assert "cannot be read" in left_out["eve"]


def times(course, inside=None, beside=None):
    """Return the time of a submission, and notes, with these files of times."""
    files = {FILE: written(right())}
    if inside is not None:
        files["timestamp.txt"] = inside.encode()
    if beside is not None:
        files[f"../{NAME}.timestamp.txt"] = beside.encode()
    submission = hand_in(course, files)
    return submission.timestamp, " ".join(submission.notes)


def now(days=0):
    time = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    return f"{time + timedelta(days=days)} UTC"


def test_the_file_beside_the_folder_decides_when_a_work_was_handed_in(course):
    later = now(-1)
    time, notes = times(course, inside=now(-9), beside=later)
    assert time == later
    assert "vanilla.timestamp.txt decides" in notes


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-12-01 18:05", "2026-12-01 18:05:00 UTC"),
        ("2026-12-01T18:05:00Z", "2026-12-01 18:05:00 UTC"),
        ("2026-12-01 18:05:00.250000 UTC", "2026-12-01 18:05:00.250000 UTC"),
        ("2026-12-01 18:05:00+01:00", "2026-12-01 17:05:00 UTC"),
        ("2026-12-01 18:05:00 -0230", "2026-12-01 20:35:00 UTC"),
        ("2026-12-01 18:05:00 CET\n", "2026-12-01 17:05:00 UTC"),
    ],
)
def test_a_time_is_read_with_its_zone(course, text, time):
    assert times(course, inside=text)[0] == time


@pytest.mark.parametrize(
    "text",
    [
        *("12", "1999", "2026-12-01", "1 Dec", "now", "", "18:05", "2026-13-01 00:00"),
        *("0000-01-01 00:00", "0001-01-01 00:00 +1400", "2026-12-01 18:05 XYZ"),
        "9" * 300,
    ],
)
def test_what_is_no_full_date_and_time_is_left_out_and_named(course, text):
    time, notes = times(course, inside=text)
    assert time is None
    assert "timestamp.txt holds no date and time" in notes


@pytest.mark.parametrize(
    "text", ["1999-01-01 00:00", "0001-01-01 00:00", "9999-12-31 23:59:59 UTC"]
)
def test_an_odd_time_is_named(course, text):
    time, notes = times(course, inside=text)
    assert time is not None
    assert "which cannot be" in notes


def test_a_time_within_the_year_is_nothing_odd(course):
    then = now(-100)
    assert times(course, inside=then) == (then, "")
