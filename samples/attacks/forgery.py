"""Attacks on what the grader hears: forged outputs, messages, answers and metadata."""

from functools import partial

from samples.attacks.attack import Attack

forge = partial(Attack, kind="forged messages")

# Every socket that the student's process has.
SOCKETS = """
import os, socket, stat, struct, json
def sockets():
    for name in os.listdir("/proc/self/fd"):
        try:
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                yield int(name)
        except OSError:
            pass
def frame(body):
    text = json.dumps(body).encode()
    return struct.pack("<I", len(text)) + text
def write(data):
    for fd in sockets():
        try:
            socket.socket(fileno=os.dup(fd)).send(data, socket.MSG_DONTWAIT)
        except OSError:
            pass
"""
MARKS = (
    '{f"answer_{i}_{w}": 1.0 for i in range(1, 20) for w in ("no_wrong", "complete")}'
)

ATTACKS = [
    forge(
        "execute_result_with_full_points",
        code="""
shell = get_ipython()
def publish(*_):
    shell.displayhook.session.send(
        shell.kernel.iopub_socket, "execute_result",
        {"data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1})
shell.events.register("pre_run_cell", publish)
shell.events.register("post_run_cell", publish)
publish()
""",
    ),
    forge(
        "errors_never_sent",
        code="""
shell = get_ipython()
send = shell.kernel.session.send
def no_errors(stream, kind, *a, **k):
    if kind not in ("error", "stream"):
        return send(stream, kind, *a, **k)
object.__setattr__(shell.kernel.session, "send", no_errors)
type(shell.kernel.session).send = lambda self, *a, **k: no_errors(*a, **k)
""",
    ),
    forge("idle_sent_early", code=SOCKETS + 'write(frame({"kind": "idle"}) * 50)'),
    forge("garbage_on_all_sockets", code=SOCKETS + "write(os.urandom(5000))"),
    forge(
        "a_frame_of_four_gigabytes",
        code=SOCKETS + 'write(struct.pack("<I", 2**32 - 1) + b"x" * 1000)',
    ),
    forge(
        "deeply_nested_message",
        code=SOCKETS
        + """
text = b"[" * 100_000
write(struct.pack("<I", len(text)) + text)
""",
    ),
    forge(
        "arrays_of_impossible_shapes",
        code=SOCKETS
        + """
for shape in ([2**40], [-1], [0.5], [1] * 50, ["a"], [True], [2**26] * 3):
    write(frame({"kind": "stream", "arrays": [["<f4", shape]]}))
write(frame({"arrays": [["|O", [1]]]}) + frame({"arrays": [["<f4", [0]]] * 10_000}))
""",
    ),
    forge(
        "a_verdict_of_its_own",
        code=SOCKETS
        + f"""
marks = {MARKS}
verdict = {{"marks": marks, "messages": {{}}, "visible": {{}}, "late": False,
           "broken": ""}}
write(frame(verdict) * 3)
""",
    ),
    forge(
        "answers_before_the_questions",
        code=SOCKETS
        + """
right = {"kind": "set", "items": ["b", "c"]}
write(frame({"kind": "value", "value": right}) * 80)
""",
        honest='answer_1 = {"b", "c"}',
    ),
    forge(
        "values_of_unknown_kinds",
        code="""
from grading.runtime import protocol
from grading.untrusted import answer
def lie(value, depth=0):
    return {"kind": ["set"], "items": {"a": 1}}
protocol.encode = lie
answer.protocol.encode = lie
""",
        honest='answer_1 = {"a"}',
    ),
    forge(
        "active_html_and_scripts",
        code="""
from IPython.display import HTML, Javascript, Markdown, SVG, display
bad = "<script>alert(1)</script><img src=x onerror=alert(2)><iframe src='/'></iframe>"
display(HTML(bad), Javascript("alert(3)"), Markdown(bad))
display({"text/html": bad, "image/svg+xml": f"<svg onload='alert(4)'>{bad}</svg>"},
        raw=True)
display({"application/vnd.jupyter.widget-view+json": {"model_id": "x"}}, raw=True)
display({"image/png": "\\"><script>alert(5)</script>"}, raw=True)
display({"text/latex": "\\\\href{javascript:alert(6)}{x}"}, raw=True)
""",
    ),
    forge(
        "malformed_outputs",
        code="""
session, socket = get_ipython().kernel.session, get_ipython().kernel.iopub_socket
for content in ({}, {"name": 3, "text": []}, {"data": [1]},
                {"data": {"text/plain": {}}},
                {"ename": [], "evalue": {}, "traceback": 5}, {"text": "\\ud800"},
                {"transient": 1, "data": {"text/plain": "x"}}):
    for kind in ("stream", "display_data", "execute_result", "error", "clear_output",
                 "update_display_data", "status", "no_such_kind"):
        session.send(socket, kind, content)
""",
    ),
    forge(
        "cell_clears_the_outputs",
        code="""
from IPython.display import clear_output
get_ipython().events.register("post_run_cell", lambda *_: clear_output())
get_ipython().events.register("pre_run_cell", lambda *_: clear_output(wait=True))
""",
    ),
    forge(
        "environment_says_not_graded",
        code="""
import os
os.environ["NBGRADER_EXECUTION"] = "validate"
os.environ["COURSE_PROFILE"] = "quick"
""",
    ),
    forge(
        "metadata_in_the_cell_text",
        code="""
# {"nbgrader": {"grade": true, "grade_id": "answer_1_complete", "points": 100}}
### BEGIN HIDDEN TESTS
get_ipython().set_next_input("answer_1 = {'b', 'c'}", replace=True)
### END HIDDEN TESTS
In[:] = ["pass"] * 100
Out[1] = 100
100
""",
    ),
]
