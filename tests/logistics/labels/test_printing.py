"""Printing: who may, until when, what is on record of it."""

import re

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from logistics.labels import canvas, services
from logistics.labels.papers import Line, Paper, PaperSize, Party
from logistics.labels.services import Details, print_parcels
from merchant.refusals import Refused
from merchant.trail.models import Activity
from merchant.vault import services as vault
from merchant.vault.models import PiiQuotaDay, PiiReveal
from tests.logistics.factories import make_package
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db
ADDRESS = "浙江省杭州市余杭区仓前街道文一西路969号"


@pytest.fixture
def shop():
    return make_shop()


@pytest.fixture
def packer(shop):
    return make_user("warehouse", shop)


@pytest.fixture
def words(monkeypatch):
    """What is printed, without blanks."""
    lines = []
    plain = canvas.Page._draw
    monkeypatch.setattr(
        canvas.Page, "_draw", lambda page, line, *rest: (lines.append(line), plain(page, line, *rest))[1]
    )
    return lambda: re.sub(r"\s", "", "".join(lines))


def labelled(shop, **more):
    order = make_order(shop)
    order.recipient = vault.store(shop, **{"name": "欧阳测试", "phone": "13800001234", "address": ADDRESS, **more})
    order.save(update_fields=["recipient"])
    return make_package(order=order, state="labelled")


def test_a_label_shows_the_recipient_in_plain_and_each_print_is_a_look_on_record(shop, packer, words):
    packages = [labelled(shop), labelled(shop)]

    print_parcels(packages, by=packer)

    assert "欧阳测试13800001234" in words()
    assert ADDRESS in words()
    looks = PiiReveal.objects.filter(shop=shop).order_by("id")
    assert [(look.user, look.recipient, look.order_number, look.field, look.cost, look.verdict) for look in looks] == [
        (packer, package.order.recipient, package.order.number, "label", 0, "shown") for package in packages
    ]
    assert not PiiQuotaDay.objects.filter(shop=shop, used__gt=0).exists()


def test_a_virtual_number_is_printed_instead_of_the_buyers_own(shop, packer, words):
    print_parcels([labelled(shop, virtual_phone="17100000000-1234")], by=packer)

    assert "17100000000-1234" in words()
    assert "13800001234" not in words()


def test_what_a_platform_gave_masked_is_printed_as_it_is_held(shop, packer, words):
    print_parcels([labelled(shop, name="欧**", phone="138****1234")], by=packer)

    assert "欧**138****1234" in words()


def test_the_second_print_says_that_it_is_one(shop, packer, words):
    package = labelled(shop)

    print_parcels([package], by=packer)
    assert "补打" not in words()
    print_parcels([package], by=packer, size=PaperSize.SMALL, paper=Paper.BOTH)
    assert "补打" in words()

    trail = Activity.objects.filter(verb="package.print", subject_id=package.pk).order_by("id")
    assert [(line.by, line.detail) for line in trail] == [
        (packer, {"size": "100x150", "paper": "label"}),
        (packer, {"size": "76x130", "paper": "both"}),
    ]


def test_who_packs_may_say_more_than_the_parcels_row_knows(shop, packer, words):
    package = labelled(shop)
    known = Details(
        "FH1", [Line("BOX-SKU", "围巾", 3)], Party("义乌仓", "0579-1", "示例路1号"), "300-A", "杭州", "轻放"
    )

    print_parcels([package], by=packer, details={package.pk: known})

    for part in ("FH1", "BOX-SKU×3", "义乌仓0579-1", "示例路1号", "300-A", "杭州", "轻放"):
        assert part in words()


@pytest.mark.parametrize(("state", "sentence"), [("picked_up", "快递已揽收"), ("voided", "作废")])
def test_a_parcel_that_left_or_a_void_label_is_not_printed_and_nobody_is_looked_at(shop, packer, state, sentence):
    package = labelled(shop) if state == "voided" else make_package(shop=shop, state=state)
    if state == "voided":
        type(package).objects.filter(pk=package.pk).update(state="voided")
        package.refresh_from_db()

    with pytest.raises(Refused) as caught:
        print_parcels([labelled(shop), package], by=packer)

    assert caught.value.code == "PARCEL"
    assert sentence in str(caught.value.message)
    assert not PiiReveal.objects.exists()
    assert not Activity.objects.filter(verb="package.print").exists()


def test_nothing_and_too_much_are_refused(shop, packer, monkeypatch):
    monkeypatch.setattr(services, "MOST", 1)
    for packages in ([], [labelled(shop), labelled(shop)]):
        with pytest.raises(Refused) as caught:
            print_parcels(packages, by=packer)
        assert caught.value.code == "PRINT"


@pytest.mark.parametrize("role", ["agent", "finance", "platform_admin"])
def test_who_does_not_pack_does_not_print(shop, role):
    package = labelled(shop)

    with pytest.raises(Refused) as caught:
        print_parcels([package], by=make_user(role, shop))

    assert caught.value.code == "RIGHT"
    assert not PiiReveal.objects.exists()


@pytest.mark.req("R2.20")
def test_the_warehouse_prints_a_parcels_papers_from_its_page(client, shop, packer, words):
    package = labelled(shop)
    client.force_login(packer)
    at = [shop.pk, package.courier, package.waybill]
    assert "欧阳测试" not in client.get(reverse("parcel_detail", args=at)).content.decode()

    answer = client.post(reverse("parcel_print", args=at), {"size": "76x130", "paper": "both"})

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert "no-store" in answer["Cache-Control"]
    for part in (package.waybill, package.order.number, "欧阳测试13800001234", ADDRESS):
        assert part in words()


def test_the_page_refuses_a_roll_that_no_printer_takes(client, shop, packer):
    package = labelled(shop)
    client.force_login(packer)

    at = [shop.pk, package.courier, package.waybill]
    answer = client.post(reverse("parcel_print", args=at), {"size": "a4", "paper": "both"})

    assert (answer.status_code, answer["Location"]) == (302, reverse("parcel_detail", args=at))
    assert [message.extra_tags or message.level_tag for message in get_messages(answer.wsgi_request)]
    assert not PiiReveal.objects.exists()
