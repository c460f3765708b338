"""The learning-rate schedule, and the line after each training."""

import math
from types import SimpleNamespace

from helpers import training
from helpers.training import fit, reached, start_at_mean, warmup_cosine

import keras
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def full_profile(monkeypatch):
    """Judge as students see it, whatever profile the tests run under."""
    monkeypatch.setattr(training, "QUICK", False)


@pytest.fixture
def line(capsys):
    """Call `reached` and return what it printed."""

    def call(*args, **kwargs) -> str:
        reached(*args, **kwargs)
        return capsys.readouterr().out

    return call


def rates(schedule, steps: int) -> np.ndarray:
    return np.array([float(schedule(step)) for step in range(steps + 1)])


class TestWarmupCosine:
    def test_it_climbs_in_a_straight_line_from_zero_to_the_peak(self):
        schedule = warmup_cosine(0.01, epochs=10, n_images=1000, batch_size=100)
        assert np.allclose(rates(schedule, 100)[:11], np.linspace(0, 0.01, 11))

    def test_it_falls_to_zero_at_the_last_step_of_the_training(self):
        values = rates(warmup_cosine(0.01, epochs=3, n_images=95, batch_size=10), 30)
        assert np.all(np.diff(values[3:]) < 0)
        assert values[-1] == pytest.approx(0, abs=1e-9)

    def test_it_is_half_the_peak_halfway_down(self):
        schedule = warmup_cosine(0.02, epochs=10, n_images=100, batch_size=10)
        assert float(schedule(55)) == pytest.approx(0.01)

    def test_an_incomplete_last_batch_counts_as_a_step(self):
        schedule = warmup_cosine(0.01, epochs=2, n_images=101, batch_size=10, warmup=0)
        assert schedule.decay_steps == 22

    def test_without_warm_up_it_starts_at_the_peak(self):
        schedule = warmup_cosine(0.01, epochs=1, n_images=100, batch_size=10, warmup=0)
        assert float(schedule(0)) == pytest.approx(0.01)

    def test_a_training_of_one_step_has_a_rate_above_zero(self):
        schedule = warmup_cosine(0.01, epochs=1, n_images=5, batch_size=10, warmup=0.9)
        assert float(schedule(0)) > 0

    @pytest.mark.parametrize(
        ("changed", "word"),
        [
            ({"peak": 0}, "peak is 0"),
            ({"peak": math.nan}, "peak is nan"),
            ({"warmup": 1}, "warmup is 1"),
            ({"epochs": 0}, "epochs is 0"),
            ({"n_images": 0}, "n_images is 0"),
            ({"batch_size": -1}, "batch_size is -1"),
        ],
    )
    def test_a_number_out_of_range_is_named(self, changed, word):
        good = {"peak": 0.01, "epochs": 1, "n_images": 10, "batch_size": 5}
        with pytest.raises(ValueError, match=word):
            warmup_cosine(**(good | changed))


