"""Under which licences we stand, and the audit that says what it did."""

import http.server
import json
import re
import threading

import pytest

from tests import packages


def test_the_list_of_licences_is_the_one_of_the_locked_packages():
    assert packages.LIST.read_text(encoding="utf-8") == packages.licences()


def test_no_licence_reaches_over_to_the_product():
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (.+) \|$", packages.LIST.read_text(encoding="utf-8"), re.M)

    reaching = {
        name: licence for name, licence in rows if re.search(r"GPL|General Public|SSPL|BUSL|Commons Clause", licence)
    }
    assert reaching == {"psycopg2-binary": "GNU Library or Lesser General Public License (LGPL)"}
    assert [name for name, licence in rows if licence in ("not said", "UNKNOWN", "")] == []


@pytest.fixture
def database():
    """Knows something against one package."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            told = [{"vulns": [{"id": "PYSEC-1"}]} if one["package"]["name"] == "django" else {} for one in asked]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"results": told}).encode())

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_the_audit_names_what_is_known_and_fails(database, capsys):
    version = packages.locked("requirements.txt")["django"][0]

    assert packages.audit(database) == 1
    assert f"django {version}: PYSEC-1" in capsys.readouterr().out


def test_an_audit_that_reaches_nobody_says_that_it_did_not_run(capsys):
    assert packages.audit("http://127.0.0.1:1/") == 0
    assert "did NOT run" in capsys.readouterr().out


def test_both_locks_name_the_same_versions():
    running, all_of_them = (
        {name: version for name, (version, _some) in packages.locked(lock).items()}
        for lock in ("requirements.txt", "requirements-dev.txt")
    )

    assert {name: all_of_them.get(name) for name in running} == running
    assert len(running) > 50
