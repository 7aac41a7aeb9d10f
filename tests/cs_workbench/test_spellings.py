"""One phone, one name, one waybill, one carrier, in the many ways they are written."""

import pytest

from cs_workbench.orders.search import search
from merchant.carriers import registry as carriers
from merchant.carriers import waybills
from merchant.encryption import crypto
from merchant.vault import masking, phones
from merchant.vault import services as vault
from merchant.vault.services import Person
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13800138000-1234", "13800138000-1234"), ("13800138000转1234", "13800138000-1234"),
        ("13800138000 转接 1234", "13800138000-1234"), ("13800138000,1234", "13800138000-1234"),
        ("13800138000#1234", "13800138000-1234"), ("13800138000(1234)", "13800138000-1234"),
        ("13800138000（1234）", "13800138000-1234"), ("13800138000—1234", "13800138000-1234"),
        ("13800138000 分机1234", "13800138000-1234"), ("13800138000 ext.1234", "13800138000-1234"),
        ("86-13800138000-1234", "13800138000-1234"), ("+8613800138000-1234", "13800138000-1234"),
        ("0086 13800138000", "13800138000"), ("8613800138000", "13800138000"), ("138-0013-8000", "13800138000"),
        ("１３８００１３８０００", "13800138000"), ("13800138000/13900139000", "13800138000"),
        ("13800138000、13900139000", "13800138000"), ("手机：13800138000", "13800138000"),
        ("0571-88001234", "057188001234"), ("0571-88001234-801", "057188001234-801"),
        ("(0571)88001234转801", "057188001234-801"), ("010-88001234", "01088001234"),
        ("+852 9123 4567", "91234567"), ("+886 912 345 678", "0912345678"), ("0912345678", "0912345678"),
        ("400-820-8820转1", "4008208820"), ("138****1234", "138****1234"), ("", ""),
    ],
)  # fmt: skip
def test_a_phone_is_one_number_however_it_is_written(written, number):
    assert phones.normal(written) == number


@pytest.mark.parametrize("written", ["13800138000转1234", "13800138000,1234", "86-13800138000-1234"])
def test_the_extension_is_not_the_last_four_digits_that_are_searched(written):
    sealed = vault.sealed(None, Person(phone=written))
    assert sealed.phone4_bidx == crypto.blind_index("phone4", "8000")


def test_an_extension_is_masked_like_the_rest():
    assert masking.mask_phone("0571-88001234-801") == "**********34-****"


@pytest.mark.parametrize("dot", "•．・‧∙·")
def test_a_name_has_one_dot(dot):
    assert masking.normal_name(f"阿卜杜拉{dot}买买提") == "阿卜杜拉·买买提"


@pytest.mark.parametrize(
    ("cell", "numbers", "strange"),
    [
        *((f"JT5123456789031{mark}JT5123456789032", ["JT5123456789031", "JT5123456789032"], []) for mark in "；、/ \n|,，;"),
        ("极兔:JT5123456789031", ["JT5123456789031"], []), ("JT5123456789031（补发）", ["JT5123456789031"], []),
        ("ＪＴ5123456789031", ["JT5123456789031"], []), ("No:YT7000000000001", ["YT7000000000001"], []),
        ("NO.yt7000000000001", ["YT7000000000001"], []), ("JDVA00000000001-1-3-", ["JDVA00000000001"], []),
        ("圆通:YT7000000000001,极兔:JT5123456789031", ["YT7000000000001", "JT5123456789031"], []),
        ("https://www.jtexpress.com.cn/track?no=JT5123456789001", ["JT5123456789001"], []),
        ("JT5123456789031 JT5123456789031", ["JT5123456789031"], []), ("线下自提", [], ["线下自提"]), ("", [], []),
        ("圆通 7420", [], ["7420"]),
    ],
)  # fmt: skip
def test_a_cell_holds_the_waybills_in_it_and_says_what_is_none(cell, numbers, strange):
    assert waybills.numbers_in(cell) == (numbers, strange)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("中通快递(ZTO)", "zto"), ("圆通速递有限公司", "yto"), ("J&T极兔速递", "jt"), ("J&T Express", "jt"),
        ("STO申通快递", "sto"), ("SF Express", "sf"), ("ｚｔｏ", "zto"), ("圓通速遞", "yto"), ("申通快递（STO）", "sto"),
        ("顺丰速运集团有限公司", "sf"), ("ZTO圆通速递", "ZTO圆通速递"),
    ],
)  # fmt: skip
def test_a_carrier_is_known_by_its_name_in_another_dress(word, code):
    assert carriers.code_of(word) == code


def test_the_freight_arm_is_another_carrier():
    assert carriers.code_of("中通快运") != "zto"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "term",
    ["阿卜杜拉•买买提", "订单号：2607602240240301", "'2607602240240301", "`2607602240240301", "２６０７６０２２４０２４０３０１",
     "jt5123456789001", "极兔 JT5123456789001", "13800138000", "+86 138 0013 8000", "13800138000转1234"],
)  # fmt: skip
def test_what_is_pasted_finds_the_order_without_the_signs_around_it(term):
    shop = make_shop("kuaishou")
    person = Person(name="阿卜杜拉·买买提", phone="13800138000转1234", address="浙江省杭州市余杭区文一西路 1 号")
    packages = (("jt", "jt5123456789001-1-1-"),)
    order = make_order(shop, number="2607602240240301", recipient=person, packages=packages)

    assert [found.number for found in search(make_user("owner", shop), term).orders] == [order.number]
