"""One bad row of a platform's list stops no other: it is named on the account, and the pull goes on."""

from datetime import timedelta

import pytest

from aftersales.cases.models import Case
from aftersales.platforms import intake
from merchant.clock import now
from tests.aftersales.factories import account_of, douyin_shop, kuaishou_shop, shipped_order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[kuaishou_shop, douyin_shop])
def three(request, platform):
    """(shop, numbers): three cases changed one after another since the last pull."""
    shop, numbers = request.param(), []
    for n in range(3):
        order = shipped_order(platform, shop, number=f"261116009965{n:02d}")
        found = platform.control.add_refund(oid=order.number, refund_fee=8800, reason="不想要了", push=False)
        at = int((now() - timedelta(minutes=30 - n)).timestamp() * 1000)
        platform.world.refunds[str(found["refundId"])].update(updateTime=at, createTime=at)
        numbers.append(str(found["refundId"]))
    return shop, numbers


def pulled(shop):
    account = account_of(shop)
    intake.pull_platform_cases(account.pk)
    account.refresh_from_db()
    return account, set(Case.objects.filter(shop=shop).values_list("number", flat=True))


@pytest.mark.parametrize("fee", [0, -100, 2**63, 10**30])
def test_a_sum_that_no_refund_can_have_stops_nobody(platform, three, fee):
    shop, (first, bad, last) = three
    platform.world.refunds[bad]["refundFee"] = fee

    account, here = pulled(shop)

    assert here == {first, last}
    assert account.last_error.startswith(f"{bad}: ")
    # It is tried again for a day, so that a corrected row is here at once.
    platform.world.refunds[bad]["refundFee"] = 8800
    account, here = pulled(shop)
    assert (here, account.last_error) == ({first, bad, last}, "")


def test_a_row_that_is_no_case_stops_nobody(platform, three):
    shop, (first, bad, last) = three
    platform.world.refunds[bad]["refundFee"] = "一百元"

    account, here = pulled(shop)

    assert here == {first, last}
    assert account.last_error.startswith(f"{bad}: ValueError")


def test_what_our_own_code_cannot_take_stops_nobody_either(platform, three, monkeypatch):
    shop, (first, bad, last) = three
    follow = intake.follow_platform_case

    def fail(shop, case, known):
        if case.number == bad:
            raise KeyError("kind")
        return follow(shop, case, known)

    monkeypatch.setattr(intake, "follow_platform_case", fail)
    account, here = pulled(shop)

    assert here == {first, last}
    assert account.last_error == f"{bad}: KeyError: 'kind'"


def test_every_row_that_could_not_be_taken_is_named(platform, three):
    shop, (first, second, last) = three
    for number in (first, last):
        platform.world.refunds[number]["refundFee"] = -1

    account, here = pulled(shop)

    assert here == {second}
    assert account.last_error.startswith(f"{first}: ") and account.last_error.endswith(f"; {last}")
