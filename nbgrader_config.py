"""nbgrader's settings for the course.

JupyterLab's server loads this file too, so it sets options only: no environment
variable, which every lesson's kernel would inherit. An assignment that trains looks at
``NBGRADER_EXECUTION``, which nbgrader sets while it grades (``helpers.checks.ready``).
"""

from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader defines it)

c.CourseDirectory.course_id = "autoencoders"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
# An instructor writes solutions/NAME/; nbgrader generates release/NAME/ for students.
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "release"

# What stands in place of a solution. The code below it raises NotImplementedError, so
# that the stub is valid Python and a check can say "not done yet".
c.ClearSolutions.code_stub = {"python": "# Your work goes here."}

# A check takes seconds. The limits leave room for a slow machine and for a student's
# own experiments, and end an endless loop.
c.Execute.timeout = 120
c.Execute.startup_timeout = 120
c.Execute.error_on_timeout = {
    "ename": "CellTimeoutError",
    "evalue": "",
    "traceback": ["This cell took longer than 120 seconds and was stopped."],
}
# Students hand in through a learning platform or a shared folder. JupyterLab's nbgrader
# panels still look for an exchange, so they get an empty one instead of an error.
exchange = Path(__file__).resolve().parent / ".exchange"
exchange.mkdir(exist_ok=True)
c.Exchange.root = str(exchange)
