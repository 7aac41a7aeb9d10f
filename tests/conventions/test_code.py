"""How the code is cut and named (the house rules of README, "Changing the code")."""

import ast
import re
from collections.abc import Iterator

from django.conf import settings

from merchant.celery import app
from tests.conventions.sources import PROJECT, ROOMS, code, named, project_files, trees

LONGEST_FILE = 450

# Modules that may write a state with set-based SQL, each with its reason; everybody else goes through the machine.
STATE_WRITERS = {
    "logistics/tracking/": "the one writer of a parcel's state, which is a projection of its events",
    "logistics/parcels/": "a parcel's own label, void and receipt, by the same projection",
    "orders/intake/": "an imported order starts in the state its file says; new rows only pass through COPY",
    "merchant/stock/reserving.py": "a reservation is no machine: held rows end, many in one statement",
    "orders/record/progress.py": "the set-based twin of an order's moves: one guarded UPDATE along the machine's own arrows",
    "orders/listings/files.py": "a job is no state machine: its end is written by the process that runs it",
    "merchant/jobs/": "a job is no state machine: its pulse and end are written by the process that runs it",
    "merchant/errands/": "an errand is a job of one call: its end is written by the run that holds it",
}


def test_imports_point_down_only(capsys):
    from importlinter.cli import lint_imports

    exit_code = lint_imports(config_filename=str(PROJECT / "pyproject.toml"), no_cache=True)

    assert (exit_code, "BROKEN" in capsys.readouterr().out) == (0, False)


def test_no_file_hides_its_purpose_behind_a_catch_all_name():
    names = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}

    assert [named(path) for path in project_files() if path.name in names] == []


def test_no_file_is_longer_than_one_can_hold_in_mind():
    long = {name: text.count("\n") for name, text in code().items() if text.count("\n") > LONGEST_FILE}

    assert long == {}


def test_models_py_only_gathers():
    def own_classes(room: str) -> list[str]:
        return [node.name for node in trees()[f"{room}/models.py"].body if isinstance(node, ast.ClassDef)]

    assert {room: own_classes(room) for room in ROOMS if f"{room}/models.py" in trees()} == {
        room: [] for room in ROOMS if f"{room}/models.py" in trees()
    }


