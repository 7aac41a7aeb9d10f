"""What the rules of review find, from the facts alone."""

import pytest
from django.utils.translation import override

from merchant.policy.models import Policy
from merchant.regions import addresses as regions
from orders.review.enums import Severity
from orders.review.rules import Facts, Line, judge, stops, suggestion_of

GOOD = Line("云南小粒咖啡", "normal", 1, 8800, 0, 0, 8800)
HANGZHOU = "浙江省杭州市余杭区仓前街道文一西路1号"


def facts(**more):
    said = {
        "name": "林小满", "phone": "13900001234", "address": HANGZHOU, "province": "浙江省", "city": "杭州市",
        "lines": [GOOD], "goods_fen": 8800, "paid_fen": 8800,
    }  # fmt: skip
    return Facts(**{**said, **more})


def found(said, **rules):
    switches = {**Policy().review_rules, **rules.pop("on", {})}
    return [(finding.case, finding.values) for finding in judge(said, Policy(review_rules=switches, **rules))]


def test_nothing_is_found_against_a_plain_order():
    assert found(facts()) == []


@pytest.mark.parametrize(
    ("address", "place", "detail"),
    [
        (HANGZHOU, "浙江省杭州市余杭区", "仓前街道文一西路1号"),
        ("浙江 杭州 余杭 仓前街道文一西路1号", "浙江省杭州市余杭区", "仓前街道文一西路1号"),
        ("杭州市余杭区仓前街道文一西路1号", "浙江省杭州市余杭区", "仓前街道文一西路1号"),
        ("广东省东莞市长安镇德政中路88号", "广东省东莞市", "长安镇德政中路88号"),
        ("中山市小榄镇新华路5号", "广东省中山市", "小榄镇新华路5号"),
        ("海南省儋州市那大镇中兴大街9号", "海南省儋州市", "那大镇中兴大街9号"),
        ("河南省济源市沁园街道黄河路1号", "河南省济源市", "沁园街道黄河路1号"),
        ("湖北省省直辖县级行政区划仙桃市干河街道1号", "湖北省仙桃市", "干河街道1号"),
        ("北京市北京市朝阳区建国路88号", "北京市朝阳区", "建国路88号"),
        ("北京市市辖区海淀区中关村大街1号", "北京市海淀区", "中关村大街1号"),
        ("重庆渝北区龙溪街道1号", "重庆市渝北区", "龙溪街道1号"),
        ("吉林省吉林市船营区北京路1号", "吉林省吉林市船营区", "北京路1号"),
        ("四川凉山州西昌市航天大道1号", "四川省凉山彝族自治州西昌市", "航天大道1号"),
        ("新疆维吾尔自治区乌鲁木齐市天山区人民路1号", "新疆维吾尔自治区乌鲁木齐市天山区", "人民路1号"),
        ("香港特别行政区中西区皇后大道中99号", "香港特别行政区中西区", "皇后大道中99号"),
        ("台湾省台北市大安区和平东路一段1号", "台湾省台北市大安区", "和平东路一段1号"),
    ],
)
def test_an_address_is_read_by_the_one_table_of_places(address, place, detail):
    written = regions.read(address)

    assert (written.place, written.detail, written.is_whole) == (place, detail, True)


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("朝阳区望京街道演示路 1 号", "北京市朝阳区望京街道演示路 1 号"),
        ("北京市朝阳区望京街道演示路 1 号", "北京市朝阳区望京街道演示路 1 号"),
        ("北京朝阳区望京街道演示路 1 号", "北京朝阳区望京街道演示路 1 号"),
    ],
)
def test_a_source_may_name_province_and_city_apart_from_the_address(address, line):
    assert regions.whole_line(address, "北京市", "北京市") == line
    assert regions.read(line).place == "北京市朝阳区"


@pytest.mark.req("R2.5")
@pytest.mark.parametrize(
    ("said", "case", "values"),
    [
        ({"name": ""}, "no_name", {}),
        ({"name": "123"}, "no_name", {}),
        ({"phone": ""}, "no_phone", {}),
        ({"phone": "1390000123"}, "phone_form", {}),
        ({"address": ""}, "no_address", {}),
        ({"address": "文一西路1号3幢", "province": "", "city": ""}, "no_province", {}),
        ({"address": "浙江省文一西路123号", "city": ""}, "no_city", {"province": "浙江省"}),
        ({"address": "浙江省杭州市文一西路123号"}, "no_district", {"city": "杭州市"}),
        ({"address": "浙江省杭州市余杭区1号"}, "short_detail", {"length": 2, "least": 5}),
        ({"province": "江苏省", "city": "南京市"}, "differs", {"theirs": "江苏省", "ours": "浙江省"}),
        (
            {"address": "浙江省杭州市钱江新区文一西路123号"},
            "strange_district",
            {"district": "钱江新区", "city": "杭州市"},
        ),
        ({"address": "香港特别行政区中西区皇后大道中99号", "province": "", "city": ""}, "special",
         {"province": "香港特别行政区"}),
        ({"address": f"{HANGZHOU} 93456部队"}, "military", {}),
    ],
)  # fmt: skip
def test_a_recipient_who_cannot_be_reached_stops_the_order(said, case, values):
    findings = judge(facts(**said), Policy())

    assert (case, values) in [(one.case, one.values) for one in findings]
    assert stops(findings)


