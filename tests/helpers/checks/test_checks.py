"""The checks' machinery: what students read, and what crosses the interface."""

import dataclasses
import importlib
import json
import re
import sys
import types
import warnings
from functools import partial

from helpers.checks import CheckFailed, NotDone, check, progress, quiz, ready
from helpers.checks.contract import Contract, Sizes, named
from helpers.checks.hints import (
    EXPECTED,
    HINTS,
    MAX_LINE,
    MAX_WORDS,
    explain,
    is_stub,
)
from helpers.checks.student.in_process import LocalStudent
from helpers.checks.student.interface import StudentError

import keras
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from keras import layers

from samples.course import assignments
from samples.degenerate import reference


def model(n=4):
    x = keras.Input((n,))
    return keras.Model(x, layers.Dense(2, "relu", name="only")(x))


def one_model(*sizes):
    built = model()
    built.compile("adam", "mse")
    return built


def fails(student, *, size=3):
    """A check of one model that never holds, and says the size."""
    student.build(size)
    raise CheckFailed(f"expected {size}", f"found {size}", "the likely cause")


def holds(student, *, size=3):
    """A check of one model that holds for every model."""
    student.build(size)


def message_of(function, *arguments, **named):
    with pytest.raises(CheckFailed) as caught:
        function(*arguments, **named)
    return str(caught.value)


def explained(code):
    """Run code as a student's builder and return found and likely cause."""
    namespace = {"keras": keras, "layers": layers, "np": np, "model": model}
    exec(f"def builder():\n    {code}", namespace)
    with pytest.raises(StudentError) as caught:
        LocalStudent(namespace["builder"]).build()
    return explain(caught.value)


# --- messages -------------------------------------------------------------------------


def test_a_failed_check_names_property_expected_found_and_likely_cause():
    lines = message_of(check("it works", ("auto",))(fails), one_model).splitlines()
    assert lines == [
        "Does not hold: it works",
        "  expected:     expected 3",
        "  found:        found 3",
        "  likely cause: the likely cause",
    ]


def test_a_hidden_test_says_that_other_sizes_fail_and_not_which():
    message = message_of(check("it works", ("auto",))(fails), one_model, size=57)
    assert "other sizes" in message
    assert "57" not in message


def test_a_check_that_holds_prints_one_line(capsys):
    check("it works", ("auto",))(holds)(one_model)
    assert capsys.readouterr().out == "Holds: it works.\n"


def test_every_hint_leaves_room_for_a_long_error_in_a_long_line():
    error = StudentError("ValueError", "word " * 50, line="word " * 50)
    assert len(f"{EXPECTED} {' '.join(explain(error))}".split()) <= MAX_WORDS
    room = MAX_WORDS - len(f"{EXPECTED} ValueError , in your line:".split())
    least = MAX_LINE + 5  # of the line, and of the error
    assert [hint for _, hint in HINTS if len(hint.split()) > room - least] == []


def test_ipython_shows_the_message_without_a_traceback(capsys):
    shell = InteractiveShell.instance()
    try:
        check("it works", ("auto",))(fails)(one_model)
    except CheckFailed:
        shell.showtraceback()
    shown = capsys.readouterr()
    assert shown.out.startswith("Does not hold: it works")
    assert "Traceback" not in shown.out + shown.err


def test_a_noisy_builder_leaves_nothing_on_stdout_or_stderr(capfd):
    def noisy(size):
        print("out")
        print("err", file=sys.stderr)
        warnings.warn("a warning", stacklevel=1)
        return one_model()

    check("it works", ("auto",))(holds)(noisy)
    shown = capfd.readouterr()
    assert shown.out == "Holds: it works.\n"
    assert shown.err == ""


def test_a_stub_is_not_done_yet():
    def stub(size):
        raise NotImplementedError("builder is not written yet")

    with pytest.raises(NotDone, match="Not done yet: it works"):
        check("it works", ("auto",))(holds)(stub)