class TestStartAtMean:
    @staticmethod
    def images(*shape: int) -> np.ndarray:
        return np.random.default_rng(0).uniform(0.1, 0.6, shape).astype("float32")

    def test_a_dense_output_paints_the_mean_of_each_pixel(self):
        images = self.images(50, 6)
        output = keras.layers.Dense(6, "sigmoid", kernel_initializer="zeros")
        model = keras.Sequential([keras.Input((6,)), output])
        start_at_mean(model, images)
        painted = model.predict(images[:1], verbose=0)[0]
        assert np.allclose(painted, images.mean(axis=0), atol=1e-6)

    def test_a_convolution_paints_the_mean_of_each_channel(self):
        images = self.images(50, 4, 4, 3)
        output = keras.layers.Conv2D(
            3, 1, activation="sigmoid", kernel_initializer="zeros"
        )
        model = keras.Sequential([keras.Input((4, 4, 3)), output])
        start_at_mean(model, images)
        painted = model.predict(images[:1], verbose=0)[0, 2, 2]
        assert np.allclose(painted, images.mean(axis=(0, 1, 2)), atol=1e-6)

    def test_in_an_autoencoder_of_two_models_the_decoder_s_output_is_set(self):
        encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
        decoder = keras.Sequential(
            [
                keras.Input((2,)),
                keras.layers.Dense(6, "sigmoid"),
                keras.layers.Reshape((2, 3)),
            ]
        )
        images = keras.Input((6,))
        auto = keras.Model(images, decoder(encoder(images)))
        start_at_mean(auto, np.full((5, 2, 3), 0.1))
        assert np.allclose(decoder.layers[0].bias, np.log(1 / 9), atol=1e-6)

    def test_an_always_black_pixel_gets_a_finite_bias(self):
        output = keras.layers.Dense(4, "sigmoid")
        start_at_mean(keras.Sequential([keras.Input((4,)), output]), np.zeros((5, 4)))
        assert np.allclose(output.bias, np.log(0.01 / 0.99), atol=1e-6)

    def test_a_model_without_a_last_bias_is_named(self):
        output = keras.layers.Dense(4, "sigmoid", use_bias=False)
        model = keras.Sequential([keras.Input((4,)), output])
        with pytest.raises(ValueError, match="no bias"):
            start_at_mean(model, np.zeros((5, 4)))

    def test_images_of_another_size_are_named(self):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, "sigmoid")])
        with pytest.raises(ValueError, match=r"\(3,\) do not fit"):
            start_at_mean(model, np.zeros((5, 3)))


class TestFit:
    X = np.random.default_rng(0).uniform(0.1, 0.6, (60, 4)).astype("float32")

    @staticmethod
    def model() -> keras.Model:
        keras.utils.set_random_seed(0)
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, "sigmoid")])

    def test_it_trains_as_lesson_02_writes_it_out(self):
        short, long = self.model(), self.model()
        fit(short, self.X, epochs=3, batch_size=16)
        start_at_mean(long, self.X)
        rate = warmup_cosine(1e-2, epochs=3, n_images=60, batch_size=16)
        adam = keras.optimizers.Adam(rate, beta_2=0.99)
        long.compile(adam, "binary_crossentropy", steps_per_execution=20)
        keras.utils.set_random_seed(0)
        long.fit(self.X, self.X, batch_size=16, epochs=3, verbose=0)
        assert short.count_params() == long.count_params()
        for mine, expected in zip(short.get_weights(), long.get_weights(), strict=True):
            assert np.allclose(mine, expected, atol=1e-3)

    def test_it_measures_the_loss_on_what_is_held_out(self):
        history = fit(self.model(), self.X[:40], epochs=2, valid=self.X[40:])
        assert len(history.history["val_loss"]) == 2
        pair = (self.X[40:], 1 - self.X[40:])
        other = fit(self.model(), self.X[:40], epochs=2, valid=pair)
        assert other.history["val_loss"] != history.history["val_loss"]

    def test_a_target_of_its_own_is_where_it_starts_and_what_it_learns(self):
        model = self.model()
        fit(model, self.X, 1 - self.X, epochs=30, loss="mse")
        painted = model.predict(self.X, verbose=0)
        assert np.mean((painted - (1 - self.X)) ** 2) < np.mean((painted - self.X) ** 2)

    def test_a_model_that_does_not_end_in_a_bias_is_trained_if_told_so(self):
        output = keras.layers.Dense(4, use_bias=False)
        model = keras.Sequential([keras.Input((4,)), output])
        history = fit(model, self.X, epochs=2, loss="mse", at_mean=False)
        assert history.history["loss"][-1] < history.history["loss"][0]

    def test_what_compile_knows_can_be_given(self):
        history = fit(self.model(), self.X, epochs=1, metrics=["mae"], clipnorm=1.0)
        assert "mae" in history.history


