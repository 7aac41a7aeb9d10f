"""`python -m tests.bench [name …]`: runs figure_*.py, each on an empty database; exits 1 when one is short."""

import importlib
import os
import sys
import time
from pathlib import Path

from merchant.launcher.testing import prepare_servers

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
prepare_servers(part="bench", durable=True)

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from tests.bench import figures  # noqa: E402

HERE = Path(__file__).resolve().parent


def main(wanted: list[str]) -> int:
    names = sorted(path.stem for path in HERE.glob("figure_*.py"))
    chosen = [name for name in names if not wanted or any(word in name for word in wanted)]
    if not chosen:
        print(f"No figure is called {' or '.join(wanted)}; there are: {', '.join(names)}", file=sys.stderr)
        return 2
    setup_test_environment(debug=False)
    began = time.monotonic()
    figures.head(f"commit {figures.commit()}")
    # Beside the database named, so that two runs on one server do not share theirs.
    database = f"bench_{settings.DATABASES['default']['NAME']}"
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = database
    connection.settings_dict["TEST"]["NAME"] = database
    failed = []
    for name in chosen:
        since = time.monotonic()
        old = setup_databases(verbosity=0, interactive=False, serialized_aliases=())
        try:
            importlib.import_module(f"tests.bench.{name}").run()
        except Exception as error:  # a figure that cannot be taken is short, and the others are still wanted
            import traceback

            traceback.print_exc()
            print(f"{name}\t-\t-\tshort", flush=True)
            failed.append(f"{name} ({error})")
        finally:
            teardown_databases(old, verbosity=0)
            figures.note(f"{name}: {time.monotonic() - since:.0f} s")
    figures.head(f"{len(chosen)} of {len(names)} modules in {(time.monotonic() - began) / 60:.1f} min")
    short = figures.short_ones() + failed
    if short:
        print(f"short: {', '.join(short)}", file=sys.stderr)
    return 1 if short else 0


sys.exit(main(sys.argv[1:]))
