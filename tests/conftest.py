"""Every test and every notebook under test runs in the quick profile, offline."""

import os

os.environ["COURSE_PROFILE"] = "quick"
os.environ["COURSE_OFFLINE"] = "1"
