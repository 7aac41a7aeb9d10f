"""Real processes, and couriers and channels that take every call and never answer: whoever presses, reads or pushes
meanwhile is answered. More calls hang than the web process has threads."""

import os
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from aftersales.decisions import services as cases
from aftersales.refunds.models import Refund
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from merchant.clock import now
from merchant.errands.models import Errand
from merchant.launcher.network import free_port
from merchant.launcher.processes import COMMANDS, with_this_python
from merchant.launcher.supervisor import is_answering
from merchant.platforms.sandbox.accounts import wechat_pay_secrets
from tests.aftersales.factories import agent_of, case_of, own_shop
from tests.logistics.couriers.test_door import parcel_at_the_door, push_body
from tests.logistics.factories import make_package
from tests.merchant.factories import make_user
from tests.merchant.test_processes import PROJECT, address_of_test_database, wait_until

PRESSES, REREADS, ASKED = 6, 4, 2
# No answer waits for anybody outside, so any bound will do that a loaded machine keeps; those outside never answer.
BOUND_S = 90
CSRF = "a" * 32


class NeverAnswers:
    """Takes connections, reads nothing, says nothing; `count` are held."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.held: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                self.held.append(self.listener.accept()[0])
            except OSError:
                return

    @property
    def count(self) -> int:
        return len(self.held)

    def close(self) -> None:
        self.listener.close()
        for connection in self.held:
            connection.close()


@pytest.fixture
def outside():
    silent = NeverAnswers()
    yield silent
    silent.close()


@pytest.fixture
def processes(transactional_db, outside, tmp_path):
    """The web process and the workers that speak with couriers and channels."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "merchant.settings",
        "DATABASE_URL": address_of_test_database(),
        "REDIS_URL": settings.REDIS_URL,
        "HUICANG_TESTING": "1",
        "HUICANG_COURIER_TIMEOUT_S": "600",
        "HUICANG_COURIER_SANDBOX": outside.url,
        "HUICANG_PLATFORM_SANDBOX": outside.url,
        "GRANIAN_HOST": "127.0.0.1",
        "GRANIAN_PORT": str(free_port()),
        "PYTHONUNBUFFERED": "1",
    }
    started = {}
    for name in ("web", "worker-intercept", "worker"):
        with (tmp_path / f"{name}.log").open("wb") as log:
            started[name] = subprocess.Popen(
                with_this_python(COMMANDS[name]),
                cwd=PROJECT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    started_url = f"http://127.0.0.1:{environment['GRANIAN_PORT']}"
    wait_until(lambda: is_answering(f"{started_url}/health/"), started, tmp_path)
    yield started, started_url, tmp_path
    for process in started.values():
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Browser:
    """A signed-in person at the real address."""

    def __init__(self, url: str, person) -> None:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        cookies = SimpleCookie({"sessionid": client.cookies["sessionid"].value, "csrftoken": CSRF})
        self.url, self.cookie = url, "; ".join(f"{name}={one.value}" for name, one in cookies.items())

    def ask(self, address: str, **told) -> int:
        """The status of the answer, redirects followed."""
        body = urlencode(told).encode() if told else None
        headers = {"Cookie": self.cookie, "X-CSRFToken": CSRF}
        return status_of(urllib.request.Request(self.url + address, data=body, headers=headers))


def status_of(request) -> int:
    try:
        with urllib.request.urlopen(request, timeout=BOUND_S) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def sent_refund(platform, shop):
    """A refund that the channel has been told of and whose end nobody knows."""
    case = cases.agree_case(case_of(platform, shop), by=None)
    refund = Refund.objects.get(case=case)
    account = shop.platform_accounts.get(platform="wechat_pay")
    account.secrets = wechat_pay_secrets()
    account.save()
    Refund.objects.filter(pk=refund.pk).update(state="processing", next_at=now() + timedelta(days=1), sent_at=now())
    return refund


def test_presses_pages_and_push_doors_answer_while_everybody_outside_hangs(platform, outside, processes):
    started, url, logs = processes
    shop = own_shop()
    agent, finance = agent_of(shop), make_user("finance", shop)
    waiting = [case_of(platform, shop) for _ in range(PRESSES)]
    parcels = [make_package("zto", shop=shop) for _ in range(REREADS)]
    refunds = [sent_refund(platform, shop) for _ in range(ASKED)]
    pushed = parcel_at_the_door("zto")
    Package.objects.update(track_checked_at=None)
    desk, money = Browser(url, agent), Browser(url, finance)

    answers = [
        desk.ask(reverse("desk_verb", args=[shop.pk, case.number, "intercept"]), version=case.version)
        for case in waiting
    ]
    answers += [
        desk.ask(reverse("parcel_refresh", args=[shop.pk, "zto", package.waybill]), back="") for package in parcels
    ]
    answers += [
        money.ask(reverse("refund_verb", args=[shop.pk, refund.number, "ask"]), back="page") for refund in refunds
    ]
    wait_until(lambda: outside.count >= PRESSES + REREADS + ASKED, started, logs)
    pages = ["desk", "orders", "interceptions", "refunds", "statements", "health"]
    seen = {page: desk.ask(reverse(page)) for page in pages}
    body, headers = push_body(pushed)
    told = urllib.request.Request(
        f"{url}/push/courier/{pushed.account.push_token}/",
        data=body if isinstance(body, bytes) else body.encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded", **(headers or {})},
    )

    assert answers == [200] * (PRESSES + REREADS + ASKED)
    assert seen == dict.fromkeys(pages, 200)
    assert status_of(told) == 200
    # Everybody still waits: nobody outside has said a word.
    assert set(Interception.objects.values_list("state", flat=True)) == {"submitted"}
    assert set(Errand.objects.values_list("state", flat=True)) == {"running"}
    assert Errand.objects.count() == REREADS + ASKED
