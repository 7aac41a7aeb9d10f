"""`make requirements`: which of docs/requirements.csv are proven by the last test run, marked by a test, or missing.

Proven: at least one marked test ran and all that ran passed. Marked: a test carries the mark but none passed in the last
run. Missing: no test carries it. Nothing is hidden: every requirement that is not proven is listed.
"""

import ast
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PROOF = PROJECT / ".data" / "proof.json"
STATES = ("proven", "marked", "missing")


def marks_of(decorators: list[ast.expr]) -> list[str]:
    """The ids of `@pytest.mark.req("R0.1", …)` among these expressions."""
    found = []
    for node in decorators:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "req":
            found += [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    return found


def marked_tests(path: Path) -> Iterator[tuple[str, list[str]]]:
    """(node id without parameters, requirement ids) of every marked test in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = path.relative_to(PROJECT).as_posix()
    whole_file: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "pytestmark" for target in node.targets):
            whole_file += marks_of(node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value])

    def walk(body: list[ast.stmt], prefix: str, inherited: list[str]) -> Iterator[tuple[str, list[str]]]:
        for node in body:
            if isinstance(node, ast.ClassDef):
                yield from walk(node.body, f"{prefix}::{node.name}", inherited + marks_of(node.decorator_list))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                ids = inherited + marks_of(node.decorator_list)
                if ids:
                    yield f"{prefix}::{node.name}", ids

    yield from walk(tree.body, name, whole_file)


def states_of(requirements: list[str], marked: dict[str, list[str]], outcomes: dict[str, list[str]]) -> dict[str, str]:
    """The state of each requirement. `marked`: test -> ids; `outcomes`: test -> what its runs ended in."""
    tests = defaultdict(list)
    for test, ids in marked.items():
        for requirement in ids:
            tests[requirement].append(test)
    found = {}
    for requirement in requirements:
        results = [outcome for test in tests[requirement] for outcome in outcomes.get(test, [])]
        if not tests[requirement]:
            found[requirement] = "missing"
        else:
            found[requirement] = "proven" if "passed" in results and "failed" not in results else "marked"
    return found


def read_outcomes() -> dict[str, list[str]]:
    try:
        noted = json.loads(PROOF.read_text())
    except (OSError, ValueError):
        return {}
    outcomes = defaultdict(list)
    for node_id, outcome in noted.items():
        outcomes[node_id.split("[", 1)[0]].append(outcome)
    return outcomes


def main() -> int:
    rows = list(csv.DictReader((PROJECT / "docs" / "requirements.csv").open(encoding="utf-8", newline="")))
    known = [row["id"] for row in rows]
    marked = {test: ids for path in sorted((PROJECT / "tests").rglob("test_*.py")) for test, ids in marked_tests(path)}
    unknown = sorted({requirement for ids in marked.values() for requirement in ids} - set(known))
    states = states_of(known, marked, read_outcomes())
    areas = dict.fromkeys(row["area"] for row in rows)
    width = max(len(area) for area in areas)
    print(f"{'area':<{width}}  proven  marked  missing")
    for area in areas:
        mine = [states[row["id"]] for row in rows if row["area"] == area]
        print(f"{area:<{width}}  {mine.count('proven'):>6}  {mine.count('marked'):>6}  {mine.count('missing'):>7}")
    for state in STATES[1:]:
        ids = [requirement for requirement in known if states[requirement] == state]
        if ids:
            print(f"\n{state} ({len(ids)}): {', '.join(ids)}")
    if unknown:
        print(f"\nmarked by a test but not in docs/requirements.csv: {', '.join(unknown)}")
    print(f"\nproven {list(states.values()).count('proven')} of {len(known)}")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
