"""The files around the code: lock, compose file, requirements, rules of the repository."""

import csv
import re

import yaml

from merchant.launcher.processes import COMMANDS
from tests.conventions.sources import PROJECT, code, named, project_files
from tests.requirements_report import marked_tests, marks_of, states_of

LOCKS = ("requirements.txt", "requirements-dev.txt")


def wanted(name: str) -> set[str]:
    text = (PROJECT / name).read_text()
    return {
        re.split(r"[\[<>=~!; #]", line, maxsplit=1)[0].lower()
        for line in text.splitlines()
        if line.strip() and not line.startswith(("#", "-r"))
    }


def locked(name: str) -> dict[str, str]:
    """Package and the text of its entry."""
    entries = re.split(r"(?m)^(?=[a-z0-9])", (PROJECT / name).read_text())
    return {entry.split("==", 1)[0].split("[")[0].lower(): entry for entry in entries if "==" in entry}


def test_the_lock_names_hashes_and_no_addresses():
    for name in LOCKS:
        text = (PROJECT / name).read_text()

        assert [package for package, entry in locked(name).items() if "--hash=sha256:" not in entry] == []
        assert re.findall(r"https?://|--index-url|--find-links|file:", text) == []


def test_everything_wanted_is_locked_and_both_locks_agree():
    run, develop = locked(LOCKS[0]), locked(LOCKS[1])

    assert wanted("requirements.in") - set(run) == set()
    assert wanted("requirements-dev.in") - set(develop) == set()
    version = re.compile(r"==([^\s;\\]+)")
    assert {name for name, entry in run.items() if version.findall(entry) != version.findall(develop[name])} == set()


def test_compose_and_the_demo_run_the_same_commands():
    services = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]

    commands = {
        name: service["command"].split() for name, service in services.items() if service.get("image") == "huicang"
    }

    assert commands.pop("migrate") == "python manage.py migrate --no-input".split()
    assert commands == {name: list(command) for name, command in COMMANDS.items()}


def test_every_service_of_compose_says_whether_it_is_well():
    services = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]

    assert [name for name, service in services.items() if "healthcheck" not in service and name != "migrate"] == []


def test_the_image_starts_as_the_web_process_by_default():
    command = (PROJECT / "Dockerfile").read_text().rsplit("CMD ", 1)[1]

    assert yaml.safe_load(command) == list(COMMANDS["web"])


def test_every_variable_that_is_read_is_explained():
    names = set()
    for text in code().values():
        names |= set(re.findall(r"[\"'](HUICANG_[A-Z0-9_]+|DATABASE_URL|REDIS_URL)[\"']", text))
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")

    # Set by the launcher and by tests for their own processes; nobody sets them by hand.
    internal = {"HUICANG_DEMO", "HUICANG_TESTING"}
    assert sorted(name for name in names - internal if f"`{name}`" not in readme) == []


def test_the_requirements_are_two_hundred_and_twenty_five():
    rows = list(csv.DictReader((PROJECT / "docs" / "requirements.csv").open(encoding="utf-8", newline="")))

    assert len(rows) == len({row["id"] for row in rows}) == 225


def test_marks_name_requirements_that_exist():
    with (PROJECT / "docs" / "requirements.csv").open(encoding="utf-8", newline="") as file:
        known = {row["id"] for row in csv.DictReader(file)}
    marked = {test: ids for path in (PROJECT / "tests").rglob("test_*.py") for test, ids in marked_tests(path)}

    assert {test: sorted(set(ids) - known) for test, ids in marked.items() if set(ids) - known} == {}


def test_a_requirement_is_proven_only_by_a_marked_test_that_passed():
    marked = {"a": ["R1"], "b": ["R1", "R2"], "c": ["R3"], "d": ["R4"]}
    outcomes = {"a": ["passed"], "b": ["passed", "failed"], "c": ["skipped"]}

    states = states_of(["R1", "R2", "R3", "R4", "R5"], marked, outcomes)

    assert states == {"R1": "marked", "R2": "marked", "R3": "marked", "R4": "marked", "R5": "missing"}
    assert states_of(["R1"], {"a": ["R1"]}, outcomes) == {"R1": "proven"}


def test_marks_are_read_from_functions_classes_and_files(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.requirements_report.PROJECT", tmp_path)
    path = tmp_path / "test_x.py"
    path.write_text(
        "pytestmark = [pytest.mark.req('R9')]\n"
        "@pytest.mark.req('R1', 'R2')\ndef test_a(): ...\n"
        "@pytest.mark.req('R3')\nclass TestB:\n    def test_c(self): ...\n"
    )

    assert dict(marked_tests(path)) == {
        "test_x.py::test_a": ["R9", "R1", "R2"],
        "test_x.py::TestB::test_c": ["R9", "R3"],
    }
    assert marks_of([]) == []


def test_no_real_data_and_no_machine_is_named():
    """Paths of somebody's machine have no place in a public repository, addresses none in its lock files."""
    machine = re.compile(r"/(?:root|home/[a-z]+)/")
    allowed = {"tests/conventions/test_house.py", ".gitignore"}
    found = []
    for path in project_files():
        if named(path) in allowed or path.suffix in {".png", ".svg", ".mo", ".xlsx", ".gz", ".ico"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{named(path)}: {match[0]}" for match in machine.finditer(text)]

    locks = [path for path in project_files() if re.fullmatch(r"requirements.*\.(txt|in)", path.name)]
    assert locks
    assert [named(path) for path in locks if "://" in path.read_text()] == []
    assert found == []