def state_writes(tree: ast.Module) -> Iterator[int]:
    """Lines that write a state past its machine: .update(state=…), bulk_update(…, ["state"]), SQL."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "update" and any(word.arg == "state" for word in node.keywords):
                yield node.lineno
            if node.func.attr in {"bulk_update", "abulk_update"} and any(
                isinstance(part, ast.Constant) and part.value == "state" for part in ast.walk(node)
            ):
                yield node.lineno
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and re.search(r"\bUPDATE\b(?s:.*)\bSET\b(?s:.*)\bstate\s*=", node.value):
            yield node.lineno


def test_a_state_is_written_by_its_machine_or_by_a_listed_writer():
    found = [
        f"{name}:{line}"
        for name, tree in trees().items()
        if not name.startswith(tuple(STATE_WRITERS))
        for line in state_writes(tree)
    ]

    assert found == []


def shared_tasks() -> Iterator[tuple[str, ast.FunctionDef, ast.expr]]:
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                for decorator in node.decorator_list:
                    called = decorator.func if isinstance(decorator, ast.Call) else decorator
                    if getattr(called, "id", getattr(called, "attr", "")) == "shared_task":
                        yield name, node, decorator


def test_a_task_has_a_name_of_its_own_and_survives_a_newer_caller():
    wrong = []
    for name, node, decorator in shared_tasks():
        words = {word.arg: word.value for word in getattr(decorator, "keywords", [])}
        given = getattr(words.get("name"), "value", "")
        is_bound = getattr(words.get("bind"), "value", False)
        positional = len(node.args.args) - (1 if is_bound else 0)
        if given != f"{name.split('/')[0]}.{node.name}":
            wrong.append(f"{name}:{node.lineno} {node.name} is named {given!r}")
        if positional or node.args.kwarg is None:
            wrong.append(f"{name}:{node.lineno} {node.name} must take keywords only, and **_")

    assert wrong == []


def test_a_task_decides_nothing():
    deciding = (ast.If, ast.For, ast.While, ast.Try, ast.Match)
    found = [
        f"{name}:{node.lineno} {node.name}"
        for name, node, _ in shared_tasks()
        if any(isinstance(part, deciding) for part in ast.walk(node))
    ]

    assert found == []


def woken_names() -> dict[str, str]:
    """{task name: where}: every name that code hands to a wake-up."""
    found = {}
    for name, tree in trees().items():
        for node in ast.walk(tree):
            called = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if called in {"wake", "wake_now", "wake_sweep", "about_to_look"} and isinstance(node.args[0], ast.Constant):
                found[node.args[0].value] = f"{name}:{node.lineno}"
            # A kind of errand names the task that runs it.
            for word in node.keywords if called == "register" else ():
                if word.arg == "task":
                    found[word.value.value] = f"{name}:{node.lineno}"
    return found


def test_every_name_that_is_woken_or_scheduled_is_a_task():
    app.loader.import_default_modules()
    scheduled = {entry["task"]: f"beat {key}" for key, entry in settings.CELERY_BEAT_SCHEDULE.items()}
    named = woken_names() | scheduled

    assert {task: where for task, where in named.items() if task not in app.tasks} == {}
    assert len(woken_names()) > 8


def test_every_task_is_woken_or_scheduled_by_somebody():
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if name.split(".")[0] in ROOMS}
    swept = {"merchant.sweep_courier_pushes"}
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert ours - set(woken_names()) - scheduled - swept == set()


# Files that set something up before they load the rest, with the reason.
FIRST_OF_ALL = {"orders/intake/reading/child.py": "its limits on memory and time hold for what it imports too"}


def test_no_import_hides_inside_a_function():
    """One that does dodges a circle. Only `ready()` may: the models are loaded by then."""
    hidden = [
        f"{name}:{node.lineno}"
        for name, tree in trees().items()
        if not name.endswith(("/apps.py", "/registrations.py")) and name not in FIRST_OF_ALL
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If)
        for node in ast.walk(outer)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ROOMS
    ]

    assert hidden == []


def test_every_task_goes_to_a_queue_some_worker_reads():
    from merchant.launcher.processes import COMMANDS

    app.loader.import_default_modules()
    read = {
        queue
        for command in COMMANDS.values()
        if "-Q" in command
        for queue in command[list(command).index("-Q") + 1].split(",")
    }
    ours = [name for name in app.tasks if name.split(".")[0] in ROOMS]

    routed = {name: app.amqp.router.route({}, name)["queue"].name for name in ours}

    assert read == {"money", "intercept", "push", "tracking", "intake", "bulk"}
    assert {name: queue for name, queue in routed.items() if queue not in read} == {}


def test_signals_of_the_database_carry_no_logic():
    words = ("post_save", "pre_save", "post_delete", "pre_delete", "m2m_changed")
    found = [name for name, text in code().items() if any(re.search(rf"\b{word}\b", text) for word in words)]

    assert found == []


def test_nothing_reads_the_wall_clock_without_a_time_zone():
    bare = re.compile(r"datetime\.(utcnow|now)\(\s*\)|date\.today\(\)")

    assert [name for name, text in code().items() if bare.search(text)] == []


# What a page posts beside a verb's own words: where to go back to, what is open, which preview was looked at.
NAVIGATION = {"back", "tab", "shared", "order", "look", "plan", "undo"}
POSTED = re.compile(r'request\.POST(?:\.get\(|\.getlist\(|\[)\s*"([^"]+)"')


def test_what_a_verb_is_told_is_read_by_its_form():
    by_hand = {
        f"{name}: {field}" for name, text in code().items() for field in POSTED.findall(text) if field not in NAVIGATION
    }

    assert sorted(by_hand) == []
    assert [name for name, text in code().items() if re.search(r"(?:fen|parse_date)\(request\.", text)] == []
