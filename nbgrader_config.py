"""nbgrader's settings for the course.

JupyterLab's server loads this file too, so it sets options only: no environment
variable, which every lesson's kernel would inherit. An assignment that trains looks at
``NBGRADER_EXECUTION``, which nbgrader sets while it grades (``helpers.checks.ready``).
"""

import os
from contextlib import suppress
from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader defines it)

c.CourseDirectory.course_id = "autoencoders"
root = Path(__file__).resolve().parent
c.CourseDirectory.root = str(root)
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
# A clone has no gradebook: what is to be graded is entered in it when it is missing.
c.Autograde.pre_convert_hook = "grading.gradebook.entries.enter_missing"

# What a late submission loses: c.LatePolicy.percent_a_day, c.LatePolicy.grace_minutes.
c.AssignLatePenalties.plugin_class = "grading.gradebook.late.LatePolicy"

# Students hand in through a learning platform or a shared folder. JupyterLab's nbgrader
# panels still look for an exchange. They find one that nothing can be handed in to, and
# in it, as released, what stands in release/.
released = root / ".exchange" / c.CourseDirectory.course_id / "outbound"
with suppress(OSError):  # a folder that cannot be written, or that cannot hold links
    released.mkdir(parents=True, exist_ok=True)
    if os.name == "posix":  # elsewhere nbgrader has no exchange
        for assignment in root.glob("release/*/"):
            link = released / assignment.name
            if not link.is_symlink():
                link.symlink_to(os.path.relpath(assignment, released))
c.Exchange.root = str(root / ".exchange")
