"""Many refunds at once through a platform that fails in every way and is killed twice: each is paid exactly once."""

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from merchant.platforms.errors import PlatformError
from merchant.platforms.kuaishou.client import KuaishouClient
from merchant.platforms.sandbox import accounts
from tests.sandboxes import start_platform_sandbox

CASES, WORKERS, PATIENCE_S = 60, 6, 90
STORM = {
    "rate_5xx": 0.1,
    "lost": 0.1,
    "garbage": 0.1,
    "throttle": 0.1,
    "edit": 0.2,
    "platform_pay": 0.1,
    "withdraw": 0.1,
}


@pytest.fixture
def sandbox(tmp_path, settings):
    process = start_platform_sandbox(tmp_path, scale=0.05)
    settings.PLATFORM_HOSTS = {"kuaishou": process.url}
    yield process
    process.stop()


def settle(refund_id):
    """Ask, approve what was read, ask again; never anything else. The final status."""
    client = KuaishouClient(SimpleNamespace(secrets=accounts.KUAISHOU_SECRETS, app_key=accounts.KUAISHOU_APP_KEY))
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            seen = client.refund_detail(refund_id)
            if seen.is_paid or seen.is_closed:
                return seen.status
            if seen.waits_for_seller:
                client.approve_refund(
                    refund_id,
                    refund_amount=seen.refund_fee,
                    status=seen.status,
                    negotiate_status=seen.negotiate_status,
                )
        except PlatformError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{refund_id} never ended")


def test_every_refund_is_paid_once_or_withdrawn(sandbox):
    sandbox.control("/faults", STORM | {"self_change_s": 10, "pay_delay_s": 4})
    ids = [2611230000001000 + number for number in range(CASES)]
    rows = [{"order": {"total_fee": 8800}, "refund_id": refund_id, "push": False} for refund_id in ids]
    sandbox.control("/bulk", {"refunds": rows})

    with ThreadPoolExecutor(WORKERS) as pool:
        running = [pool.submit(settle, refund_id) for refund_id in ids]
        for _ in range(2):
            time.sleep(0.7)
            sandbox.kill()
            sandbox.start()
        ends = [job.result() for job in running]

    ledger = sandbox.control("/ledger")
    paid = [refund_id for refund_id, end in zip(ids, ends, strict=True) if end == 60]
    assert set(ends) <= {60, 70}
    assert len(paid) > CASES / 2
    assert {refund_id: row["times"] for refund_id, row in ledger["refunds"].items() if row["times"]} == {
        str(refund_id): 1 for refund_id in paid
    }
    assert (ledger["totals"]["paid_twice"], ledger["totals"]["over_paid_orders"]) == ([], [])
    assert ledger["totals"]["open"] + ledger["totals"]["paying"] == 0