@pytest.mark.parametrize(
    ("builder", "observed"),
    [
        (lambda size: None, "the function returns NoneType"),
        (lambda size: (model(), model()), "the function returns 2 values"),
        (lambda size: [model().output], "auto is a KerasTensor, not a model"),
        (lambda: model(), "TypeError: .* takes 0 positional arguments"),
        (lambda size: sys.exit(), "SystemExit"),
    ],
    ids=["nothing", "two values", "a tensor", "another signature", "an exit"],
)
def test_what_is_no_builder_of_models_is_named(builder, observed):
    function = check("it works", ("auto",))(holds)
    with pytest.raises(CheckFailed) as caught:
        function(builder)
    assert re.search(observed, caught.value.observed)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("model().add_loss(keras.ops.mean(model().output))", "self.add_loss"),
        ("keras.backend.mean(model().output)", "keras.ops"),
        ("import tensorflow as tf; tf.reduce_mean(model().output)", "keras.ops"),
        ("layers.Lambda(lambda t: keras.backend.sum(t))(model().output)", "keras.ops"),
        ("from keras.layers.core import Dense", "import keras"),
        ("keras.optimizers.Adam(lr=0.1)", "learning_rate"),
        ("m = model(); keras.Model(input=m.input, output=m.output)", "plural"),
        ("keras.Input(784)", "with the comma"),
        ("keras.Model(keras.Input((4,)), model().output)", "its own input"),
        ("model()(np.zeros((2, 9)))", "than it was made for"),
        ("x = keras.Input((4,)); model()([x, x, x])", "takes the first"),
        ("model().fit(np.zeros((2, 4)), verbose=0)", "not compiled"),
    ],
)
def test_a_habit_of_keras_2_or_a_common_slip_gets_its_likely_cause(code, cause):
    assert cause in explained(code)[1]


def test_a_loss_that_uses_a_symbolic_tensor_gets_its_likely_cause():
    built = model()

    def loss(y, y_hat):
        penalty = keras.ops.sum(built.output, axis=-1)
        return keras.losses.mean_squared_error(y, y_hat) + penalty

    built.compile("adam", loss)
    student = LocalStudent(lambda: built, ("auto",))
    student.build()
    with pytest.raises(StudentError) as caught:
        student.training_loss(np.ones((3, 4), "float32"), np.ones((3, 2), "float32"))
    assert "self.add_loss" in explain(caught.value)[1]


def test_what_went_wrong_in_the_call_of_a_layer_is_said_without_kerass_frame():
    class Wrong(layers.Layer):
        def call(self, x):
            raise ValueError("what went wrong")

    with pytest.raises(StudentError) as caught:
        LocalStudent(lambda: Wrong()(np.ones((1, 2)))).build()
    assert explain(caught.value)[0].startswith("ValueError: what went wrong, in your")


def test_an_error_quotes_the_students_own_line():
    with pytest.raises(StudentError) as caught:
        LocalStudent(lambda: keras.optimizers.Adam(lr=0.1)).build()
    assert "keras.optimizers.Adam(lr=0.1)" in caught.value.line


def test_add_loss_of_keras_2_is_not_taken_for_the_stub():
    error = StudentError("NotImplementedError", "", "model.add_loss(loss)", "add_loss")
    assert not is_stub(error)
    assert "call of a layer" in explain(error)[1]


# --- progress -------------------------------------------------------------------------


@pytest.fixture
def assignment():
    contract = Contract(Sizes, ("auto",))
    contract.check("the first")(holds)
    contract.check("the second")(fails)
    return types.SimpleNamespace(contract=contract)


def test_progress_counts_and_lists_what_holds(assignment, capsys):
    progress(assignment, one_model)
    assert capsys.readouterr().out.splitlines() == [
        "1 of 2 properties hold.",
        "  holds    the first",
        "  NOT YET  the second",
    ]


def test_progress_of_a_stub_says_not_started(assignment, capsys):
    def stub(size):
        raise NotImplementedError

    progress(assignment, stub)
    out = capsys.readouterr().out
    assert out == "0 of 2 properties hold (not started).\n"


def test_training_waits_for_the_first_property(assignment, capsys):
    assert ready(assignment, one_model)
    assert not ready(assignment, lambda size: None)
    assert "waits until your builder passes" in capsys.readouterr().out


