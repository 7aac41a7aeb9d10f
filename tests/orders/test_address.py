"""改地址 before packing: who, when, what is kept, and what a later word of the platform does to it."""

import csv
import itertools
import threading
from datetime import timedelta

import pytest
from django.db import connection

from logistics.shipping.services import register_package, void_package
from merchant.encryption import crypto
from merchant.refusals import Refused
from merchant.regions import names
from merchant.trail.models import Activity
from merchant.vault import services as vault
from merchant.vault.models import Recipient
from merchant.vault.services import Person
from orders.editing import addresses, services
from orders.editing.addresses import faults, given
from orders.record import services as record
from orders.record.enums import BlockKind, OrderState, Stop
from orders.record.models import Block, Order
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import MORNING, make_order

pytestmark = pytest.mark.django_db
S = OrderState
NEW = {"province": "江苏", "city": "苏州市", "district": "姑苏区", "detail": "平江路 100 号 3 幢"}
LINE = "江苏省苏州市姑苏区平江路 100 号 3 幢"


def opened(recipient: Recipient, field: str) -> str:
    return vault._open(recipient, field)


def rows() -> tuple[int, int, int]:
    return (Recipient.objects.count(), Activity.objects.count(), Block.objects.count())


def to_fulfil(shop=None, **row) -> Order:
    return make_order(shop, state=S.TO_FULFIL, **row)


ALLOWED = {S.PENDING_REVIEW, S.PENDING_ASSIGN, S.PENDING_CONFIRM, S.TO_FULFIL}


@pytest.mark.parametrize("state", [state for state in S if state != S.ARCHIVED])
def test_an_address_changes_only_before_packing(state):
    order = make_order(state=state, is_paid=state != S.PENDING_PAYMENT)
    agent, held = make_user("agent", order.shop), order.recipient_id
    before = rows()

    if state in ALLOWED:
        order = services.change_address(order, **NEW, by=agent)
        assert order.recipient_id != held
        return
    with pytest.raises(Refused) as refused:
        services.change_address(order, **NEW, by=agent)

    order.refresh_from_db()
    assert (refused.value.code, order.recipient_id, rows()) == ("ORDER_STATE", held, before)


@pytest.mark.parametrize("role", ["agent", "supervisor", "owner", "warehouse", "finance"])
def test_the_desk_changes_addresses_and_nobody_else(role):
    order = to_fulfil()
    person, held, before = make_user(role, order.shop), order.recipient_id, rows()

    if role in ("agent", "supervisor", "owner"):
        assert services.change_address(order, phone="13700005678", by=person).recipient_id != held
        return
    with pytest.raises(Refused) as refused:
        services.change_address(order, phone="13700005678", by=person)

    assert (refused.value.code, rows()) == ("RIGHT", before)


def test_what_is_left_empty_is_kept_unseen_and_the_old_row_stays():
    order = to_fulfil()
    held, version = order.recipient, order.version

    order = services.change_address(order, **NEW, by=make_user("agent", order.shop), reason="买家改址")

    fresh = order.recipient
    assert (opened(fresh, "name"), opened(fresh, "phone"), opened(fresh, "address")) == ("林小满", "13900001234", LINE)
    assert (fresh.province, fresh.city, fresh.corrects, order.version) == ("江苏省", "苏州市", held, version + 1)
    assert fresh.address_bidx == crypto.blind_index("address", LINE.replace(" ", ""))
    assert opened(Recipient.objects.get(pk=held.pk), "address") == "浙江省杭州市余杭区仓前街道文一西路 1 号"


def test_the_trail_tells_of_it_in_masks_only():
    order = to_fulfil()
    held = order.recipient

    order = services.change_address(order, name="周一", **NEW, by=make_user("agent", order.shop), reason="买家改址")

    line = Activity.objects.about(order).get(verb="order.change_address")
    assert (line.reason, line.detail) == (
        "买家改址",
        {
            "changes": {
                "name": ["林**", "周**"],
                "address": ["浙江省杭州市余杭区仓前街道******", "江苏省苏州市姑苏区******"],
            },
            "recipient": [held.pk, order.recipient_id],
        },
    )


def test_a_masked_field_stays_masked_when_another_changes():
    order = to_fulfil(recipient=Person(name="林*满", phone="139****1234", address="浙江省杭州市****"))

    fresh = services.change_address(order, phone="13700005678", by=None).recipient

    assert (fresh.name_mask, fresh.name_enc, fresh.address_mask, fresh.address_enc) == (
        "林*满", None, "浙江省杭州市****", None,
    )  # fmt: skip
    assert opened(fresh, "phone") == "13700005678"


