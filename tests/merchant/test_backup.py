"""A rehearsal: a backup of a shop with people in it, restored into a new database by the command, compared row by row."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from django.db import connection

from merchant import backup
from merchant.vault.models import Recipient
from merchant.vault.services import store
from tests.logistics.factories import make_package
from tests.merchant.factories import make_platform_account, make_shop, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PROJECT = Path(__file__).resolve().parents[2]
NEW = "huicang_rehearsal"


@pytest.fixture
def shop():
    shop = make_shop()
    make_user("owner", shop)
    make_platform_account(shop, secrets={"app_secret": "s"})
    store(shop, "王小明", "13800001234", "浙江省杭州市余杭区文一西路969号\t\\N\n'\"")
    make_package("zto", shop=shop)
    return shop


@pytest.fixture
def new_database():
    """The address of an empty database on the same server."""
    told = connection.settings_dict
    name = f"{NEW}_{os.getpid()}"
    server = {"host": told["HOST"], "port": told["PORT"], "user": told["USER"], "password": told["PASSWORD"]}
    admin = psycopg2.connect(dbname="postgres", **server)
    admin.autocommit = True
    admin.cursor().execute(f'CREATE DATABASE "{name}"')
    yield f"postgres://{told['USER']}:{told['PASSWORD']}@{told['HOST']}:{told['PORT']}/{name}"
    admin.cursor().execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    admin.close()


def manage(address, *words, **more):
    environment = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "merchant.settings", **more}
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=300
    )


def digests(cursor):
    """{table: the digest of all its rows}, but for who is signed in and when each migration ran."""
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    found = {}
    for (table,) in cursor.fetchall():
        if table not in (*backup.LEFT_OUT, *backup.KEPT_AS_IS):
            cursor.execute(f'SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{table}" t')
            found[table] = cursor.fetchone()
    return found


def test_a_backup_is_restored_into_a_new_database_and_is_the_same(shop, tmp_path, new_database):
    path = tmp_path / "all.huicang"
    manifest = backup.write(path)
    with connection.cursor() as cursor:
        before = digests(cursor)
    assert before["merchant_recipient"][0] == 2 or before["merchant_recipient"][0] == 1
    assert manifest["tables"]["merchant_shop"]["rows"] == 1

    migrated = manage(new_database, "migrate", "--verbosity", "0")
    told = manage(new_database, "restore", str(path))
    again = manage(new_database, "restore", str(path))

    assert (migrated.returncode, told.returncode, told.stderr) == (0, 0, "")
    rehearsal = psycopg2.connect(new_database)
    cursor = rehearsal.cursor()
    assert digests(cursor) == before
    # The next row of any table gets a number of its own.
    cursor.execute("SELECT nextval(pg_get_serial_sequence('merchant_shop', 'id')), (SELECT max(id) FROM merchant_shop)")
    following, last = cursor.fetchone()
    assert following == last + 1
    rehearsal.close()
    # What is full already is not filled again.
    assert again.returncode == 1
    assert "restore into a new one" in again.stderr or "不是空的" in again.stderr

    wrong = manage(new_database, "restore", str(path), HUICANG_PII_INDEX_KEY="another")
    assert wrong.returncode == 1


def test_the_file_is_for_its_owner_alone_holds_no_key_and_nobody_in_plain(shop, tmp_path, settings):
    import zipfile

    path = tmp_path / "all.huicang"
    backup.write(path)

    assert path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(path) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist())
    secret = settings.PII_KEYS[0].partition(":")[2].encode()
    assert (secret in whole, settings.PII_INDEX_KEY.encode() in whole, b"13800001234" in whole) == (False, False, False)
    with pytest.raises(FileExistsError):
        backup.write(path)


def test_a_backup_that_does_not_fit_changes_nothing(shop, tmp_path, settings, monkeypatch):
    path = tmp_path / "all.huicang"
    backup.write(path)

    with pytest.raises(backup.CannotRestore):
        backup.restore(path)
    (tmp_path / "none").write_text("no backup")
    with pytest.raises(backup.CannotRestore):
        backup.restore(tmp_path / "none")
    manifest = backup.read_manifest(path)
    with connection.cursor() as cursor, pytest.raises(backup.CannotRestore):
        backup._check_fits(cursor, {**manifest, "migrations": [["merchant", "9999_later"]]})

    assert Recipient.objects.filter(shop=shop).exists()
