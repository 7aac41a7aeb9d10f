"""The whole database in one file, and back: what `manage.py backup` writes and `manage.py restore` reads.

Photos, uploads and papers lie in the database, sealed, so the file holds them too. The keys that open them do not lie
in it: they are the environment's, and have to be kept elsewhere. The file says which keys it needs, without saying one.
PostgreSQL's own COPY does the work over the ordinary connection: no tool has to be installed beside it."""

import hashlib
import hmac
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from merchant.clock import now

FORMAT = 1
MANIFEST = "manifest.json"
# Who is signed in is nobody's past; what the migrations themselves write is compared, not copied.
LEFT_OUT = ("django_session",)
KEPT_AS_IS = ("django_migrations",)
CHUNK = 1024 * 1024


class CannotRestore(Exception):
    """The file and this installation do not fit; nothing has changed. The sentence says why."""


def write(path: Path, *, say: Callable[[str], None] = lambda _line: None) -> dict[str, Any]:
    """Write everything, as it stands at one instant, to `path`; a file that is there already is not touched. Returns
    the manifest."""
    part = path.with_name(f"{path.name}.part")
    if path.exists():
        raise FileExistsError(path)
    with _one_instant() as cursor, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        tables = {}
        for table in _tables(cursor):
            if table in LEFT_OUT:
                continue
            tables[table] = _copy_out(cursor, archive, table)
            say(f"{table}: {tables[table]['rows']}")
        manifest = {
            "format": FORMAT,
            "made_at": now().isoformat(),
            "migrations": _migrations(cursor),
            "keys": _key_marks(),
            "tables": tables,
        }
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    part.chmod(0o600)
    part.rename(path)
    return manifest


def read_manifest(path: Path) -> dict[str, Any]:
    """Raises CannotRestore when the file is none of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise CannotRestore(_("%(path)s is no backup: %(why)s") % {"path": path, "why": error}) from error
    if manifest.get("format") != FORMAT:
        raise CannotRestore(_("This backup is of another format than this version reads."))
    return manifest


def restore(path: Path, *, say: Callable[[str], None] = lambda _line: None) -> dict[str, Any]:
    """Fill this database, migrated and empty, with what the file holds; all of it or nothing. Returns the manifest.

    Raises CannotRestore: not our file, a database that is not empty or stands at other migrations, keys that are not
    here, a table that did not come over whole."""
    manifest = read_manifest(path)
    with closing(connection.copy()) as own:
        own.ensure_connection()
        with own.cursor() as cursor:
            try:
                _fill(cursor, path, manifest, say)
                cursor.execute("COMMIT")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
    return manifest


def _fill(cursor: Any, path: Path, manifest: dict[str, Any], say: Callable[[str], None]) -> None:
    cursor.execute("BEGIN")
    _check_fits(cursor, manifest)
    here = [table for table in _tables(cursor) if table not in KEPT_AS_IS]
    cursor.execute(f"TRUNCATE {', '.join(map(_quoted, here))}")
    # Every reference is checked at the commit, so tables may come in any order.
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    with zipfile.ZipFile(path) as archive:
        for table, said in manifest["tables"].items():
            if table in KEPT_AS_IS:
                continue
            if table not in here:
                raise CannotRestore(_("There is no table %(table)s here.") % {"table": table})
            _copy_in(cursor, archive, table, said)
            say(f"{table}: {said['rows']}")
    _set_sequences(cursor)


def _check_fits(cursor: Any, manifest: dict[str, Any]) -> None:
    here, there = set(map(tuple, _migrations(cursor))), set(map(tuple, manifest["migrations"]))
    if here != there:
        odd = ", ".join(sorted(".".join(one) for one in here ^ there)[:5])
        raise CannotRestore(
            _("The backup and this database stand at other migrations (%(odd)s): use the version that made it.")
            % {"odd": odd}
        )
    cursor.execute("SELECT EXISTS (SELECT FROM merchant_shop) OR EXISTS (SELECT FROM merchant_user)")
    if cursor.fetchone()[0]:
        raise CannotRestore(_("This database is not empty: restore into a new one, then point DATABASE_URL to it."))
    marks = _key_marks()
    missing = sorted(name for name, mark in manifest["keys"].items() if marks.get(name) != mark)
    if missing:
        raise CannotRestore(
            _("The keys %(names)s of this backup are not in the environment: without them nobody could be read.")
            % {"names": ", ".join(missing)}
        )


def _key_marks() -> dict[str, str]:
    """Which keys there are, told by a mark that gives none away."""
    keys = {f"HUICANG_PII_KEYS {key.partition(':')[0]}": key.partition(":")[2] for key in settings.PII_KEYS}
    keys["HUICANG_PII_INDEX_KEY"] = settings.PII_INDEX_KEY
    return {name: _mark(key.encode()) for name, key in keys.items()}


def _mark(key: bytes) -> str:
    return hmac.new(key, b"huicang backup", hashlib.sha256).hexdigest()[:32]


@contextmanager
def _one_instant() -> Iterator[Any]:
    """A connection of its own that sees the database as it stands now, however long it reads."""
    with closing(connection.copy()) as own, own.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield cursor
        cursor.execute("COMMIT")


def _tables(cursor: Any) -> list[str]:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
    return [row[0] for row in cursor.fetchall()]


def _migrations(cursor: Any) -> list[list[str]]:
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
    return [list(row) for row in cursor.fetchall()]


def _columns(cursor: Any, table: str) -> list[str]:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s"
        " AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    )
    return [row[0] for row in cursor.fetchall()]


def _copy_out(cursor: Any, archive: zipfile.ZipFile, table: str) -> dict[str, Any]:
    columns = _columns(cursor, table)
    with archive.open(f"{table}.copy", "w", force_zip64=True) as entry:
        counted = _Counted(entry)
        cursor.copy_expert(f"COPY {_quoted(table)} ({', '.join(map(_quoted, columns))}) TO STDOUT", counted, CHUNK)
    return {"columns": columns, "rows": cursor.rowcount, "digest": counted.digest.hexdigest()}


def _copy_in(cursor: Any, archive: zipfile.ZipFile, table: str, said: dict[str, Any]) -> None:
    columns = ", ".join(map(_quoted, said["columns"]))
    with archive.open(f"{table}.copy") as entry:
        counted = _Counted(entry)
        cursor.copy_expert(f"COPY {_quoted(table)} ({columns}) FROM STDIN", counted, CHUNK)
    if (cursor.rowcount, counted.digest.hexdigest()) != (said["rows"], said["digest"]):
        raise CannotRestore(_("The table %(table)s is damaged in this backup.") % {"table": table})


def _set_sequences(cursor: Any) -> None:
    """The next row gets a number after the last one."""
    cursor.execute(
        "SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)"
        " FROM information_schema.columns WHERE table_schema = current_schema()"
        " AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL"
    )
    for table, column, sequence in cursor.fetchall():
        cursor.execute(
            f"SELECT setval(%s, coalesce((SELECT max({_quoted(column)}) FROM {_quoted(table)}), 0) + 1, false)",  # noqa: S608
            [sequence],
        )


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


class _Counted(io.RawIOBase):
    """A stream that digests what passes through it."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.digest = stream, hashlib.sha256()

    def write(self, chunk: Any) -> int:
        data = chunk.encode() if isinstance(chunk, str) else bytes(chunk)
        self.digest.update(data)
        self.stream.write(data)
        return len(data)

    def read(self, size: int = -1) -> bytes:
        data: bytes = self.stream.read(size)
        self.digest.update(data)
        return data
