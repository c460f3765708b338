"""Models and values that harm the process that looks at them."""

from dataclasses import replace
from functools import partial

from samples.attacks.attack import SMALL, Attack
from samples.attacks.patches import WRONG_BUILDER

hostile = partial(Attack, kind="hostile models", assignment="vanilla")
value = partial(Attack, kind="hostile values")
SHORT = replace(SMALL, wall_s=12)

# The models of WRONG_BUILDER, with a class of its own for all three.
SUBCLASS = (
    WRONG_BUILDER.replace("def autoencoder", "def plain")
    + """
class Hostile(keras.Model):
    def __init__(self, model, n):
        super().__init__()
        self.model, self.n = model, n

    def call(self, x, training=False):
        return self.model(x)
@BODY@

def autoencoder(input_dims, hidden_layers, latent_dims):
    models = plain(input_dims, hidden_layers, latent_dims)
    found = [Hostile(model, input_dims) for model in models]
    found[2].compile("adam", "mse")
    return found
"""
)


def subclass(id: str, body: str, **how) -> Attack:
    """Return an attack by models with the methods in ``body``."""
    code = SUBCLASS.replace("@BODY@", body)
    honest = SUBCLASS.replace("@BODY@", "")
    return hostile(id, code=code, honest=honest, after=False, **how)


ATTACKS = [
    subclass(
        "config_that_lies",
        """
    def get_config(self):
        return {"units": 32, "activation": "relu", "layers": ["Dense"] * 4}
    name = "Dense"
    input_shape = (None, 784)
    output_shape = (None, 784)
    def count_params(self):
        return 10**400
    def _flatten_layers(self, include_self=True, recursive=True):
        class Dense:
            _layers, name, units, activation = (), "dense", 128, keras.activations.relu
        return [Dense()] * 6
""",
    ),
    subclass(
        "facts_of_endless_size",
        """
    def _flatten_layers(self, include_self=True, recursive=True):
        class Dense:
            _layers, name, units = (), "x" * 1000, list(range(1000))
        while True:
            yield Dense()
""",
        limits=SHORT,
    ),
    subclass(
        "outputs_of_huge_size",
        """
    def call(self, x, training=False):
        import numpy as np
        return np.broadcast_to(np.float32(1), (5, 10**9))
""",
    ),
    subclass(
        "outputs_that_are_no_numbers",
        """
    def call(self, x, training=False):
        return keras.ops.full_like(self.model(x), float("nan"))
    def train_step(self, data):
        return {"loss": float("nan")}
""",
    ),
    subclass(
        "outputs_nested_deeply",
        """
    def call(self, x, training=False):
        y = self.model(x)
        for _ in range(100_000):
            y = [y]
        return y
""",
    ),
    subclass(
        "ten_thousand_outputs",
        """
    def call(self, x, training=False):
        return [x] * 10_000
""",
    ),
    subclass(
        "slow_predict",
        """
    def call(self, x, training=False):
        import time
        time.sleep(100)
        return self.model(x)
""",
        limits=replace(SMALL, wall_s=6),
    ),
    subclass(
        "weights_that_change_their_shapes",
        """
    turn = 0
    def get_weights(self):
        import numpy as np
        Hostile.turn += 1
        return [np.zeros((Hostile.turn, 2), "float32"), np.zeros(2, "float32")]
    def set_weights(self, arrays):
        pass
""",
    ),
    subclass(
        "weights_that_are_objects",
        """
    def get_weights(self):
        import numpy as np
        return [np.array([object(), "x"], dtype=object), np.array(["a"]), None]
""",
    ),
    subclass(
        "weights_of_huge_size",
        """
    def get_weights(self):
        import numpy as np
        return [np.zeros((1 << 14, 1 << 14), "float32")]
""",
    ),
    subclass(
        "loss_that_is_no_number",
        """
    def train_step(self, data):
        class Loss(float):
            def __float__(self):
                return self
            def __repr__(self):
                return "}]}"
        return {"loss": Loss(0.0)}
""",
    ),
    subclass(
        "objects_that_run_code_when_moved",
        """
    def __reduce__(self):
        import os
        return (os.system, ("echo SECRETPLACE > @COURSE@/left",))
    __getstate__ = __deepcopy__ = __reduce_ex__ = lambda self, *a: 1 / 0
""",
    ),
    subclass(
        "objects_that_run_code_when_dropped",
        """
    def __del__(self):
        import os
        os._exit(0)
""",
    ),
    hostile(
        "optimizer_of_another_kind_called_adam",
        code="""
class Adam(keras.optimizers.SGD):
    pass
build = autoencoder
def autoencoder(*arguments):
    models = build(*arguments)
    models[2].compile(Adam(1.0), "mse")
    return models
""",
        honest=WRONG_BUILDER,
    ),
    hostile(
        "error_with_a_hostile_text",
        code="""
class Text(Exception):
    def __str__(self):
        raise Text
def autoencoder(*arguments):
    raise Text
""",
    ),
    hostile(
        "error_with_a_huge_text",
        code="""
def autoencoder(*arguments):
    raise ValueError("x" * (50 << 20))
""",
    ),
    hostile(
        "interrupts_instead_of_models",
        code="""
def autoencoder(*arguments):
    raise (KeyboardInterrupt, SystemExit, GeneratorExit)[len(arguments) % 3]
""",
    ),
    hostile(
        "arguments_made_endless",
        code="""
def autoencoder(input_dims, hidden_layers, latent_dims):
    hidden_layers[:] = [hidden_layers] * 3
""",
        limits=SHORT,
    ),
    hostile(
        "models_of_another_world",
        code="""
class Fake(keras.Model):
    def __getattribute__(self, name):
        return Fake
def autoencoder(*arguments):
    return [Fake() for _ in range(3)]
""",
    ),
    value("value_nested_deeply", code="for _ in range(100_000): answer_1 = [answer_1]"),
    value("value_that_holds_itself", code="answer_1 = []\nanswer_1.append(answer_1)"),
    value("value_of_huge_size", code="answer_1 = ['a'] * 3_000_000", limits=SHORT),
    value("text_of_huge_size", code="answer_1 = 'a' * (5 << 20)"),
    value("number_of_huge_size", code="answer_1 = 10 ** 100_000"),
    value(
        "value_with_a_hostile_class",
        code="""
class Meta(type):
    __name__ = property(lambda self: 1 / 0)
    def __instancecheck__(self, other):
        return True
class Odd(metaclass=Meta):
    @property
    def __class__(self):
        return set
    def __len__(self):
        return -1
    def __getattr__(self, name):
        raise SystemExit
answer_1 = Odd()
""",
    ),
    value("surrogates_and_controls", code='answer_1 = {"\\ud800", "\\x00", "\\u202e"}'),
]
