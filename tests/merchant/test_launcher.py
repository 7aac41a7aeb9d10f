"""The launcher: servers of our own, children that end with it, and a next start that nothing blocks."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from merchant.launcher import children, postgres, valkey
from merchant.launcher.children import Child, Program, is_alive, stop_leftovers
from merchant.launcher.folder import CannotStart, DataFolder, is_reachable
from merchant.launcher.network import check_free, free_port
from merchant.launcher.seed import claim_database
from merchant.launcher.servers import start_servers
from merchant.launcher.supervisor import Supervisor, end_in_words, python
from merchant.launcher.testing import free_folder, prepare_servers

PROJECT = Path(__file__).resolve().parent.parent.parent


class Paper:
    """A terminal that remembers."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return False


@pytest.fixture
def folder():
    """A folder that the system user running PostgreSQL can walk into, which pytest's own folders do not allow."""
    place = Path(tempfile.mkdtemp(prefix="huicang-launcher-"))
    place.chmod(0o755)
    yield DataFolder(place)
    shutil.rmtree(place, ignore_errors=True)


def wait_until(is_true, timeout_s=20.0):
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


# --- the folder -------------------------------------------------------------------------------------------------------
def test_a_second_launcher_is_told_that_the_first_still_runs(folder):
    folder.lock()
    second = DataFolder(folder.path)

    with pytest.raises(CannotStart) as told:
        second.lock()

    assert str(told.value) == (
        f"Another launcher is running with the folder {folder.path}. Stop it with Ctrl-C first, or name another folder "
        "in HUICANG_DATA."
    )
    folder.unlock()
    second.lock()
    second.unlock()


def test_addresses_are_found_only_while_their_launcher_lives(folder):
    folder.lock()
    folder.publish({"REDIS_URL": "redis://here"})

    assert DataFolder(folder.path).published() == {"REDIS_URL": "redis://here"}
    assert folder.addresses.stat().st_mode & 0o777 == 0o600

    folder.unlock()
    assert DataFolder(folder.path).published() == {}


def test_a_folder_nobody_else_may_enter_is_out_of_reach(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    assert is_reachable(closed / "file", os.geteuid(), os.getegid())
    assert not is_reachable(closed / "file", 65533, 65533)


def test_a_taken_port_is_named_with_the_way_out():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(CannotStart) as told:
            check_free([("the web page", port, "make demo PORT=8100")])

    assert str(told.value) == (
        f"Port {port} is taken by another program, so the web page cannot start there. Stop that program or choose "
        "another port: make demo PORT=8100"
    )
    check_free([("the web page", port, "")])


# --- children ---------------------------------------------------------------------------------------------------------
def test_a_child_that_dies_is_started_again_with_a_visible_line(folder):
    folder.lock()
    paper = Paper()
    supervisor = Supervisor(folder, out=paper)
    mark = folder.path / "mark"
    script = (
        f"import pathlib, sys, time; mark = pathlib.Path({str(mark)!r}); first = not mark.exists(); mark.touch(); "
        "print('hello', first, flush=True); sys.exit(3) if first else time.sleep(60)"
    )
    supervisor.start(Program("worker", python("-c", script)))

    deadline = time.monotonic() + 15
    supervisor.run(until=lambda: "hello False" in paper.text or time.monotonic() > deadline)
    supervisor.stop()

    lines = [re.sub(r"^.*│ \d\d:\d\d:\d\d ", "", line) for line in paper.text.splitlines()]
    assert lines == ["hello True", "*** ended (exit code 3); starting again in 2 s ***", "hello False"]
    assert (folder.logs / "worker.log").read_text() == "hello True\nhello False\n"
    folder.unlock()


def test_the_end_of_a_child_is_said_in_words():
    assert [end_in_words(code) for code in (0, 3, -9, -15)] == [
        "exit code 0",
        "exit code 3",
        "killed by SIGKILL",
        "killed by SIGTERM",
    ]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="not for here: the kernel's death signal is Linux's")
def test_children_end_with_a_killed_launcher(folder):
    script = (
        "import sys, time; from pathlib import Path; from merchant.launcher.children import Child, Program; "
        f"child = Child(Program('sleeper', ['sleep', '60']), Path({str(folder.path)!r}), 1); "
        "print(child.process.pid, flush=True); time.sleep(60)"
    )
    launcher = subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    sleeper = int(launcher.stdout.readline())

    launcher.kill()
    launcher.wait()

    wait_until(lambda: not is_alive(sleeper), 5)
    launcher.stdout.close()


