"""Settings of the tests: the product's own, on servers of the tests' own, with tasks run inline.

Loaded by pytest before any other module of ours, so servers are found or started here; the addresses go into the
environment, where the product's settings and every process a test starts find them.
"""

import os
from urllib.parse import urlsplit

from merchant.launcher.testing import prepare_servers

prepare_servers()
os.environ["HUICANG_TESTING"] = "1"
# Parallel runs (`-n 2`) have a database each from pytest-django; here they get a Redis database each, the first two
# being left to whoever uses the server otherwise.
if worker := os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw"):
    address = urlsplit(os.environ["REDIS_URL"])
    os.environ["REDIS_URL"] = address._replace(path=f"/{2 + int(worker) % 14}").geturl()

from merchant.settings import *  # noqa: E402, F403

# A login in a test costs a tenth of a millisecond instead of a third of a second.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Tests of the throttle switch it on; everywhere else `client.login` needs no request.
AXES_ENABLED = False
# Tasks run where they are called, and a failing task fails the test. Tests of real workers start real processes.
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A test's client builds the middleware anew, which would list every style sheet and script each time; asked for, they are
# still found.
WHITENOISE_AUTOREFRESH = True
# Nothing leaves this machine: a courier or platform that a test gives no address answers nowhere.
COURIER_SANDBOX_URL = PLATFORM_SANDBOX_URL = "http://127.0.0.1:1"
