"""Temporary tables that a chunk is copied to before one statement works on all of it."""

from typing import Any


def make_stage(cursor: Any, name: str, columns: dict[str, str]) -> None:
    """A temporary table of this connection that empties itself at commit. It is made once and used again, so that
    a long import does not fill the catalogue with dead tables."""
    spec = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({spec}) ON COMMIT DELETE ROWS; DELETE FROM {name}")  # noqa: S608