def test_a_virtual_number_goes_with_the_phone_it_was_given_for():
    person = Person(
        name="林小满", phone="13900001234", address="浙江省杭州市余杭区 1 号", virtual_phone="13000000001-12"
    )
    first, second = to_fulfil(recipient=person), to_fulfil(recipient=person)

    kept = services.change_address(first, name="周一", by=None).recipient
    gone = services.change_address(second, phone="13700005678", by=None).recipient

    assert (opened(kept, "virtual_phone"), opened(gone, "virtual_phone")) == ("13000000001-12", "")


def test_an_order_without_a_recipient_gets_one():
    order = to_fulfil(recipient=None)

    order = services.change_address(order, name="周一", phone="13700005678", **NEW, by=None)

    assert (opened(order.recipient, "name"), order.recipient.corrects) == ("周一", order.recipient)


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({}, []),
        ({"phone": "12345"}, ["phone"]),
        ({"phone": "138****1234"}, ["phone"]),
        ({"name": "***"}, ["name"]),
        ({"detail": "平江路 100 号"}, ["province", "district"]),
        ({**NEW, "province": "苏江"}, ["province"]),
        ({**NEW, "city": "上海市"}, ["city"]),
        ({**NEW, "city": "苏州"}, ["city"]),
        ({**NEW, "district": "姑苏"}, ["district"]),
        ({**NEW, "detail": "1 号"}, ["detail"]),
    ],
)
def test_what_cannot_be_an_address_is_refused_field_by_field(typed, fields):
    order = to_fulfil()
    before = rows()

    with pytest.raises(Refused) as refused:
        services.change_address(order, **typed, by=None)

    assert (refused.value.code, list(refused.value.detail["fields"]), rows()) == ("ADDRESS", fields, before)


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (NEW, LINE),
        ({"province": "上海", "city": "", "district": "闵行区", "detail": "七莘路 1 号"}, "上海市闵行区七莘路 1 号"),
        (
            {"province": "海南省", "city": "陵水黎族自治县", "district": "椰林镇", "detail": "滨河南路 1 号"},
            "海南省陵水黎族自治县椰林镇滨河南路 1 号",
        ),
    ],
)
def test_a_good_address_becomes_one_line(typed, line):
    change = given(**typed)

    assert (faults(change), change.line) == ({}, line)


@pytest.mark.parametrize("phone", ["13700005678", "+86 137-0000-5678", "0571-88001234", "13700005678-9911"])
def test_phones_as_people_write_them_are_taken(phone):
    assert faults(given(phone=phone)) == {}


def test_a_label_made_before_holds_the_order_back_until_it_is_void():
    order = to_fulfil()
    package = register_package(order, courier="zto", waybill="77881234567890")
    agent = make_user("agent", order.shop)

    order = services.change_address(order, **NEW, by=agent)

    block = Block.objects.get(order=order)
    assert (block.kind, block.document, block.stops) == (BlockKind.EDIT, "中通快递 77881234567890", [Stop.SHIP])
    with pytest.raises(Refused) as refused:
        record.lift_hold(block, by=agent)
    void_package(package, by=agent)
    assert (refused.value.code, Block.objects.open().count()) == ("BLOCKED", 0)


def test_without_a_label_nothing_is_held_back():
    order = services.change_address(to_fulfil(), **NEW, by=None)

    assert order.blocks.count() == 0


def test_a_parcel_the_courier_has_keeps_its_address():
    from tests.logistics.factories import make_package

    order = to_fulfil()
    make_package("zto", state="in_transit", order=order)
    before = rows()

    with pytest.raises(Refused) as refused:
        services.change_address(order, **NEW, by=None)

    assert (refused.value.code, rows()) == ("LABEL", before)


def test_a_change_since_the_page_was_drawn_is_refused():
    order = to_fulfil()
    shown = order.recipient_id
    services.change_address(order, name="周一", by=None)
    before = rows()

    with pytest.raises(Refused) as refused:
        services.change_address(order, name="周二", by=None, shown_recipient=shown)

    assert (refused.value.code, rows()) == ("ADDRESS_CHANGED", before)


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_leave_both_or_refuse_the_second():
    order = to_fulfil()
    shown, told = order.recipient_id, []
    gate = threading.Barrier(2)

    def press(name: str) -> None:
        try:
            gate.wait()
            services.change_address(Order.objects.get(pk=order.pk), name=name, by=None, shown_recipient=shown)
            told.append("done")
        except Refused as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(name,)) for name in ("周一", "周二")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    order.refresh_from_db()
    assert (sorted(told), order.version) == (["ADDRESS_CHANGED", "done"], 2)
    assert Recipient.objects.filter(corrects=shown).count() == 1


# --- the platform speaks again ----------------------------------------------------------------------------------------
OLD = "浙江省杭州市余杭区仓前街道文一西路 1 号"


