"""The stock ledger: every count is the sum of its moves, a paper moves a stock once, and nothing is taken twice."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from merchant.catalog import services as catalog
from merchant.catalog.models import Sku
from merchant.refusals import Refused
from merchant.stock import services as stock
from merchant.stock.models import Grade, MoveKind, Stock, StockMove
from merchant.stock.services import Change
from merchant.trail.models import Activity
from tests.merchant.factories import make_shop, make_user
from tests.merchant.test_at_once import at_once

pytestmark = pytest.mark.django_db


def sku_in(shop, code="CUP-BLUE", **fields):
    sku = catalog.ensure_sku(shop.pk, code=code, title="粗陶马克杯", spec="雾蓝")
    Sku.objects.filter(pk=sku.pk).update(**fields)
    sku.refresh_from_db()
    return sku


def put_in(shop, sku, quantity, document="QC1", **how):
    return stock.move_stock(shop.pk, [Change(sku, quantity, **how)], kind=MoveKind.RETURNED, document=document, by=None)


def on_hand(sku):
    return {row.grade: row.on_hand for row in Stock.objects.filter(sku=sku)}


@pytest.mark.req("R1.21")
def test_each_move_names_its_document_and_the_counts_are_their_sum():
    shop = make_shop()
    sku, other = sku_in(shop), sku_in(shop, "CUP-WHITE")

    stock.move_stock(
        shop.pk,
        [Change(sku, 2, line=1), Change(sku, 1, grade=Grade.DEFECTIVE, line=1), Change(other, 3, line=2)],
        kind=MoveKind.RETURNED,
        document="QC1",
        by=None,
    )
    put_in(shop, sku, -1, "RP9")

    assert (on_hand(sku), on_hand(other)) == ({"sellable": 1, "defective": 1}, {"sellable": 3})
    for row in Stock.objects.all():
        assert row.on_hand == StockMove.objects.filter(stock=row).aggregate(sum=Sum("on_hand_delta"))["sum"]
    assert set(StockMove.objects.values_list("document", flat=True)) == {"QC1", "RP9"}


def test_the_same_line_of_the_same_paper_moves_a_stock_once():
    shop = make_shop()
    sku = sku_in(shop)

    first, again = put_in(shop, sku, 2), put_in(shop, sku, 2)

    assert (len(first), again, on_hand(sku)) == (1, [], {"sellable": 2})


def test_more_than_lies_there_is_refused_and_nothing_of_the_paper_is_booked():
    shop = make_shop()
    sku, other = sku_in(shop), sku_in(shop, "CUP-WHITE")
    put_in(shop, sku, 2)

    with pytest.raises(Refused) as refused:
        stock.move_stock(shop.pk, [Change(other, 5), Change(sku, -3)], kind=MoveKind.RETURNED, document="QC2", by=None)

    assert (refused.value.code, refused.value.detail) == ("STOCK", {"sku": "CUP-BLUE", "free": 2})
    assert (on_hand(sku), on_hand(other), StockMove.objects.count()) == ({"sellable": 2}, {}, 1)


def test_the_database_keeps_reserved_within_what_lies_there():
    shop = make_shop()
    put_in(shop, sku_in(shop), 1)

    with pytest.raises(IntegrityError), transaction.atomic():
        Stock.objects.update(reserved=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Stock.objects.update(on_hand=-1)


@pytest.mark.django_db(transaction=True)
def test_eight_benches_take_the_last_three_units_and_three_get_one():
    shop = make_shop()
    sku = sku_in(shop)
    put_in(shop, sku, 3)

    ended = at_once(8, lambda number: bool(put_in(shop, sku, -1, f"RP{number}")))

    assert sorted(map(str, ended)) == ["STOCK"] * 5 + ["True"] * 3
    assert on_hand(sku) == {"sellable": 0}


@pytest.mark.django_db(transaction=True)
def test_one_paper_told_by_eight_workers_is_booked_once():
    shop = make_shop()
    sku, other = sku_in(shop), sku_in(shop, "CUP-WHITE")

    def book(number):
        pair = [Change(sku, 1, line=1), Change(other, 1, line=2)]
        pair = pair if number % 2 else pair[::-1]
        return len(stock.move_stock(shop.pk, pair, kind=MoveKind.RETURNED, document="QC1", by=None))

    ended = at_once(8, book)

    assert (sum(ended), on_hand(sku), on_hand(other)) == (2, {"sellable": 1}, {"sellable": 1})


def test_a_cost_price_is_finance_s_to_enter_and_leaves_a_trace():
    shop = make_shop()
    sku = sku_in(shop)
    assert sku.cost_fen is None

    with pytest.raises(Refused) as refused:
        catalog.set_cost(sku, cost_fen=4500, by=make_user("supervisor", shop))
    sku.refresh_from_db()
    assert (refused.value.code, sku.cost_fen) == ("RIGHT", None)

    catalog.set_cost(sku, cost_fen=4500, by=make_user("finance", shop))

    sku.refresh_from_db()
    line = Activity.objects.get(subject_kind="sku", verb="sku.set_cost")
    assert (sku.cost_fen, line.detail) == (4500, {"before_fen": None, "cost_fen": 4500})
