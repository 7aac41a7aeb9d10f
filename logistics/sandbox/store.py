"""What the sandbox knows, in one SQLite file: written before it is answered, so a kill loses nothing."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from logistics.sandbox.parcels import Parcel

_TABLES = """
CREATE TABLE IF NOT EXISTS parcel (waybill TEXT PRIMARY KEY, changed_at REAL NOT NULL, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS push (
    id INTEGER PRIMARY KEY, waybill TEXT NOT NULL, scan TEXT NOT NULL, url TEXT NOT NULL,
    due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, outcome TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS push_open ON push (due_at) WHERE outcome = '';
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, content TEXT NOT NULL);
"""


@dataclass
class PendingPush:
    """One scan on its way to a merchant; repeated until acknowledged or given up."""

    id: int
    waybill: str
    scan: dict[str, Any]
    url: str
    due_at: float
    attempts: int


class Store:
    """Parcels live in memory and on disk; pushes on disk, the open ones are read at start."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(str(path), isolation_level=None)
        # A killed process loses nothing in WAL mode; only a power cut could take the last moment.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_TABLES)
        rows = self._db.execute("SELECT content FROM parcel ORDER BY rowid")
        self.parcels = {p.waybill: p for p in (Parcel.from_dict(json.loads(row[0])) for row in rows)}

    def close(self) -> None:
        self._db.close()

    def save(
        self, *parcels: Parcel, pushes: Iterable[tuple[str, dict[str, Any], str, float]] = ()
    ) -> list[PendingPush]:
        """Keep parcels and the pushes their change caused, together. A push is (waybill, scan, url, due_at)."""
        kept: list[PendingPush] = []
        self._db.execute("BEGIN")
        try:
            self._db.executemany(
                "INSERT INTO parcel (waybill, changed_at, content) VALUES (?, ?, ?) "
                "ON CONFLICT (waybill) DO UPDATE SET changed_at = excluded.changed_at, content = excluded.content",
                [(p.waybill, p.changed_at, json.dumps(p.as_dict(), ensure_ascii=False)) for p in parcels],
            )
            for waybill, scan, url, due_at in pushes:
                row = self._db.execute(
                    "INSERT INTO push (waybill, scan, url, due_at) VALUES (?, ?, ?, ?)",
                    (waybill, json.dumps(scan, ensure_ascii=False), url, due_at),
                )
                kept.append(PendingPush(int(row.lastrowid or 0), waybill, scan, url, due_at, 0))
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        for parcel in parcels:
            self.parcels[parcel.waybill] = parcel
        return kept

    def open_pushes(self) -> Iterator[PendingPush]:
        rows = self._db.execute(
            "SELECT id, waybill, scan, url, due_at, attempts FROM push WHERE outcome = '' ORDER BY due_at, id"
        ).fetchall()
        for row in rows:
            yield PendingPush(row[0], row[1], json.loads(row[2]), row[3], row[4], row[5])

    def push_tried(self, push: PendingPush, outcome: str) -> None:
        """outcome "" = to be repeated at `due_at`, "done" or "given_up"."""
        self._db.execute(
            "UPDATE push SET attempts = ?, due_at = ?, outcome = ? WHERE id = ?",
            (push.attempts, push.due_at, outcome, push.id),
        )

    def push_counts(self) -> dict[str, int]:
        rows = self._db.execute("SELECT outcome, count(*) FROM push GROUP BY outcome").fetchall()
        return {row[0] or "open": row[1] for row in rows}

    def setting(self, name: str) -> dict[str, Any]:
        row = self._db.execute("SELECT content FROM setting WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else {}

    def keep_setting(self, name: str, content: dict[str, Any]) -> None:
        self._db.execute(
            "INSERT INTO setting (name, content) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET content = excluded.content",
            (name, json.dumps(content)),
        )

    def clear(self) -> None:
        """Forget every parcel and push; faults stay."""
        self._db.execute("BEGIN")
        self._db.execute("DELETE FROM parcel")
        self._db.execute("DELETE FROM push")
        self._db.execute("COMMIT")
        self.parcels.clear()
