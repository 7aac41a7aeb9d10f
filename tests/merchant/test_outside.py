"""Couriers, platforms and channels are called by workers, never while a web request waits."""

import ast
import logging
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from logistics.couriers import registry as couriers
from logistics.couriers.base import Call
from merchant import fetching, outside
from merchant.platforms.douyin.client import DouyinClient
from merchant.platforms.kuaishou.client import KuaishouClient
from merchant.platforms.wechat import bill
from merchant.platforms.wechat import client as wechat
from tests.conventions.sources import code, trees

# Who may speak HTTP as a client, each with its reason. Nothing else imports a library for it.
SPEAKERS = {
    "logistics/couriers/wire.py": "the couriers' wire: `Courier._send` asks the guard, the poller is a process of its own",
    "merchant/platforms/wire.py": "the platforms' wire: each client asks the guard before it",
    "merchant/fetching.py": "pictures that a source names, behind the guard, from public addresses only",
    "merchant/platforms/wechat/client.py": "the channel's own library, behind the guard",
    "merchant/platforms/wechat/bill.py": "the same library's statements, behind the guard",
    "merchant/launcher/supervisor.py": "the launcher looks whether our own page answers",
    "merchant/platforms/wechat/notices.py": "opens a notice with the same library's keys and calls nobody",
    "logistics/management/commands/courier_sandbox.py": "a command: the sandbox itself",
    "logistics/polling/poller.py": "the poller's process",
    "cs_workbench/demo/outside.py": "the demo's command speaks with its own sandboxes, before anybody signs in",
}
LIBRARIES = {"httpx2", "httpx", "requests", "urllib3", "aiohttp", "urllib.request", "http.client", "wechatpayv3"}


def in_a_request(act):
    """What `act` gives or raises while a request waits."""
    return outside.NothingOutside(lambda request: HttpResponse(str(act())))(RequestFactory().post("/desk/"))


def secrets(**values):
    return SimpleNamespace(secrets=values, app_key="1", pk=1)


WECHAT = secrets()
CALLS = {
    **{
        courier.code: lambda courier=courier: courier._send(Call("http://127.0.0.1:1/", b""))
        for courier in couriers.all()
    },
    "kuaishou": lambda: KuaishouClient(secrets()).call("open.refund.detail", {}),
    "douyin": lambda: DouyinClient(secrets())._send("afterSale.Detail", {}, is_write=False),
    "a picture": lambda: fetching.fetch("https://img.example/", kind="image/", most=1),
    "wechat_pay": lambda: wechat.query(WECHAT, "RF1"),
    "wechat_pay bill": lambda: bill._ask(lambda: None),
}


@pytest.mark.parametrize("whom", CALLS)
def test_nobody_outside_is_called_while_a_request_waits(whom):
    with pytest.raises(outside.CalledInRequest, match="POST /desk/: submit an errand"):
        in_a_request(CALLS[whom])


def test_a_worker_may_call_and_so_may_a_task_that_runs_inline():
    def act():
        with outside.in_worker():
            outside.check_may_call("zto")
        return "called"

    outside.check_may_call("zto")
    assert in_a_request(act).content == b"called"
    outside.check_may_call("zto")


def test_in_a_shop_it_is_logged_as_an_error_and_goes_on(settings, caplog):
    settings.IS_TESTING = False

    with caplog.at_level(logging.ERROR):
        answer = in_a_request(lambda: outside.check_may_call("zto") or "called")

    assert answer.content == b"called"
    assert [record.getMessage() for record in caplog.records] == ["zto is called while POST /desk/ waits"]


def test_only_the_named_files_speak_with_the_outside():
    found = set()
    for name in code():
        if "/sandbox/" in name:
            continue
        for node in ast.walk(trees()[name]):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {name for one in names if one in LIBRARIES or one.split(".")[0] in LIBRARIES}

    assert found == set(SPEAKERS)
