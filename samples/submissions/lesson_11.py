"""The VAE as lesson 11 writes it: who follows the lesson must get full marks."""

CLASSES = '''
from keras import ops


def kl_to_prior(mu, log_var):
    """Return KL(N(mu, exp(log_var)) || N(0, I)), in nats, one number per row."""
    return 0.5 * ops.sum(mu**2 + ops.exp(log_var) - 1 - log_var, axis=-1)


class Sampling(layers.Layer):
    """Draw z = mu + sigma * epsilon, with a random generator of its own."""

    def __init__(self, seed=0, name="draw"):
        super().__init__(name=name)
        self.noise = keras.random.SeedGenerator(seed)

    def sigma(self, log_var):
        return ops.exp(0.5 * log_var)

    def call(self, mu, log_var):
        epsilon = keras.random.normal(ops.shape(mu), seed=self.noise)
        return mu + self.sigma(log_var) * epsilon


class VAE(keras.Model):
    """An encoder and a decoder, trained on the loss of compile + beta * KL."""

    def __init__(self, encoder, decoder, beta=1.0):
        super().__init__()
        self.encoder, self.decoder, self.beta = encoder, decoder, beta

    def call(self, x):
        z, mu, log_var = self.encoder(x)
        self.add_loss(self.beta * ops.mean(kl_to_prior(mu, log_var)))
        return self.decoder(z)
'''

TAPE = '''

class TapeVAE(VAE):
    """The same VAE with its train step written out, for TensorFlow."""

    def train_step(self, data):
        import tensorflow as tf

        x, y = data[:2]
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}
'''

VARIATIONAL = (
    CLASSES
    + """

def cross_entropy(x, x_hat):
    return ops.sum(ops.binary_crossentropy(x, x_hat), axis=-1)


def autoencoder(input_dims, hidden_layers, latent_dims):
    x = keras.Input((input_dims,))
    h = x
    for units in hidden_layers:
        h = layers.Dense(units, "relu")(h)
    mu = layers.Dense(latent_dims, name="mu")(h)
    log_var = layers.Dense(latent_dims, name="log_var")(h)
    z = Sampling()(mu, log_var)

    code = keras.Input((latent_dims,))
    h = code
    for units in reversed(hidden_layers):
        h = layers.Dense(units, "relu")(h)
    x_hat = layers.Dense(input_dims, "sigmoid")(h)
    encoder, decoder = keras.Model(x, [z, mu, log_var]), keras.Model(code, x_hat)
    auto = VAE(encoder, decoder)
    auto.compile("adam", cross_entropy)
    return encoder, decoder, auto
"""
)


def by_hand(kind: str) -> str:
    """Return the solution of `vae_by_hand` with the lesson's class of this name."""
    return (
        CLASSES
        + TAPE
        + f"""

def cross_entropy(x, x_hat):
    return ops.sum(ops.binary_crossentropy(x, x_hat), axis=(1, 2, 3))


def vae(input_shape, latent_dims, beta):
    x = keras.Input(input_shape)
    h = strided_trunk(input_shape)(x)
    mu = layers.Dense(latent_dims, name="mu")(h)
    log_var = layers.Dense(latent_dims, name="log_var")(h)
    z = Sampling()(mu, log_var)
    encoder = keras.Model(x, [z, mu, log_var])
    decoder = transposed_decoder(input_shape, latent_dims)
    auto = {kind}(encoder, decoder, beta)
    auto.compile("adam", cross_entropy)
    return encoder, decoder, auto
"""
    )
