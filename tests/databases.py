"""The databases of a run: the migrations make one, each parallel worker gets a copy of it, and a test that committed
its rows leaves it empty by deleting what was written.
"""

import os
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from merchant.people.rights import ensure_default_roles

# Where a parallel run's workers learn the name of the database they copy.
MOULD = "HUICANG_TEST_MOULD"
# What `migrate` puts there for every installed model; Django's own flush empties these tables and fills them again.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def begin_mould() -> threading.Thread:
    """Starts to make the database that the workers copy, while they are still collecting their tests.

    The lock is held from here until it is made, so a worker that asks too early waits.
    """
    name = f"{connection.creation._get_test_db_name()}_mould"
    os.environ[MOULD] = name
    is_locked = threading.Event()
    making = threading.Thread(target=_make_mould, args=(name, is_locked))
    making.start()
    is_locked.wait()
    return making


def _make_mould(name: str, is_locked: threading.Event) -> None:
    """In a thread, which has a connection of its own. The name is given when everything is done."""
    try:
        with connection.creation._nodb_cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
            is_locked.set()
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")
            connection.settings_dict["TEST"]["NAME"] = f"{name}_raw"
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.close()
            cursor.execute(f"ALTER DATABASE {quoted(f'{name}_raw')} RENAME TO {quoted(name)}")
    except Exception:
        traceback.print_exc()
    finally:
        is_locked.set()
        connection.close()


def drop_mould(making: threading.Thread) -> None:
    making.join()
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted(os.environ[MOULD])} WITH (FORCE)")


@contextmanager
def copied_database() -> Iterator[None]:
    """A worker's own database under the name Django gives it, copied from the mould; gone again afterwards."""
    mould, own = os.environ[MOULD], connection.creation._get_test_db_name()
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(hashtext(%s))", [mould])
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted(own)} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {quoted(own)} TEMPLATE {quoted(mould)}")
    yield
    connection.close()
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted(own)} WITH (FORCE)")


def commit_without_waiting() -> None:
    """A test database that a power cut loses is made again: its commits need not reach the disk."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {quoted(connection.settings_dict['NAME'])} SET synchronous_commit = off")
        cursor.execute("SET synchronous_commit = off")


def empty_tables(*_: object) -> None:
    """Takes out every committed row. Waits for whoever still writes, as a flush does.

    A flush cuts all tables and their indexes off, written or not, which takes a good part of a second; a test writes a
    few rows into some of them.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        names = _tables()
        cursor.execute(f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names))
        written = [name for (name,) in cursor.fetchall()]
        if written:
            # In one statement: what refers to each other is gone before anything is checked.
            parts = ", ".join(f"of_{number} AS (DELETE FROM {name})" for number, name in enumerate(written))
            cursor.execute(f"WITH {parts} SELECT 1")
            # As `migrate` leaves it.
            ensure_default_roles()


_known: list[str] = []


def _tables() -> list[str]:
    if not _known:
        found = connection.introspection.django_table_names(only_existing=True, include_views=False)
        _known.extend(quoted(name) for name in sorted(found) if name not in KEPT)
    return _known
