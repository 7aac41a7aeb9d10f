"""Orders taken in twice, later, lower, at once: what is stored, and what each row is told."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from merchant.trail.models import Activity
from merchant.vault import searching
from merchant.vault.models import Recipient
from merchant.vault.services import Person
from orders.buyers.models import Buyer
from orders.intake import hooks
from orders.intake.normal import NormalLine, NormalPackage, NormalPayment
from orders.intake.services import upsert_orders
from orders.intake.signals import orders_imported
from orders.payments import services as payments
from orders.payments.models import OrderDiscount, Payment
from orders.record.listing_models import Listing
from orders.record.models import Order, OrderLine, SourceDiff
from orders.remarks.models import Note
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import MORNING, order_row

pytestmark = pytest.mark.django_db
LATER = MORNING + timedelta(hours=5)


def told(outcomes):
    return [outcome.outcome for outcome in outcomes]


def stored(shop, row):
    return Order.objects.get(shop=shop, number=row.number)


def test_an_order_is_stored_whole():
    shop = make_shop()
    row = order_row(
        nets=(10200, 6800), freight_fen=800, shop_discount_fen=2000, subsidy_fen=1000, seller_note="先发", flag=3
    )

    assert told(upsert_orders(shop, [row])) == ["created"]

    order = stored(shop, row)
    assert (order.state, order.version, order.flag, order.buyer.nickname) == ("shipped", 1, 3, "海边的云")
    assert (order.shipped_at, order.auto_receive_at) == (
        MORNING + timedelta(hours=3),
        MORNING + timedelta(days=10, hours=3),
    )
    assert order.ship_by_at == MORNING + timedelta(hours=48, minutes=1)
    assert (order.recipient.name_mask, order.recipient.phone_mask, order.recipient.city) == (
        "林**",
        "*******1234",
        "杭州市",
    )
    lines = order.lines.order_by("line_no").values_list(
        "goods_fen", "discount_fen", "subsidy_fen", "net_fen", "shipped_quantity"
    )
    assert list(lines) == [(13200, 2340, 660, 10200, 1), (6800, -340, 340, 6800, 1)]
    assert list(Payment.objects.filter(order=order).values_list("channel", "channel_number", "amount_fen")) == [
        ("kuaishou", row.number, 17800)
    ]
    assert list(
        OrderDiscount.objects.filter(order=order).order_by("kind").values_list("kind", "bearer", "amount_fen")
    ) == [
        ("platform", "platform", 1000),
        ("shop", "shop", 2000),
    ]
    assert Note.objects.get(order=order).text == "先发"
    assert [a.verb for a in Activity.objects.about(order)] == ["order.import"]
    assert Listing.objects.get(shop=shop, external_id="sku-1").bigrams == sorted({"测试", "试商", "商品", "品1"})


def test_nothing_personal_stands_outside_the_vault():
    shop = make_shop()
    upsert_orders(shop, [order_row()])

    with connection.cursor() as cursor:
        for table in (
            "orders_order",
            "orders_buyer",
            "orders_orderline",
            "orders_note",
            "merchant_activity",
            "merchant_recipient",
        ):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            found = cursor.fetchone()[0] or ""
            assert ("13900001234" in found, "林小满" in found, "文一西路" in found) == (False, False, False), table
    assert searching.find_by_phone(make_user(), [shop.pk], "1390000 1234").recipients == [
        Recipient.objects.get(shop=shop).pk
    ]


def test_the_same_orders_again_change_nothing():
    shop = make_shop()
    rows = [order_row(seller_note="x") for _ in range(5)]
    upsert_orders(shop, rows)
    before = list(Order.objects.filter(shop=shop).order_by("pk").values())

    assert told(upsert_orders(shop, rows)) == ["unchanged"] * 5

    assert list(Order.objects.filter(shop=shop).order_by("pk").values()) == before
    assert (Recipient.objects.count(), Note.objects.count(), Activity.objects.filter(subject_kind="order").count()) == (
        5,
        5,
        5,
    )


def test_a_changed_order_is_updated_and_the_trail_says_what_changed():
    shop = make_shop()
    row = order_row(nets=(8800,), freight_fen=0)
    upsert_orders(shop, [row])
    changed = order_row(number=row.number, nets=(8300,), freight_fen=500, buyer_note="放门口")

    assert told(upsert_orders(shop, [changed])) == ["updated"]

    order = stored(shop, row)
    assert (order.paid_fen, order.freight_fen, order.buyer_note, order.version) == (8800, 500, "放门口", 2)
    assert order.lines.get().net_fen == 8300
    detail = Activity.objects.about(order).get(verb="order.update_from_source").detail
    assert detail == {"changes": {"goods_fen": [8800, 8300], "freight_fen": [0, 500], "buyer_note": ["", "放门口"]}}


def test_progress_of_the_platform_moves_the_order_forward():
    shop = make_shop()
    row = order_row(state="to_fulfil")
    upsert_orders(shop, [row])

    upsert_orders(shop, [order_row(number=row.number, state="shipped")])

    order = stored(shop, row)
    assert (order.state, order.shipped_at) == ("shipped", MORNING + timedelta(hours=3))
    assert order.auto_receive_at == MORNING + timedelta(days=10, hours=3)
    line = Activity.objects.about(order).get(verb="order.follow_platform")
    assert (line.from_state, line.to_state) == ("to_fulfil", "shipped")


def test_a_lower_status_later_is_a_difference_on_record_and_moves_nothing():
    shop = make_shop()
    row = order_row(state="shipped")
    upsert_orders(shop, [row])

    for _ in range(2):
        upsert_orders(shop, [order_row(number=row.number, state="to_fulfil", buyer_note="1")])
        upsert_orders(shop, [order_row(number=row.number, state="to_fulfil", buyer_note="2")])

    order = stored(shop, row)
    assert order.state == "shipped"
    assert list(SourceDiff.objects.values_list("order", "field", "ours", "theirs")) == [
        (order.pk, "state", "shipped", "to_fulfil")
    ]


def test_our_own_steps_before_shipping_are_no_difference_to_the_platforms_one_word():
    shop = make_shop()
    row = order_row(state="packed")
    upsert_orders(shop, [row])

    upsert_orders(shop, [order_row(number=row.number, state="to_fulfil")])

    assert (stored(shop, row).state, SourceDiff.objects.count()) == ("packed", 0)


def test_an_older_version_never_overwrites_a_newer_one():
    shop = make_shop()
    row = order_row(source_updated_at=LATER, buyer_note="new")
    upsert_orders(shop, [row])

    with override("en"):
        outcome = upsert_orders(shop, [order_row(number=row.number, source_updated_at=MORNING, buyer_note="old")])[0]

    assert (outcome.outcome, outcome.reason) == ("unchanged", "a newer version of this order is stored already")
    assert stored(shop, row).buyer_note == "new"


def test_an_order_named_twice_is_written_once_as_its_newest_version():
    shop = make_shop()
    first = order_row(source_updated_at=LATER, buyer_note="new")
    second = order_row(number=first.number, source_updated_at=MORNING, buyer_note="old")

    with override("en"):
        outcomes = upsert_orders(shop, [first, second])

    assert [(o.row_no, o.outcome, o.reason) for o in outcomes] == [
        (1, "created", ""),
        (2, "unchanged", "the same order stands in row 1"),
    ]
    assert stored(shop, first).buyer_note == "new"


def test_a_bad_order_is_refused_alone():
    shop = make_shop()
    rows = [
        order_row(),
        order_row(refunded_fen=-1),
        order_row(host_name="\ud800"),
        order_row(flag=40_000),
        order_row(),
    ]

    with override("en"):
        outcomes = upsert_orders(shop, rows)

    assert [(o.row_no, o.outcome, o.reason) for o in outcomes] == [
        (1, "created", ""),
        (2, "refused", "refunded_fen: an amount below zero"),
        (3, "refused", "text: it holds characters that cannot be stored"),
        (4, "refused", "one of its numbers or texts is larger than can be stored"),
        (5, "created", ""),
    ]
    assert Order.objects.filter(shop=shop).count() == 2


@pytest.mark.parametrize(("is_paid", "back", "booked"), [(True, 8801, 8800), (True, 99_999, 8800), (False, 1, 0)])
def test_more_refunded_than_was_paid_comes_in_with_the_sum_marked(is_paid, back, booked):
    """A dispute or a goodwill sum on top: the order is here, what was paid is booked, and the difference is told."""
    shop = make_shop()
    row = order_row(nets=(8000, 300), freight_fen=500, refunded_fen=back, is_paid=is_paid)

    with override("en"):
        outcomes = upsert_orders(shop, [row])

    order = stored(shop, row)
    assert told(outcomes) == ["created"] and "was refunded of" in outcomes[0].reason
    assert (order.refunded_fen, order.refundable_fen) == (booked, 0)
    assert list(SourceDiff.objects.values_list("order", "field", "ours", "theirs")) == [
        (order.pk, "refunded_fen", str(booked), str(back))
    ]
    # Told once more, nothing more is marked.
    upsert_orders(shop, [order_row(number=row.number, nets=(8000, 300), freight_fen=500, refunded_fen=back)])
    assert SourceDiff.objects.filter(theirs=str(back)).count() == 1


def test_a_backslash_of_the_texts_own_is_no_broken_character():
    shop = make_shop()
    row = order_row(buyer_note=r"\ud83d\x00")

    assert told(upsert_orders(shop, [row])) == ["created"]
    assert stored(shop, row).buyer_note == r"\ud83d\x00"


def test_money_on_its_way_back_is_not_cut_off_by_a_lower_amount():
    shop = make_shop()
    row = order_row(nets=(8800,))
    upsert_orders(shop, [row])
    order = stored(shop, row)
    payments.reserve_money(order, parts={order.lines.get().pk: 8000})

    with override("en"):
        outcome = upsert_orders(shop, [order_row(number=row.number, nets=(7999,))])[0]

    assert (outcome.outcome, outcome.reason) == (
        "refused",
        "the source says ¥79.99 was paid, but ¥80.00 is being or has been refunded",
    )
    assert stored(shop, row).paid_fen == 8800
    assert told(upsert_orders(shop, [order_row(number=row.number, nets=(8000,))])) == ["updated"]


def test_a_refund_the_platform_shows_later_raises_ours_and_never_lowers_it():
    shop = make_shop()
    row = order_row(nets=(6000, 4000))
    upsert_orders(shop, [row])

    upsert_orders(shop, [order_row(number=row.number, nets=(6000, 4000), refunded_fen=5000)])
    order = stored(shop, row)
    assert (order.refunded_fen, order.refunded_before_fen) == (5000, 5000)
    assert list(order.lines.order_by("line_no").values_list("refunded_fen", flat=True)) == [3000, 2000]

    upsert_orders(shop, [order_row(number=row.number, nets=(6000, 4000), refunded_fen=1000)])
    assert stored(shop, row).refunded_fen == 5000


def test_a_refund_of_ours_is_not_counted_again_when_the_platform_shows_it():
    shop = make_shop()
    row = order_row(nets=(8800,))
    upsert_orders(shop, [row])
    order = stored(shop, row)
    parts = {order.lines.get().pk: 8800}
    payments.reserve_money(order, parts=parts)

    upsert_orders(shop, [order_row(number=row.number, nets=(8800,), refunded_fen=8800)])
    assert (stored(shop, row).refunding_fen, stored(shop, row).refunded_fen) == (8800, 0)
    payments.settle_money(order, parts=parts)

    assert (stored(shop, row).refunded_fen, stored(shop, row).refunded_before_fen) == (8800, 0)


def test_lines_keep_their_numbers_when_the_source_lists_them_in_another_order():
    shop = make_shop()
    row = order_row(nets=(6000, 4000))
    upsert_orders(shop, [row])
    before = dict(OrderLine.objects.filter(order=stored(shop, row)).values_list("external_id", "pk"))
    turned = order_row(number=row.number, nets=(6000, 4000), buyer_note="x")
    turned.lines.reverse()
    turned.lines.insert(0, NormalLine(title="赠品", external_id="gift", goods_fen=0, net_fen=0))

    upsert_orders(shop, [turned])

    after = {line.external_id: (line.pk, line.line_no, line.net_fen) for line in stored(shop, row).lines.all()}
    assert (after[f"{row.number}-1"], after[f"{row.number}-2"]) == (
        (before[f"{row.number}-1"], 1, 6000),
        (before[f"{row.number}-2"], 2, 4000),
    )
    assert after["gift"][1:] == (3, 0)


def test_a_masked_recipient_never_replaces_a_sealed_one_and_a_corrected_one_is_a_new_row():
    shop = make_shop()
    row = order_row()
    upsert_orders(shop, [row])
    first = stored(shop, row).recipient

    upsert_orders(
        shop,
        [
            order_row(
                number=row.number,
                recipient=Person(name="林**", phone="139****1234", address="浙江省***"),
                buyer_note="1",
            )
        ],
    )
    assert stored(shop, row).recipient == first
    upsert_orders(
        shop,
        [
            order_row(
                number=row.number,
                recipient=Person(name="林小满", phone="13900009999", address="浙江省"),
                buyer_note="2",
            )
        ],
    )

    corrected = stored(shop, row).recipient
    assert (corrected.pk != first.pk, corrected.phone_mask, Recipient.objects.filter(pk=first.pk).exists()) == (
        True,
        "*******9999",
        True,
    )


def test_a_platforms_mask_is_kept_as_it_came():
    shop = make_shop()
    row = order_row(recipient=Person(name="李**", phone="1********26", address="", province="北京市"))

    upsert_orders(shop, [row])

    recipient = stored(shop, row).recipient
    assert (recipient.name_mask, recipient.phone_mask, recipient.name_enc, recipient.phone_bidx) == (
        "李**",
        "1********26",
        None,
        None,
    )


def test_the_channels_number_takes_the_place_of_the_order_number_that_stood_in_for_it():
    shop = make_shop()
    row = order_row()
    upsert_orders(shop, [row])
    known = order_row(number=row.number, payments=[NormalPayment("kuaishou", "2024052158356923", 8800)])

    upsert_orders(shop, [known])

    assert list(Payment.objects.values_list("channel_number", "amount_fen")) == [("2024052158356923", 8800)]


def test_one_payment_at_the_channel_may_pay_two_orders():
    shop = make_shop()
    rows = [order_row(payments=[NormalPayment("kuaishou", "P1", 8800)]) for _ in range(2)]

    assert told(upsert_orders(shop, rows)) == ["created", "created"]
    assert Payment.objects.filter(channel_number="P1").count() == 2


def test_shops_do_not_see_each_others_numbers():
    one, two = make_shop(), make_shop()
    row = order_row()

    assert told(upsert_orders(one, [row])) + told(upsert_orders(two, [row])) == ["created", "created"]
    assert (Order.objects.count(), Buyer.objects.count()) == (2, 2)


def test_rooms_above_get_what_was_stored_in_the_same_transaction(django_capture_on_commit_callbacks, monkeypatch):
    shop, seen, facts = make_shop(), [], []
    monkeypatch.setitem(
        hooks._hooks, "test", lambda shop, ids, rows: seen.append((shop, ids, [row.packages for row in rows]))
    )

    def on_imported(sender, **kwargs):
        facts.append((kwargs["shop_id"], kwargs["order_ids"]))

    orders_imported.connect(on_imported)
    row = order_row(packages=(("zto", "73100000000009"),))
    with django_capture_on_commit_callbacks(execute=True):
        upsert_orders(shop, [row])
        upsert_orders(shop, [row])
    orders_imported.disconnect(on_imported)

    order = stored(shop, row)
    assert seen == [
        (shop, {row.number: order.pk}, [[NormalPackage("zto", "73100000000009", MORNING + timedelta(hours=3))]])
    ]
    assert facts == [(shop.pk, [order.pk])]


def test_a_chunk_takes_a_fixed_number_of_statements():
    shop = make_shop()

    def statements(count):
        rows = [order_row(nets=(500, 300)) for _ in range(count)]
        with CaptureQueriesContext(connection) as queries:
            upsert_orders(shop, rows)
        return len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    assert (statements(50), statements(500)) == (statements(50), statements(50))


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_the_same_orders_at_once_end_as_one():
    shop = make_shop()
    rows = [order_row(buyer_id=f"b{i % 7}", buyer_nickname=f"n{i % 7}") for i in range(300)]
    start, found = threading.Barrier(4), []

    def work(turned):
        start.wait()
        try:
            found.append(told(upsert_orders(shop, list(reversed(rows)) if turned else rows)))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number % 2,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert all(set(outcomes) <= {"created", "updated", "unchanged"} for outcomes in found)
    assert (Order.objects.count(), OrderLine.objects.count(), Buyer.objects.count()) == (300, 300, 7)
    assert set(Order.objects.values_list("version", flat=True)) == {1}
    assert (Activity.objects.filter(verb="order.import").count(), Recipient.objects.count()) == (300, 300)


def test_words_for_promises_are_stored_as_codes_and_kept_while_a_newer_version_is_silent():
    shop = make_shop()
    first = order_row(benefits=("晚发立赔", "七天无理由退货", "7天无理由", "假一赔三"), host_name="小满的直播间")
    upsert_orders(shop, [first])

    silent = order_row(number=first.number, buyer_note="快点")
    upsert_orders(shop, [silent])
    kept = Order.objects.get()
    upsert_orders(shop, [order_row(number=first.number, benefits=("极速退款",), host_name="阿柚")])

    order = Order.objects.get()
    assert (kept.benefits, kept.host_name, kept.buyer_note) == (
        ["late_ship", "no_reason_return", "假一赔三"],
        "小满的直播间",
        "快点",
    )
    assert (order.benefits, order.host_name) == (["instant_refund"], "阿柚")
