"""A student's model as it is asked for outputs: now in a graph, now without one."""

from typing import Any

import keras
import numpy as np

EAGER_FIRST = 3
EAGER_EVERY = 8


class Asked:
    """A model in one of its modes, and the graph that answers for it.

    Keras trains and predicts in a TensorFlow graph, for batches of any length. A graph
    answers some ten times as fast as a call without it, and is made in the time of ten
    calls. So the first answers come without one, and later ones from it, but every
    eighth: a model that acts in another way there gives itself away.

    Args:
        model: the student's.
        training: whether it is asked as in training.
    """

    def __init__(self, model: keras.Model, training: bool) -> None:
        self.model = model
        self.training = training
        self._calls = 0
        # Another backend has other graphs, or none; and a model may be made for none.
        tensorflow = keras.backend.backend() == "tensorflow"
        self._may_be_graph = tensorflow and not model.run_eagerly
        self._graph: Any = None

    def __call__(self, x: np.ndarray, *, graph: bool = False) -> Any:
        """Return the model's outputs, as it gives them.

        Args:
            x: inputs.
            graph: whether they must come from a graph.
        """
        self._calls += 1
        if graph and self._may_be_graph:
            return self._in_graph(x)
        if self._calls > EAGER_FIRST and self._calls % EAGER_EVERY:
            try:
                if self._may_be_graph:
                    return self._in_graph(x)
            except Exception:  # training fails on it too, and says what is wrong
                self._may_be_graph = False
        return self.model(keras.ops.convert_to_tensor(x), training=self.training)

    def _in_graph(self, x: np.ndarray) -> Any:
        """Return the model's outputs from a graph, made for inputs of this shape."""
        import tensorflow as tf

        if self._graph is None:
            spec = tf.TensorSpec((None, *x.shape[1:]), x.dtype)
            self._graph = tf.function(
                lambda batch: self.model(batch, training=self.training),
                input_signature=[spec],
                autograph=False,
            )
        return self._graph(tf.constant(x))