def test_the_next_start_ends_what_was_left_and_spares_strangers(folder, monkeypatch):
    monkeypatch.setattr(children, "dies_with_parent", lambda number: None)
    left = Child(Program("poller", ["sleep", "60"]), folder.path, subprocess.DEVNULL)
    stranger = subprocess.Popen(["sleep", "60"])
    # The same number as a process of ours had, but begun at another time.
    (folder.path / "web.json").write_text(f'{{"pid": {stranger.pid}, "started": 1.0}}')
    (folder.path / "beat.json").write_text("half a fi")

    ended = stop_leftovers(folder.path)

    left.process.wait(60)
    assert ended == ["poller"]
    assert stranger.poll() is None
    assert sorted(path.name for path in folder.path.glob("*.json")) == ["beat.json"]
    stranger.kill()
    stranger.wait()


# --- servers ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def no_addresses(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("HUICANG_SERVERS", "wheel")


def test_with_nothing_set_both_servers_come_from_wheels(folder, no_addresses):
    supervisor = Supervisor(folder, out=Paper())

    servers = start_servers(folder, supervisor, database="huicang", durable=False)

    try:
        assert [words.split(" in ")[0] for words in servers.words] == ["PostgreSQL 18 (wheel)", "Valkey (wheel)"]
        connection = psycopg2.connect(servers.addresses["DATABASE_URL"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT datcollate, pg_encoding_to_char(encoding) FROM pg_database WHERE datname='huicang'")
            assert cursor.fetchone() == ("C.UTF-8", "UTF8")
            cursor.execute("SELECT name FROM pg_available_extensions WHERE name = 'pg_trgm'")
            assert cursor.fetchone() == ("pg_trgm",)
        connection.close()
        client = redis.Redis.from_url(servers.addresses["REDIS_URL"])
        assert client.ping() is True
        client.close()
    finally:
        supervisor.stop(servers=2)
        folder.unlock()
    assert [path.name for path in folder.pids.glob("*.json")] == []


def test_a_postgres_left_by_a_killed_launcher_does_not_block_the_next(folder, no_addresses, monkeypatch):
    monkeypatch.setattr(children, "dies_with_parent", lambda number: None)
    supervisor = Supervisor(folder, out=Paper())
    start_servers(folder, supervisor, database="huicang", durable=False)
    left = [running.child.process for running in supervisor.running]
    folder.unlock()  # as if the launcher had been killed: the servers live on, their pid files lie there

    paper = Paper()
    again = Supervisor(folder, out=paper)
    servers = start_servers(folder, again, database="huicang", durable=False)

    assert [process.wait(60) for process in left] == [0, 0]
    assert paper.text == (
        "Ended postgres, which an earlier start had left running.\n"
        "Ended valkey, which an earlier start had left running.\n"
    )
    psycopg2.connect(servers.addresses["DATABASE_URL"]).close()
    again.stop(servers=2)
    folder.unlock()


def test_a_pid_file_whose_number_went_to_a_stranger_does_not_block_postgres(folder, no_addresses):
    supervisor = Supervisor(folder, out=Paper())
    start_servers(folder, supervisor, database="huicang", durable=False)
    supervisor.stop(servers=2)
    folder.unlock()
    stranger = subprocess.Popen(["sleep", "60"])
    (next(folder.path.glob("postgres-*")) / "postmaster.pid").write_text(f"{stranger.pid}\n/elsewhere\n")

    again = Supervisor(folder, out=Paper())
    servers = start_servers(folder, again, database="huicang", durable=False)

    psycopg2.connect(servers.addresses["DATABASE_URL"]).close()
    again.stop(servers=2)
    folder.unlock()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_half_made_database_is_made_again(folder, no_addresses):
    (folder.path / "postgres-18").mkdir()
    (folder.path / "postgres-18" / "PG_VERSION").write_text("18")
    supervisor = Supervisor(folder, out=Paper())

    servers = start_servers(folder, supervisor, database="huicang", durable=False)

    psycopg2.connect(servers.addresses["DATABASE_URL"]).close()
    supervisor.stop(servers=2)
    folder.unlock()


@pytest.mark.skipif(os.geteuid() != 0, reason="not for here: only root becomes another user")
def test_as_root_postgres_runs_as_a_system_user(folder, no_addresses):
    supervisor = Supervisor(folder, out=Paper())
    start_servers(folder, supervisor, database="huicang", durable=False)

    server = psutil.Process(supervisor.running[0].child.process.pid)

    assert server.username() in {"postgres", "huicang", "nobody"}
    supervisor.stop(servers=2)
    folder.unlock()


@pytest.mark.skipif(os.geteuid() != 0, reason="not for here: only root can be kept out by nobody and still go on")
def test_as_root_in_a_closed_checkout_postgres_gets_a_folder_it_can_reach(tmp_path, no_addresses, monkeypatch):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    folder = DataFolder(closed / "data")
    monkeypatch.setattr(postgres, "is_reachable", lambda path, uid, gid: False)
    supervisor = Supervisor(folder, out=Paper())

    servers = start_servers(folder, supervisor, database="huicang", durable=False)

    home = Path("/var/lib") / f"huicang-{folder.short_hash()}"
    try:
        assert (home / "postgres-18" / "PG_VERSION").read_text().strip() == "18"
        psycopg2.connect(servers.addresses["DATABASE_URL"]).close()
    finally:
        supervisor.stop(servers=2)
        folder.unlock()
        subprocess.run(["rm", "-rf", str(home)], check=True)


def test_an_address_that_does_not_answer_is_a_sentence(folder, monkeypatch):
    port = free_port()
    monkeypatch.setenv("DATABASE_URL", f"postgres://nobody@127.0.0.1:{port}/none")

    with pytest.raises(CannotStart, match="^DATABASE_URL does not answer: "):
        start_servers(folder, Supervisor(folder, out=Paper()), database="huicang")

    folder.unlock()


def test_without_any_server_the_sentence_says_what_to_install(folder, monkeypatch):
    monkeypatch.setattr(postgres, "installed_binaries", list)
    monkeypatch.setattr(valkey, "find_binary", lambda: None)

    with pytest.raises(CannotStart, match="^No PostgreSQL 15 or newer was found. Install it, set DATABASE_URL, or"):
        postgres.Postgres(folder)
    with pytest.raises(CannotStart, match="^No Valkey or Redis server was found. Install one, set REDIS_URL, or"):
        valkey.Valkey(folder)


def test_the_demo_takes_an_empty_database_and_leaves_a_shops_own_alone(folder, no_addresses):
    supervisor = Supervisor(folder, out=Paper())
    address = start_servers(folder, supervisor, database="huicang", durable=False).addresses["DATABASE_URL"]

    claim_database(address)
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE django_migrations ()")
    connection.close()
    claim_database(address)  # a second start of the demo
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE huicang_demo")
    connection.close()
    with pytest.raises(CannotStart, match="^The database in DATABASE_URL was not made by the demo"):
        claim_database(address)

    supervisor.stop(servers=2)
    folder.unlock()


def test_given_addresses_are_used_as_they_are(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://given")
    monkeypatch.setenv("REDIS_URL", "redis://given")

    prepare_servers()

    assert (os.environ["DATABASE_URL"], os.environ["REDIS_URL"]) == ("postgres://given", "redis://given")


def test_a_failed_command_shows_its_last_lines(folder):
    folder.lock()
    supervisor = Supervisor(folder, out=Paper())

    with pytest.raises(CannotStart) as told:
        supervisor.run_once("migrate", python("-c", "print('one'); print('two'); raise SystemExit(4)"), {})

    assert str(told.value) == f"`migrate` failed; the whole text is in {folder.logs / 'migrate.log'}\none\ntwo"
    folder.unlock()


def test_a_second_ctrl_c_does_not_wait(folder):
    folder.lock()
    supervisor = Supervisor(folder, out=Paper())
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    running = supervisor.start(Program("stubborn", python("-c", stubborn), grace_s=60))
    supervisor.run(until=lambda: (folder.logs / "stubborn.log").read_text() == "up\n")
    supervisor.stop_signals = 1
    signal.signal(signal.SIGALRM, supervisor._on_signal)
    signal.setitimer(signal.ITIMER_REAL, 0.3, 0.3)

    began = time.monotonic()
    supervisor.stop()
    signal.setitimer(signal.ITIMER_REAL, 0)

    assert time.monotonic() - began < 30
    assert running.child is None
    folder.unlock()


def test_two_test_runs_at_once_each_have_a_folder(folder, monkeypatch):
    monkeypatch.setenv("HUICANG_DATA", str(folder.path))
    first = free_folder("test")
    first.lock()

    second = free_folder("test")

    assert (first.path.name, second.path.name) == ("test", "test-2")
    first.unlock()