class TestReached:
    def test_a_loss_below_the_bar_is_reached(self, line):
        assert line(0.0912, at_most=0.094) == "reached: val_loss 0.0912 <= 0.0940\n"

    def test_a_figure_on_the_bar_is_reached(self, line):
        assert line(0.094, at_most=0.094).startswith("reached")

    def test_a_ratio_above_the_bar_is_reached(self, line):
        assert line(21.5, at_least=20, name="PSNR") == "reached: PSNR 21.50 >= 20.00\n"

    def test_a_miss_by_less_than_the_usual_decimals_shows_more_of_them(self, line):
        assert "0.08424 > 0.08420" in line(0.08424, at_most=0.0842)

    def test_the_last_value_of_a_real_history_counts(self, line):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        x, y = np.ones((8, 2)), np.ones((8, 1))
        history = model.fit(x, y, epochs=2, validation_data=(x, y), verbose=0)
        last = history.history["val_loss"][-1]
        assert line(history, at_most=last).startswith("reached")
        assert line(history, at_most=0.9 * last).startswith("NOT reached")

    def test_a_tensor_is_a_value_too(self, line):
        assert line(keras.ops.array(0.5), at_most=1).startswith("reached")

    def test_it_prints_one_line_and_returns_nothing(self, capsys):
        assert reached(0.5, at_most=0.1) is None
        assert capsys.readouterr().out.count("\n") == 1

    @pytest.mark.parametrize(
        ("values", "cause"),
        [
            ([0.7, 0.3, math.nan], "learning rate is too high"),
            ([0.263, 0.2628, 0.2628], "hardly moved"),
            ([0.5, 0.3, 0.2], "more epochs"),
            ([0.5, 0.2001, 0.2], "settled"),
            ([0.2], "than in the text"),
        ],
    )
    def test_a_miss_names_a_cause_read_from_the_history(self, line, values, cause):
        text = line({"val_loss": values}, at_most=0.1)
        assert text.startswith("NOT reached")
        assert cause in text

    def test_overfitting_is_named_when_the_training_loss_is_far_lower(self, line):
        history = {"loss": [0.5, 0.11, 0.1], "val_loss": [0.5, 0.2, 0.2]}
        assert "overfitting" in line(history, at_most=0.1)

    def test_a_cause_that_the_lesson_gives_is_used(self, line):
        text = line(18, at_least=20, name="PSNR", cause="noise added twice")
        assert text == (
            "NOT reached: PSNR 18.00 < 20.00; likely cause: noise added twice\n"
        )

    def test_incomplete_data_are_not_judged(self, line):
        few = SimpleNamespace(full=False, source="embedded")
        text = line(0.2312, at_most=0.094, data=few)
        assert text == ("not judged (embedded data, incomplete): val_loss 0.2312\n")

    def test_complete_data_are_judged(self, line):
        everything = SimpleNamespace(full=True, source="folder")
        assert line(0.2, at_most=0.1, data=everything).startswith("NOT reached")

    def test_the_quick_profile_is_not_judged(self, line, monkeypatch):
        monkeypatch.setattr(training, "QUICK", True)
        text = line(0.2312, at_most=0.094)
        assert text == "not judged (quick profile): val_loss 0.2312\n"

    @pytest.mark.parametrize(
        ("value", "bars", "word"),
        [
            ({"loss": [0.1]}, {"at_most": 1}, "it has 'loss'"),
            ({}, {"at_most": 1}, "did fit run"),
            ([1, 2], {"at_most": 1}, "one number"),
            (None, {"at_most": 1}, "one number"),
            (0.1, {}, "one of the two"),
            (0.1, {"at_most": 1, "at_least": 0}, "one of the two"),
        ],
    )
    def test_a_wrong_call_is_answered_by_a_line_not_an_error(
        self, line, value, bars, word
    ):
        text = line(value, **bars)
        assert text.startswith("not judged")
        assert word in text
