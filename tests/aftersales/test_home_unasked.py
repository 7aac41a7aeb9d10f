"""A parcel that comes home although nobody asked for it: the warehouse expects it, an agent decides, no clock runs."""

from datetime import timedelta

import pytest

from aftersales.decisions import services as cases
from aftersales.returns import queues
from cs_workbench.desk import queue
from cs_workbench.desk.sources.base import View
from logistics.shipping.services import register_package
from logistics.tracking.services import record_events
from merchant.clock import now
from merchant.refusals import Refused
from orders.record import services as record
from orders.record.models import Order
from tests.aftersales.factories import kuaishou_shop, own_shop, shipped_order
from tests.logistics.factories import make_package, scan
from tests.merchant.factories import make_user

pytestmark = pytest.mark.django_db


def came_back(platform, shop, *, is_home: bool, **row):
    order = shipped_order(platform, shop, **row)
    package = make_package("zto", state="in_transit", order=order)
    at = now() - timedelta(days=12)
    seen = [
        scan("picked_up", at, city="上海市"),
        scan("in_transit", at + timedelta(days=1), city="杭州市"),
        scan("returning", at + timedelta(days=3), city="杭州市"),
    ]
    if is_home:
        seen.append(scan("returned", at + timedelta(days=5), city="上海市"))
    record_events({package.pk: seen}, checked_at=now())
    package.refresh_from_db()
    return order, package


def expected(shop) -> list[str]:
    return [row.waybill for row in queues.coming_home(make_user("warehouse", shop))]


def on_the_desk(shop, kind: str = "back") -> list[str]:
    user, view = make_user("agent", shop), View(kind=kind)
    return [task.name for task in queue.load(queue.keys(user, view), user, view).values()]


def due(order, **clock) -> str:
    Order.objects.filter(pk=order.pk).update(**{name: now() - timedelta(minutes=1) for name in clock})
    record.sweep_clocks()
    order.refresh_from_db()
    return order.state


@pytest.mark.parametrize("is_home", [False, True])
def test_the_warehouse_expects_it_and_an_agent_sees_it(platform, is_home):
    shop = kuaishou_shop()
    order, package = came_back(platform, shop, is_home=is_home)

    assert expected(shop) == [package.waybill]
    assert on_the_desk(shop) == [str(order.buyer)]


@pytest.mark.parametrize("is_home", [False, True])
def test_its_order_is_not_received_by_itself(platform, is_home):
    order, _package = came_back(platform, own_shop(), is_home=is_home)

    assert due(order, auto_receive_at=True) == "shipped"
    with pytest.raises(Refused) as refused:
        record.receive_order(order, by=None)
    assert refused.value.code == "BLOCKED"


def test_its_order_is_not_complete_by_itself(platform):
    shop = own_shop()
    order = shipped_order(platform, shop)
    package = make_package("zto", state="signed", order=order)
    record.receive_order(order, by=None)
    record_events({package.pk: [scan("returning", now(), city="杭州市")]}, checked_at=now())

    assert due(order, settle_at=True) == "received"


def test_delivered_after_all_the_clocks_run_again(platform):
    order, package = came_back(platform, own_shop(), is_home=False)
    at = now() - timedelta(days=1)
    record_events(
        {
            package.pk: [
                scan("out_for_delivery", at, city="杭州市", site="杭州余杭"),
                scan("signed", at + timedelta(hours=2), city="杭州市", site="杭州余杭"),
            ]
        }
    )

    assert expected(order.shop) == []
    assert due(order, auto_receive_at=True) == "received"


def test_sent_again_and_delivered_the_clocks_run_again(platform):
    order, _package = came_back(platform, own_shop(), is_home=True)
    again = register_package(order, courier="zto", waybill="73119999999999", direction="resend")
    assert due(order, auto_receive_at=True) == "shipped"

    record_events({again.pk: [scan("signed", now() - timedelta(minutes=5), city="杭州市")]})

    assert due(order, auto_receive_at=True) == "received"


def test_an_agent_who_has_opened_a_case_is_not_told_again(platform):
    shop = own_shop()
    order, package = came_back(platform, shop, is_home=False)
    cases.apply_case(order, kind="refund_only_shipped", amount_fen=8800, reason="拒收", by=None)

    assert on_the_desk(shop) == []
    assert expected(shop) == [package.waybill]


def test_what_came_back_a_month_ago_and_nothing_that_goes_its_way_is_listed(platform):
    shop = own_shop()
    _order, package = came_back(platform, shop, is_home=True)
    type(package).objects.filter(pk=package.pk).update(last_event_at=now() - timedelta(days=31))
    make_package("zto", state="in_transit", order=shipped_order(platform, shop))

    assert (expected(shop), on_the_desk(shop)) == ([], [])
