"""The sandbox's memory: one file, one line a change, written before anybody is told. A kill loses nothing.

A line is a JSON list of [kind, key, row] that belong together; a row of null forgets the key. Reading the file again
gives the same rows; a last line that was cut off by a kill belongs to an answer that nobody got, and is dropped.
"""

import json
import os
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Change = tuple[str, str, Row | None]


class Journal:
    """Rows by kind and key, in memory and on disk. Without a path they live in memory only."""

    def __init__(self, path: Path | None = None) -> None:
        self.rows: dict[str, dict[str, Row]] = {}
        self._path = path
        self._file: Any = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._load(path)
            self._compact(path)
            self._file = path.open("ab", buffering=0)

    def of(self, kind: str) -> dict[str, Row]:
        """The rows of one kind by key. Change them through `write` only."""
        return self.rows.setdefault(kind, {})

    def write(self, changes: list[Change]) -> None:
        """All of these changes or none of them."""
        if not changes:
            return
        if self._file is not None:
            # One write call a line: the operating system has it when this returns, whatever happens to us then.
            self._file.write(json.dumps(changes, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        self._apply(changes)

    def clear(self) -> None:
        """Forget everything."""
        self.rows.clear()
        if self._file is not None:
            self._file.truncate(0)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _apply(self, changes: list[Any]) -> None:
        for kind, key, row in changes:
            if row is None:
                self.of(kind).pop(key, None)
            else:
                self.of(kind)[key] = row

    def _load(self, path: Path) -> None:
        if not path.exists():
            return
        with path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                self._apply(json.loads(line))

    def _compact(self, path: Path) -> None:
        """Start with one line a row. The new file takes the old one's name only when it is whole and on the disk."""
        draft = path.with_suffix(path.suffix + ".new")
        with draft.open("wb") as file:
            for kind, rows in self.rows.items():
                for key, row in rows.items():
                    line = json.dumps([[kind, key, row]], ensure_ascii=False, separators=(",", ":"))
                    file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
