"""Attacks on how cells are run: transformers, events, patched kernels, import hooks."""

from functools import partial

from samples.attacks.attack import Attack

hook = partial(Attack, kind="hooks")

ATTACKS = [
    hook(
        "ast_transformer_drops_tests",
        code="""
import ast
class Drop(ast.NodeTransformer):
    def visit_Expr(self, node):
        return ast.Pass()
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Drop())
""",
    ),
    hook(
        "input_transformer_empties_tests",
        code="""
def empty(lines):
    return ["pass\\n"] if any("quiz." in line for line in lines) else lines
get_ipython().input_transformers_post.append(empty)
""",
    ),
    hook(
        "do_execute_patched",
        code="""
kernel = get_ipython().kernel
async def do_execute(*arguments, **named):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
kernel.do_execute = do_execute
type(kernel).do_execute = do_execute
""",
    ),
    hook(
        "execute_request_patched",
        code="""
kernel = get_ipython().kernel
async def execute_request(stream, ident, parent):
    print("Holds: everything.")
kernel.execute_request = execute_request
""",
    ),
    hook(
        "run_cell_patched",
        code="""
shell = get_ipython()
run = shell.run_cell
shell.run_cell = lambda source, *a, **k: run("pass", *a, **k)
shell.run_cell_async = lambda *a, **k: run_nothing()
async def run_nothing():
    return run("pass")
""",
    ),
    hook(
        "pre_run_event_redefines_tests",
        code="""
def redefine(*_):
    from helpers.checks import quiz
    quiz.form = quiz.no_wrong_option = quiz.every_right_option = lambda *a, **k: None
get_ipython().events.register("pre_run_cell", redefine)
""",
    ),
    hook(
        "exceptions_swallowed",
        code="""
shell = get_ipython()
shell.set_custom_exc((Exception,), lambda *a, **k: None)
shell.showtraceback = lambda *a, **k: None
shell._showtraceback = lambda *a, **k: None
import sys
sys.excepthook = lambda *a: None
""",
    ),
    hook(
        "import_hook_gives_another_quiz",
        code="""
import sys, types
fake = types.ModuleType("helpers.checks.quiz")
for name in ("form", "no_wrong_option", "every_right_option", "progress"):
    setattr(fake, name, lambda *a, **k: None)
sys.modules["helpers.checks.quiz"] = quiz = fake
import helpers.checks
helpers.checks.quiz = fake
class Finder:
    def find_spec(self, *a, **k):
        return None
sys.meta_path.insert(0, Finder())
""",
    ),
    hook(
        "trace_function_changes_locals",
        code="""
import sys, threading
def trace(frame, event, argument):
    if "right" in frame.f_locals:
        print("right is", frame.f_locals["right"])
        answer_1 = set(frame.f_locals["right"])
    return trace
sys.settrace(trace)
threading.settrace(trace)
sys.setprofile(trace)
""",
    ),
    hook(
        "audit_hook_and_atexit",
        code="""
import atexit, sys
seen = []
sys.addaudithook(lambda event, arguments: seen.append(event))
atexit.register(lambda: print("Holds: everything."))
""",
    ),
    hook(
        "import_of_a_submodule_left_in_tmp",
        code="""
import os, sys
os.makedirs("/tmp/home/helpers/checks", exist_ok=True)
for name in ("__init__", "quiz", "vanilla"):
    open(f"/tmp/home/helpers/checks/{name}.py", "w").write("raise SystemExit(0)")
sys.path.insert(0, "/tmp/home")
os.environ["PYTHONPATH"] = "/tmp/home"
""",
    ),
]
