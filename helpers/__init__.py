"""What the lessons and assignments share: data, plots, metrics, training, checks.

Importing this package is cheap and imports neither TensorFlow nor Keras. Import it
before Keras: it silences TensorFlow's start-up messages, which would otherwise stand in
every notebook's first output.
"""

import os

# Read by TensorFlow's C++ core when it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
