"""A lesson is stored in the form in which a reader should first see it."""

import base64
import io

from helpers import plots

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from scipy.ndimage import gaussian_filter

from tools import lesson_form

ASK = 'guess = predict.choice("Which is better?", ["this", "that"])'


def stored(*sources, tags=(), html=""):
    """Return the notebook of these code cells, each with an output, as it is stored."""
    output = new_output("display_data", {"text/html": html, "text/plain": "seen"})
    cells = [
        new_code_cell(source, outputs=[output.copy()], metadata={"tags": list(tags)})
        for source in sources
    ]
    notebook = new_notebook(cells=[new_markdown_cell("# Title"), *cells])
    lesson_form.store(notebook)
    nbformat.validate(notebook)
    return notebook


def folds(notebook):
    """Return what is folded of each code cell: its source, its output."""
    jupyter = [cell.metadata.get("jupyter", {}) for cell in notebook.cells[1:]]
    return [
        (metadata.get("source_hidden", False), metadata.get("outputs_hidden", False))
        for metadata in jupyter
    ]


def test_what_follows_a_prediction_is_folded_up_to_its_comparison():
    cells = ("1", ASK, "train()", 'guess.compare("this" if a < b else "that")', "2")
    assert [output for _, output in folds(stored(*cells))] == [0, 0, 1, 1, 0]
    assert not any(source for source, _ in folds(stored(*cells)))


def test_the_first_line_of_a_folded_output_which_jupyterlab_shows_is_blank():
    stream = new_output("stream", text="It was the second.\n")
    cells = [
        new_code_cell(source, outputs=[output])
        for source, output in (
            (ASK, stream.copy()),
            ("train()", stream.copy()),
            (
                "1",
                new_output("display_data", {"text/html": "It was", "text/plain": "x"}),
            ),
            (
                "guess.compare('this')",
                new_output("display_data", {"text/plain": "It was"}),
            ),
        )
    ]
    notebook = new_notebook(cells=cells)
    lesson_form.store(notebook)
    asked, *folded = (cell.outputs[0] for cell in notebook.cells)
    assert asked == stream
    shown = [folded[0].text, folded[1].data["text/html"], folded[2].data["text/plain"]]
    assert [text.partition("\n")[0] for text in shown] == [" "] * 3


def test_an_answer_that_a_cell_spells_out_is_folded_with_its_code():
    assert folds(stored(ASK, '# You said\nguess.compare("this")'))[1] == (True, True)


def test_two_predictions_wait_until_both_are_compared():
    cells = (ASK, "gain = predict.number('How many dB?')", "guess.compare(x)", "1")
    cells = (*cells, "gain.compare(y)", "2")
    assert [output for _, output in folds(stored(*cells))] == [0, 1, 1, 1, 1, 0]


def test_a_loop_compares_each_prediction_that_it_goes_through():
    cells = (ASK, "gain = predict.number('How many dB?')", "train()")
    loop = "for asked, is_it in ((guess, 1), (gain, 2)):\n    asked.compare(f(is_it))"
    assert [output for _, output in folds(stored(*cells, loop, "3"))] == [0, 1, 1, 1, 0]
    half = loop.replace(", (gain, 2)", ",")
    assert [output for _, output in folds(stored(*cells, half, "3"))] == [0, 1, 1, 1, 1]


def test_a_solution_is_folded_as_a_whole():
    assert folds(stored("# Solution\n1 + 1", tags=["solution"])) == [(True, True)]


def test_no_script_is_stored_and_other_outputs_stay_as_they_are():
    page = '<div class="course" data-course="{}"><div>Text</div>\n<style>\na</style>\n'
    page += "<script>\nb\n</script></div>"
    left = stored("1", html=page).cells[1].outputs[0].data["text/html"]
    assert left == '<div class="course"><div>Text</div></div>'
    plot = '<img alt="two <script>s</script>">'
    assert stored("1", html=plot).cells[1].outputs[0].data["text/html"] == plot


def test_a_picture_is_stored_as_a_png_too_with_its_description():
    picture = plots.bars({"mean": 0.25, "PCA": 0.125}, ylabel="error")
    bundle = picture._repr_mimebundle_()
    output = new_output("display_data", bundle)
    notebook = new_notebook(cells=[new_code_cell("1", outputs=[output])])
    lesson_form.store(notebook)
    (output,) = notebook.cells[0].outputs
    png = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))
    width, height = picture.get_size_inches() * 100
    assert png.size == (round(width), round(height))
    assert output.metadata["image/png"]["alt"] == picture.alt
    assert output.data["text/html"] == bundle["text/html"]


def test_a_picture_of_much_detail_is_stored_small_and_stays_as_it_is_then():
    noise = np.random.default_rng(0).random((400, 28, 28, 1))
    smooth = gaussian_filter(noise, (0, 3, 3, 0))
    picture = plots.manifold((8 * smooth - 3.5).clip(0, 1), extent=(-2, 2))
    bundle = picture._repr_mimebundle_()
    assert len(bundle["text/html"]) > lesson_form.MAX_LOSSLESS
    output = new_output("display_data", bundle)
    notebook = new_notebook(cells=[new_code_cell("1", outputs=[output])])
    lesson_form.store(notebook)
    (output,) = notebook.cells[0].outputs
    assert len(output.data["text/html"]) < len(bundle["text/html"])
    png = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))
    assert png.width == lesson_form.picture_in(output).reduce(2).width
    first = nbformat.writes(notebook)
    lesson_form.store(notebook)
    assert nbformat.writes(notebook) == first


def test_storing_twice_changes_nothing():
    once = stored(ASK, "guess.compare(1)")
    again = nbformat.from_dict(once)
    lesson_form.store(again)
    assert nbformat.writes(again) == nbformat.writes(once)


@pytest.mark.slow
def test_the_metadata_are_those_that_a_kernel_reports():
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        reported = client.kernel_info(reply=True, timeout=60)["content"]
        name = manager.kernel_spec.display_name
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    metadata = stored("1").metadata
    assert metadata.language_info == reported["language_info"]
    assert metadata.kernelspec.display_name == name
