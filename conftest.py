"""How everything under test runs: quick, offline, and side by side on few cores."""

import os

import pytest

os.environ["COURSE_PROFILE"] = "quick"
os.environ["COURSE_OFFLINE"] = "1"
# Two processes whose threads wait for each other's cores take many times as long as two
# that keep to one core each.
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(variable, "1")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items):
    """Keep each file on one worker, and each known submission; spread the rest."""
    for item in items:
        group = item.nodeid.partition("::")[0]
        call = getattr(item, "callspec", None)
        if call and {"name", "number"} <= call.params.keys():
            group = f"{call.params['name']}-{call.params['number']}"
        elif call and "name" in call.params:
            group += f"-{call.params['name']}"
        item.add_marker(pytest.mark.xdist_group(group))
