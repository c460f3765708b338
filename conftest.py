"""How everything under test runs: quick, offline, and side by side on few cores."""

import os

os.environ["COURSE_PROFILE"] = "quick"
os.environ["COURSE_OFFLINE"] = "1"
# Two processes whose threads wait for each other's cores take many times as long as two
# that keep to one core each.
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(variable, "1")