def told_again(order: Order, person: Person, **row) -> Order:
    """The source's next word about the same order: something else changed, and it shows `person`."""
    step = next(_step)
    return make_order(
        order.shop,
        number=order.number,
        state=S.TO_FULFIL,
        recipient=person,
        buyer_note=f"第 {step} 版",
        source_updated_at=MORNING + timedelta(hours=step),
        **row,
    )


_step = itertools.count(1)


def differences(order: Order) -> list[tuple[str, str, str]]:
    return list(order.source_diffs.order_by("pk").values_list("field", "ours", "theirs"))


@pytest.mark.req("R0.42")
def test_the_platform_s_old_address_does_not_undo_ours_and_is_noted_once():
    order = to_fulfil()
    ours = services.change_address(order, **NEW, by=None).recipient
    old = Person(name="林小满", phone="13900001234", address=OLD, province="浙江省", city="杭州市")

    told_again(order, old)
    order = told_again(order, old)

    assert order.recipient == ours
    assert differences(order) == [
        (
            "recipient",
            "林** *******1234 江苏省苏州市姑苏区******",
            "林** *******1234 浙江省杭州市余杭区仓前街道******",
        )
    ]
    assert Recipient.objects.count() == 2


def test_an_address_the_platform_changed_after_ours_is_for_people():
    order = to_fulfil()
    ours = services.change_address(order, **NEW, by=None).recipient
    other = Person(name="林小满", phone="13900001234", address="浙江省杭州市余杭区仓前街道海创路 9 号")

    order = told_again(order, other)

    assert order.recipient == ours
    assert [field for field, _ours, _theirs in differences(order)] == ["recipient_since"]


def test_the_platform_that_shows_ours_agrees():
    order = to_fulfil()
    ours = services.change_address(order, **NEW, by=None).recipient

    order = told_again(order, Person(name="林小满", phone="13900001234", address=LINE))

    assert (order.recipient, differences(order)) == (ours, [])


def test_masked_words_are_compared_with_masks():
    masked = Person(name="林*满", phone="139****1234", address="浙江省杭州市****")
    order = to_fulfil(recipient=masked)
    ours = services.change_address(order, **NEW, by=None).recipient

    order = told_again(order, masked)
    assert (order.recipient, [row[0] for row in differences(order)]) == (ours, ["recipient"])
    order = told_again(order, Person(name="林*满", phone="139****1234", address="江苏省南京市****"))
    assert (order.recipient, [row[0] for row in differences(order)]) == (ours, ["recipient", "recipient_since"])


def test_without_a_change_of_ours_the_platform_s_new_address_is_followed():
    order = to_fulfil()

    order = told_again(order, Person(name="林小满", phone="13900001234", address=LINE))

    assert (opened(order.recipient, "address"), differences(order)) == (LINE, [])


def test_another_shop_s_people_change_nothing_here():
    order, stranger = to_fulfil(), make_user("owner", make_shop())
    before = rows()

    with pytest.raises(Refused) as refused:
        services.change_address(order, **NEW, by=stranger)

    assert (refused.value.code, rows()) == ("RIGHT", before)


@pytest.mark.parametrize(
    ("province", "city", "district"),
    [
        ("湖北省", "省直辖县级行政区划", "仙桃市"), ("新疆维吾尔自治区", "自治区直辖县级行政区划", "石河子市"),
        ("香港特别行政区", "九龙", "油尖旺区"), ("香港特别行政区", "新界", "沙田区"), ("澳门特别行政区", "澳门半岛", "花地玛堂区"),
        ("澳门特别行政区", "澳门外岛", "嘉模堂区（氹仔）"), ("台湾省", "花莲县", "花莲市"), ("海南省", "三沙市", "西沙群岛"),
        ("广东省", "东莞市", "松山湖管委会"), ("廣東省", "東莞市", "虎門鎮"), ("云南省", "大理州", "大理市"),
    ],
)  # fmt: skip
def test_places_that_exist_are_addresses(province, city, district):
    place = addresses.given(province=province, city=city, district=district, detail="运河北路 84 号")

    assert addresses.faults(place) == {}


def test_every_district_of_the_table_may_be_written():
    with names.TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    refused = [
        (row["province"], row["city"], district)
        for row in rows
        for district in filter(None, row["districts"].split(";"))
        if addresses.faults(
            addresses.given(province=row["province"], city=row["city"], district=district, detail="人民路 1 号")
        )
    ]

    assert (len(rows) > 380, refused) == (True, [])


@pytest.mark.parametrize("phone", ["+852 9123 4567", "+853 6612 3456", "+886 912 345 678", "0912345678"])
def test_phones_beyond_the_border_are_phones(phone):
    assert "phone" not in addresses.faults(addresses.given(phone=phone))
    assert "phone" in addresses.faults(addresses.given(phone="91234567"))
