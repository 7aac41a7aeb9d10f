"""The sandbox's messages as a merchant's door gets them: sealed, repeated until acknowledged, paused while it is shut."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from merchant.platforms.kuaishou.messages import read_message
from merchant.platforms.kuaishou.signing import decrypt_message
from merchant.platforms.sandbox import accounts
from tests.sandboxes import free_port, start_platform_sandbox


class Door:
    """A merchant's door: `.messages` opened in order of arrival; `.answers` are given first, then {"result": 1}."""

    def __init__(self, port=0):
        self.messages, self.answers, self.heartbeats = [], [], 0
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                plain = decrypt_message(accounts.HOUSE.message_key, raw)
                if json.loads(plain) == {"test": True}:
                    door.heartbeats += 1
                else:
                    door.messages.append(read_message(plain))
                status, body = door.answers.pop(0) if door.answers else (200, '{"result": 1}')
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/push/platform/token/"

    def shut(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def door(platform):
    door = Door()
    platform.control("/push_targets", {"push_url": door.url})
    yield door
    door.shut()


def wait(condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def open_case(platform, **values):
    order = {"total_fee": 8800, "waybill": "73100000000001"}
    return str(platform.control("/refunds", {"order": order, **values})["refundId"])


def pushes(platform):
    return platform.control("/pushes").values()


def about(door, refund_id):
    return [(found.event, found.info["status"]) for found in door.messages if found.refund_id == refund_id]


def test_every_change_of_a_case_is_told_in_a_sealed_message(platform, door):
    refund_id = open_case(platform)
    platform.control(f"/refunds/{refund_id}/platform_pay", {})

    wait(lambda: len(about(door, refund_id)) == 3)

    assert sorted(about(door, refund_id)) == [
        ("kwaishop_aftersales_addRefund", 10),
        ("kwaishop_aftersales_updateRefund", 50),
        ("kwaishop_aftersales_updateRefund", 60),
    ]
    message = door.messages[0]
    assert (message.app_key, message.seller_id, message.biz_id, message.info["handlingWay"]) == (
        "demo-app-house",
        "2900000001",
        refund_id,
        10,
    )


def test_an_order_is_told_from_its_making_to_its_arrival(platform, door):
    oid = str(platform.control("/orders", {"total_fee": 100, "status": 30, "push": True})["oid"])
    platform.control(f"/orders/{oid}/ship", {"courier": "yto", "waybill": "YT1"})
    platform.control(f"/orders/{oid}/receive", {})

    wait(lambda: len(door.messages) == 4)

    assert {(found.event.removeprefix("kwaishop_order_"), found.oid) for found in door.messages} == {
        ("addOrder", oid),
        ("paySuccess", oid),
        ("delivering", oid),
        ("deliverySuccess", oid),
    }


@pytest.mark.parametrize(
    "answer", [(500, ""), (200, ""), (200, '{"result": 0}'), (200, '{"result": "1"}'), (202, '{"result": 1}')]
)
def test_a_message_without_the_right_answer_comes_again(platform, door, answer):
    door.answers.append(answer)
    refund_id = open_case(platform)

    # Five minutes at a scale of 0.01 are three seconds.
    wait(lambda: len(about(door, refund_id)) == 2)

    assert len({found.event_id for found in door.messages}) == 1


def test_a_message_can_come_twice_under_one_event_id(platform, door):
    platform.control("/faults", {"duplicate": 1})
    refund_id = open_case(platform)

    wait(lambda: len(about(door, refund_id)) == 2)

    assert len({found.event_id for found in door.messages}) == 1


def test_a_lost_message_never_comes_and_a_person_can_push_it_again(platform, door):
    platform.control("/faults", {"lose_push": 1})
    refund_id = open_case(platform)
    time.sleep(0.3)
    before = about(door, refund_id)
    key = next(key for key, row in platform.control("/pushes").items() if str(row["bizId"]) == refund_id)
    platform.control(f"/pushes/{key}/again", {})

    wait(lambda: len(about(door, refund_id)) == 1)

    assert before == []


def test_after_five_repetitions_the_platform_gives_up(tmp_path):
    sandbox = start_platform_sandbox(tmp_path, scale=0.00005)
    try:
        sandbox.control("/push_targets", {"push_url": f"http://127.0.0.1:{free_port()}/"})
        open_case(sandbox)
        wait(lambda: {row["state"] for row in pushes(sandbox)} == {"given_up"})
        attempts = [row["attempts"] for row in pushes(sandbox)]
    finally:
        sandbox.stop()

    assert attempts == [6]


def test_a_shut_door_is_only_asked_for_a_sign_of_life_until_it_answers(platform):
    port = free_port()
    platform.control("/push_targets", {"push_url": f"http://127.0.0.1:{port}/push/platform/token/"})
    refund_ids = [open_case(platform) for _ in range(12)]
    wait(lambda: platform.control("/state")["targets"]["demo-app-house"]["isPaused"])

    door = Door(port)
    try:
        wait(lambda: all(about(door, refund_id) for refund_id in refund_ids))
    finally:
        door.shut()

    assert door.heartbeats >= 1


def test_a_kill_loses_no_message_no_payment_and_no_plan(tmp_path):
    sandbox = start_platform_sandbox(tmp_path, scale=0.5)
    door = Door()
    try:
        sandbox.control("/push_targets", {"push_url": f"http://127.0.0.1:{free_port()}/"})
        paying = open_case(sandbox)
        sandbox.control(f"/refunds/{paying}/platform_pay", {})
        planned = open_case(sandbox, plan=[{"verb": "withdraw", "after_s": 3}])
        sandbox.control("/trades", {"out_trade_no": "T1", "total_fen": 100})
        before = {name: sandbox.control(f"/refunds/{name}") for name in (paying, planned)}

        sandbox.kill()
        sandbox.start()

        sandbox.control("/push_targets", {"push_url": door.url})
        for key in sandbox.control("/pushes"):
            sandbox.control(f"/pushes/{key}/again", {})
        wait(lambda: sandbox.control(f"/refunds/{paying}")["status"] == 60)
        wait(lambda: sandbox.control(f"/refunds/{planned}")["status"] == 70)
        wait(lambda: len(about(door, paying)) == 3 and len(about(door, planned)) == 2)
        ledger = sandbox.control("/ledger")
        trade = sandbox.control("/trades/T1")
        after = {name: sandbox.control(f"/refunds/{name}") for name in (paying, planned)}
        new = open_case(sandbox)
    finally:
        sandbox.stop()
        door.shut()

    kept = ("refundId", "oid", "refundFee", "submitTime", "expireTime", "refundReasonDesc")
    assert [row["status"] for row in before.values()] == [50, 10]
    for name, row in before.items():
        assert [after[name][field] for field in kept] == [row[field] for field in kept]
    assert (ledger["refunds"][paying]["times"], ledger["totals"]["paid_twice"], trade["total"]) == (1, [], 100)
    assert int(new) > int(planned)
