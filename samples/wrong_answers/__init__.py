"""Wrong answers in many styles, each with the cause that its first message must name.

``python -m samples.wrong_answers`` prints a table; words in its arguments choose rows.
"""

from samples.wrong_answers.convolutional import CONVOLUTIONAL
from samples.wrong_answers.dense import VANILLA
from samples.wrong_answers.sparse import SPARSE
from samples.wrong_answers.variational import VARIATIONAL

WRONG = [*VANILLA, *SPARSE, *CONVOLUTIONAL, *VARIATIONAL]
