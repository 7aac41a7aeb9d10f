"""The repository's own files, for the tests that read code instead of running it."""

import ast
import subprocess
from functools import lru_cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("merchant", "orders", "logistics", "aftersales", "cs_workbench")


@lru_cache
def project_files() -> tuple[Path, ...]:
    """What git would commit: the tracked files and the new ones it does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(path for name in sorted(set(listed.stdout.split("\0"))) if name and (path := PROJECT / name).is_file())


def named(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@lru_cache
def code() -> dict[str, str]:
    """Path and text of every Python file of the five rooms, migrations apart."""
    return {
        named(path): path.read_text(encoding="utf-8")
        for path in project_files()
        if path.suffix == ".py" and path.relative_to(PROJECT).parts[0] in ROOMS and "migrations" not in path.parts
    }


@lru_cache
def trees() -> dict[str, ast.Module]:
    return {name: ast.parse(text) for name, text in code().items()}


def files_under(*folders: str, suffix: str) -> dict[str, str]:
    return {
        named(path): path.read_text(encoding="utf-8")
        for path in project_files()
        if path.suffix == suffix and named(path).split("/", 1)[0] in folders
    }