def test_training_is_left_out_while_nbgrader_grades(assignment, monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert not ready(assignment, one_model)
    assert "Left out while grading" in capsys.readouterr().out


def test_a_contract_adds_properties_with_models_built_or_not():
    calls = []

    @dataclasses.dataclass
    class OneSize(Sizes):
        size: int = 3

        @property
        def arguments(self):
            return [self.size]

    def builder(size):
        calls.append(size)
        return one_model()

    @named("it is shared")
    def shared(student, sizes):
        assert calls == sizes.arguments[:1] * len(calls)

    contract = Contract(OneSize, ("auto",))
    contract.add(shared)(builder, size=5)
    assert calls == [5]
    contract.add_unbuilt(shared)(builder, size=5)
    assert calls == [5]
    contract.check_built("it is its own")(shared)(builder, size=5)
    assert calls == [5, 5]
    assert list(contract.checks) == ["it is shared", "it is its own"]


@pytest.mark.parametrize("name", sorted(set(assignments()) - {"quiz"}))
def test_a_contract_lists_all_checks_of_its_assignment(name):
    module = importlib.import_module(f"helpers.checks.{name}")
    checks = [value for value in vars(module).values() if hasattr(value, "property")]
    assert list(module.contract.checks.values()) == checks
    assert list(module.contract.checks) == [check.property for check in checks]


LAYERS = {
    "vanilla": ("shapes", "encoder_layers", "decoder_layers"),
    "sparse": ("shapes", "encoder_layers", "decoder_layers"),
    "variational": ("encoder_layers", "decoder_layers"),
    "bottleneck": ("encoder_layers", "decoder_layers"),
    "upsampling": ("shapes", "transposed_layers", "upsampled_layers"),
    "cross_domain_denoising": ("convolutions",),
    "super_resolution": ("correction_layers",),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "check"), [(name, check) for name in LAYERS for check in LAYERS[name]]
)
def test_a_visible_check_of_layers_builds_one_two_and_three(name, check):
    counts = set()
    builder = reference(name)

    def counting(*arguments):
        counts.update(len(value) for value in arguments if isinstance(value, list))
        return builder(*arguments)

    getattr(importlib.import_module(f"helpers.checks.{name}"), check)(counting)
    assert counts == {1, 2, 3}


@pytest.mark.parametrize("name", sorted(set(assignments()) - {"quiz"}))
def test_no_two_layers_of_a_visible_check_are_equally_large(name):
    arguments = (
        importlib.import_module(f"helpers.checks.{name}").contract.sizes().arguments
    )
    sizes = [n for value in arguments if isinstance(value, list) for n in value]
    sizes += [value for value in arguments if isinstance(value, int)]
    assert len(set(sizes)) == len(sizes)


# --- questions ------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [{"e"}, {"ab"}, {1}, "a c", 3, [["a"]]])
def test_an_answer_of_another_form_is_refused_with_an_example(answer):
    assert 'an answer looks like {"a"}' in message_of(quiz.form, answer)


@pytest.mark.parametrize("answer", [set(), None, {}, "", []])
def test_no_answer_is_not_done_yet(answer):
    with pytest.raises(NotDone):
        quiz.form(answer)


@pytest.mark.parametrize("answer", [{"a", "c"}, ["c", "a"], ("a", "c"), "ac"])
def test_a_right_answer_passes_both_tests_in_any_container(answer):
    quiz.no_wrong_option(answer, right="ac")
    quiz.every_right_option(answer, right="ac")


def test_a_part_of_the_right_options_passes_one_test_of_two():
    quiz.no_wrong_option({"a"}, right="ac")
    message_of(quiz.every_right_option, {"a"}, right="ac")


def test_choosing_every_option_passes_neither_test():
    message_of(quiz.no_wrong_option, set("abcd"), right="ac")
    message_of(quiz.every_right_option, set("abcd"), right="ac")


def test_a_message_about_an_answer_does_not_tell_the_right_one():
    for function in (quiz.no_wrong_option, quiz.every_right_option):
        message = message_of(function, {"b"}, right="d")
        assert '"d"' not in message
        assert "'d'" not in message


def test_a_message_gives_the_reasons_of_the_wrong_options_chosen_and_no_others():
    why_not = {"b": "it is too wide.", "c": "it is too slow."}
    message = message_of(quiz.no_wrong_option, {"a", "b"}, right="ad", why_not=why_not)
    assert "b: it is too wide." in message
    assert "slow" not in message


# --- the interface --------------------------------------------------------------------


@pytest.fixture
def student():
    student = LocalStudent(one_model, ("auto",))
    student.build()
    return student


def test_facts_are_plain_json(student):
    facts = student.facts("auto")
    assert json.loads(json.dumps(facts)) == facts
    assert facts["input_shape"] == [None, 4]
    assert facts["parameters"] == 10
    assert facts["optimizer"] == "Adam"
    assert facts["layers"][-1] == {
        "class": "Dense",
        "name": "only",
        "units": 2,
        "activation": "relu",
    }