@pytest.mark.parametrize("phone", ["13900001234", "+86 139-0000-1234", "057188888888", "0571-88888888", "139****1234"])
def test_a_phone_that_can_be_called_or_is_masked_is_one(phone):
    assert found(facts(phone=phone)) == []


@pytest.mark.req("R2.6")
def test_a_vague_address_gets_a_standardised_suggestion_that_stops_nothing_by_itself():
    vague = facts(address="浙江余杭文一西路 1号3幢", city="")

    assert suggestion_of(vague) == "浙江省杭州市余杭区"
    (hint,) = judge(vague, Policy())
    assert (hint.case, hint.severity) == ("suggestion", Severity.HINT)
    assert not stops([hint])


def test_virtual_goods_need_no_address():
    virtual = Line("会员月卡", "virtual", 1, 8800, 0, 0, 8800)

    assert found(facts(lines=[virtual], is_digital=True, name="", phone="", address="", province="", city="")) == []


@pytest.mark.req("R1.9")
def test_goods_out_of_scope_and_banned_words_stop_the_order():
    car = Line("二手车", "whole_vehicle", 1, 8800, 0, 0, 8800)

    assert found(facts(lines=[car], buyer_note="记得返 现吧")) == [
        ("goods_class", {"title": "二手车", "class": "whole_vehicle"}),
        ("word", {"word": "返现"}),
    ]
    assert found(facts(lines=[Line("", "normal", 1, 8800, 0, 0, 8800)])) == [("unnamed", {})]
    assert found(facts(buyer_note="请周末送"), on={"note": True}) == [("note", {})]


@pytest.mark.req("R1.10", "R2.4")
def test_prices_and_sums_are_recalculated_to_the_fen():
    cheap = Line("云南小粒咖啡", "normal", 2, 20_000, 0, 0, 9_998)
    by_platform = Line("云南小粒咖啡", "normal", 2, 20_000, 0, 5_000, 5_000)
    floored = Line("云南小粒咖啡", "normal", 1, 8800, 0, 0, 8800, floor_fen=8801)
    ceiled = Line("云南小粒咖啡", "normal", 1, 8800, 0, 0, 8800, ceiling_fen=8799)

    sums = {"goods_fen": 20_000, "shop_discount_fen": 10_002, "paid_fen": 9_998}
    unit = {"title": "云南小粒咖啡", "unit_fen": 4999, "list_fen": 10_000, "percent": 49}
    assert found(facts(lines=[cheap], **sums)) == [("below_list", unit)]
    assert found(facts(lines=[cheap], **sums), review_price_percent=0) == []
    # What the platform pays on top is no lower price of ours.
    subsidised = {"goods_fen": 20_000, "shop_discount_fen": 10_000, "subsidy_fen": 5_000, "paid_fen": 5_000}
    assert found(facts(lines=[by_platform], **subsidised)) == []
    assert [case for case, _values in found(facts(lines=[floored]))] == ["below_floor"]
    assert [case for case, _values in found(facts(lines=[ceiled]))] == ["above_ceiling"]
    assert found(facts(paid_fen=8700)) == [
        ("net_sum", {"lines_fen": 8800, "order_fen": 8700, "apart_fen": 100}),
        ("paid_sum", {"due_fen": 8800, "paid_fen": 8700, "apart_fen": 100}),
    ]
    assert found(facts(goods_fen=8801, adjustment_fen=-1)) == [
        ("goods_sum", {"lines_fen": 8800, "order_fen": 8801, "apart_fen": 1})
    ]


def test_twins_credit_bans_and_large_orders_are_looked_at():
    assert found(facts(twins=["A1", "A2"])) == [("twin", {"numbers": "A1, A2"})]
    assert found(facts(credit=69)) == [("credit", {"credit": 69, "least": 70})]
    assert found(facts(credit=70)) == []
    assert found(facts(is_banned=True)) == [("banned", {})]
    assert found(facts(paid_fen=8800), on={"large": True}, review_large_fen=8800) == [("large", {"paid_fen": 8800})]


def test_a_rule_that_is_off_finds_nothing_and_a_shop_may_look_at_everything():
    assert found(facts(phone=""), on={"recipient": False}) == []
    assert found(facts(), auto_pass=False) == [("by_hand", {})]


def test_a_finding_is_a_sentence_with_its_amounts():
    (finding,) = judge(facts(goods_fen=8801, adjustment_fen=-1), Policy())

    with override("en"):
        assert finding.sentence == "The lines come to ¥88.00, the order says ¥88.01 of goods: ¥0.01 apart."
    with override("zh-hans"):
        assert finding.sentence == "各行货款合计 ¥88.00，订单货款 ¥88.01，相差 ¥0.01。"
