"""What a right model computes, and how to tell from outside whether one does.

``probes`` has the inputs and weights that checks draw, and what they read from a
model's answers. ``dense``, ``convolution`` (both in NumPy), ``networks`` (in Keras) and
``latent`` (random codes) say what layers compute. ``shared`` checks what most contracts
ask for: shapes, a loss, Adam.
"""