def test_facts_open_nested_models():
    inner = model()
    x = keras.Input((4,))
    student = LocalStudent(lambda: keras.Sequential([x, inner]), ("auto",))
    student.build()
    names = [layer["name"] for layer in student.facts("auto")["layers"]]
    assert names.count("only") == 1


def test_weights_that_are_set_are_the_ones_that_predict(student):
    kernel = np.arange(8, dtype="float32").reshape(4, 2)
    student.set_weights("auto", [kernel, np.ones(2, "float32")])
    (prediction,) = student.predict("auto", np.ones((1, 4), "float32"))
    np.testing.assert_allclose(prediction, [[13, 17]])


def test_drawn_weights_make_no_negative_variance():
    x = keras.Input((4,))
    builder = partial(keras.Model, x, keras.layers.BatchNormalization()(x))
    student = LocalStudent(builder, ("auto",))
    student.build()
    student.set_weights("auto", [np.full(4, -2, "float32")] * 4)
    (output,) = student.predict("auto", np.ones((3, 4), "float32"))
    assert np.isfinite(output).all()


def test_asking_for_the_training_loss_changes_nothing(student):
    x, y = np.ones((3, 4), "float32"), np.zeros((3, 2), "float32")
    before = student.get_weights("auto")
    optimizer = student.models["auto"].optimizer
    first = student.training_loss(x, y)
    assert student.training_loss(x, y) == first
    assert student.models["auto"].optimizer is optimizer
    assert optimizer.iterations == 0
    for old, new in zip(before, student.get_weights("auto"), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_first_step_may_make_weights_that_no_call_needs():
    class Critic(keras.Model):
        def __init__(self):
            super().__init__()
            self.only, self.critic = keras.layers.Dense(2), keras.layers.Dense(1)

        def build(self, shape):
            self.only.build(shape)

        def call(self, x):
            return self.only(x)

        def train_step(self, data):
            return {"loss": keras.ops.mean(self.critic(self(data[0])) ** 2)}

    def compiled():
        model = Critic()
        model.compile("adam")
        return model

    student = LocalStudent(compiled, ("auto",))
    student.build()
    x = np.ones((3, 4), "float32")
    student.predict("auto", x)
    assert np.isfinite(student.training_loss(x, x))


def test_training_reports_a_loss_for_each_epoch_and_lowers_it(student):
    x, y = np.ones((8, 4), "float32"), np.full((8, 2), 0.5, "float32")
    student.set_weights("auto", [np.ones((4, 2), "float32"), np.ones(2, "float32")])
    losses = student.train(x, y, epochs=3, batch_size=4)
    assert len(losses) == 3
    assert losses[-1] < losses[0]


def test_a_few_steps_are_the_steps_of_fit(student):
    x = np.random.default_rng(0).random((8, 4), dtype="float32")
    y = np.ones((8, 2), "float32")
    model = student.models["auto"]
    before = model.get_weights()
    losses = student.train(x, y, epochs=3, batch_size=8)
    trained = model.get_weights()
    model.set_weights(before)
    model.compile("adam", "mse")
    history = model.fit(x, y, epochs=3, batch_size=8, verbose=0).history
    np.testing.assert_allclose(losses, history["loss"], rtol=1e-5)
    for weights, expected in zip(trained, model.get_weights(), strict=True):
        np.testing.assert_allclose(weights, expected, rtol=1e-4)


@pytest.mark.parametrize("made_with", [0.001, "schedule"])
def test_a_learning_rate_replaces_the_optimizers(student, made_with):
    if made_with == "schedule":
        made_with = keras.optimizers.schedules.ExponentialDecay(0.001, 5, 0.5)
    student.models["auto"].compile(keras.optimizers.SGD(made_with), "mse")
    x, y = np.ones((8, 4), "float32"), np.full((8, 2), 9.0, "float32")
    student.set_weights("auto", [np.ones((4, 2), "float32"), np.ones(2, "float32")])
    student.train(x, y, epochs=1, batch_size=8, learning_rate=0.5)
    # The mean squared error of two outputs that are 4 too small has the gradient -4.
    np.testing.assert_allclose(student.get_weights("auto")[1], 1 + 0.5 * 4, rtol=1e-5)


def test_the_caller_keeps_the_arguments_that_it_gave():
    given = [3, 2, 1]
    student = LocalStudent(lambda sizes: (sizes.sort(), one_model())[1:], ("auto",))
    assert student.build(given) == [[1, 2, 3]]
    assert given == [3, 2, 1]
