"""The real files beside this checkout, with their true figures. Every file twice: the second time nothing changes."""

from pathlib import Path

import pytest
from django.db.models import Count, F, Sum

from merchant.jobs.models import Job, JobState
from orders.intake import importer, jobs
from orders.intake.readers import SourceFile
from orders.payments.models import Payment
from orders.record.models import Order, OrderLine
from tests.merchant.factories import make_shop

pytestmark = pytest.mark.django_db


def take(platform, *paths, profile="auto", shop=None):
    shop = shop or make_shop(platform)
    files = [SourceFile.at(Path(path)) for path in paths]
    job = importer.run(jobs.new_job(shop, [file.name for file in files], by=None, profile=profile), files)
    assert (job.state, job.error) == (JobState.DONE, "")
    return shop, job


def states(shop):
    return dict(Order.objects.filter(shop=shop).values_list("state").annotate(Count("pk")).order_by())


def adds_up(shop):
    """No order breaks M1, and the lines of each are worth what was paid without freight."""
    wrong = Order.objects.filter(shop=shop, paid_fen__gt=0).exclude(
        paid_fen=F("goods_fen") - F("shop_discount_fen") - F("subsidy_fen") + F("freight_fen") + F("adjustment_fen")
    )
    nets = Order.objects.filter(shop=shop, paid_fen__gte=F("freight_fen"), paid_fen__gt=0).annotate(
        nets=Sum("lines__net_fen")
    )
    return not wrong.exists() and not nets.exclude(nets=F("paid_fen") - F("freight_fen")).exists()


@pytest.mark.req("R1.3")
def test_tmall(shared_data):
    path = shared_data / "orders" / "tmall_orders_202002_part1.csv.gz"

    shop, job = take("taobao", path)

    orders = Order.objects.filter(shop=shop)
    assert (job.options["layout"], job.figures, job.options["unknown_columns"]) == (
        "tmall_report",
        {"created": 17_772},
        [],
    )
    assert orders.filter(paid_at=None, paid_fen=0).count() == 2_518
    assert orders.filter(refunded_fen__gt=0).count() == 3_689
    assert states(shop) == {"pending_payment": 2_518, "to_fulfil": 11_900, "closed": 3_354}
    assert OrderLine.objects.filter(shop=shop).aggregate(Sum("refunded_fen")) == {
        "refunded_fen__sum": orders.aggregate(s=Sum("refunded_fen"))["s"]
    }
    assert Payment.objects.filter(shop=shop).count() == 17_772 - 2_518
    assert adds_up(shop)
    _shop, again = take("taobao", path, shop=shop)
    assert again.figures == {"unchanged": 17_772}


def test_olist(shared_data):
    names = ["orders", "order_items", "order_payments", "customers", "products"]
    paths = [shared_data / "orders" / f"olist_{name}.csv.gz" for name in names]

    shop, job = take("other", *paths)

    assert (job.options["layout"], job.figures, job.options["unknown_columns"]) == ("olist", {"created": 15_803}, [])
    assert states(shop) == {"completed": 15_592, "to_fulfil": 36, "closed": 99, "shipped": 76}
    # 18,117 items, and one line for each of the 64 orders that have none.
    assert OrderLine.objects.filter(shop=shop).count() == 18_117 + 64
    # 62 orders were paid with more than goods and freight (instalment interest), two a fen or more above after rounding.
    assert Order.objects.filter(shop=shop).exclude(adjustment_fen=0).count() == 62
    assert adds_up(shop)
    _shop, again = take("other", *paths, shop=shop)
    assert again.figures == {"unchanged": 15_803}


def test_qianniu(shared_data):
    path = shared_data / "orders" / "taobao_export_order_list_2024-03-21_a.xlsx"

    shop, job = take("taobao", path)

    assert (job.options["layout"], job.figures, job.options["unknown_columns"]) == (
        "qianniu_export",
        {"created": 37},
        [],
    )
    assert (states(shop), OrderLine.objects.filter(shop=shop).count()) == ({"to_fulfil": 34}, 37)
    order = Order.objects.get(shop=shop, number="3821113838621237025")
    assert (order.paid_fen, order.buyer_note, order.shipped_at) == (35_400, "", None)
    assert list(order.lines.order_by("line_no").values_list("external_id", "goods_fen", "net_fen")) == [
        ("3821113838622237025", 19_900, 17_300),
        ("3821113838623237025", 20_900, 18_100),
    ]
    # The masked payment number would make strangers' payments one.
    assert order.payments.get().channel_number == order.number
    _shop, again = take("taobao", path, shop=shop)
    assert again.figures == {"unchanged": 37}


PLATFORMS = {
    "taobao": ("taobao", "taobao_rows", {"created": 2}, {"completed": 1, "shipped": 1}),
    "jd": (
        "jd",
        "jd_rows",
        {"created": 29},
        {"completed": 8, "shipped": 9, "closed": 5, "to_fulfil": 6, "pending_payment": 1},
    ),
    # Twelve rows were pulled without time and amounts: nobody could place them.
    "douyin": (
        "douyin",
        "douyin_rows",
        {"created": 38, "refused": 12},
        {"completed": 10, "closed": 16, "to_fulfil": 6, "shipped": 6},
    ),
    # Two orders stand twice in the file.
    "pinduoduo": (
        "pinduoduo",
        "pinduoduo_rows",
        {"created": 114, "unchanged": 2},
        {"received": 79, "shipped": 6, "closed": 26, "to_fulfil": 3},
    ),
    "wechat_shop": (
        "wechat",
        "wechat_shop_rows",
        {"created": 27, "unchanged": 19},
        {"shipped": 14, "closed": 7, "completed": 2, "to_fulfil": 3, "pending_payment": 1},
    ),
}


@pytest.mark.parametrize("folder", PLATFORMS)
def test_platform_rows(shared_data, folder):
    platform, layout, figures, found = PLATFORMS[folder]
    paths = [shared_data / "platform" / folder / name for name in ("order.jsonl", "order_item.jsonl")]

    shop, job = take(platform, *paths)

    assert (job.options["layout"], job.figures, job.options["unknown_columns"]) == (layout, figures, ["_source"])
    assert states(shop) == found
    assert adds_up(shop)
    _shop, again = take(platform, *paths, shop=shop)
    assert again.figures == {
        key: count for key, count in {**figures, "unchanged": job.done - job.refused, "created": 0}.items() if count
    }


@pytest.mark.parametrize(
    ("platform", "path", "layout", "number", "state", "paid"),
    [
        ("taobao", "taobao/trade_fullinfo_get_response.json", "taobao_trade", "41171612630246574", "shipped", 2_950),
        ("kuaishou", "kuaishou/order_detail_agiso.json", "kuaishou_detail", "2215900041470428", "shipped", 20),
    ],
)
def test_single_answers(shared_data, platform, path, layout, number, state, paid):
    shop, job = take(platform, shared_data / "platform" / path)

    order = Order.objects.get(shop=shop)
    assert (job.options["layout"], order.number, order.state, order.paid_fen) == (layout, number, state, paid)


def test_every_file_leaves_its_jobs_rows(shared_data):
    _shop, job = take(
        "jd", shared_data / "platform" / "jd" / "order.jsonl", shared_data / "platform" / "jd" / "order_item.jsonl"
    )

    assert (job.rows.count(), Job.objects.count()) == (29, 1)
