"""Layouts as data: found by their columns, read by their file, refused with the column's own name."""

import json
import tomllib
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import override

from merchant.refusals import Refused
from orders.intake import registry
from orders.intake.normal import NormalPackage
from orders.intake.profile import OrderProfile
from orders.intake.readers import SourceFile, read_tables
from orders.intake.values import BadValue
from orders.record.enums import OrderState

OWN = """
name = "own_sheet"
title = { en = "Own sheet", zh = "自家表格" }
signature = ["单号", "下单", "实付"]
[order]
number = "单号"
placed_at = "下单"
paid_at = "付款"
paid_fen = "实付"
flag = { from = "旗", map = { "红" = 1 } }
[order.state]
from = "状态"
map = { "发了" = "shipped", "等发" = "to_fulfil" }
[recipient]
name = "收件人"
phone = "手机"
[line]
title = "品名"
quantity = "数量"
unit_fen = "单价"
[package]
waybill = "运单"
courier = "快递"
"""
HEADER = "单号,下单,付款,实付,状态,旗,收件人,手机,品名,数量,单价,运单,快递"
GOOD = "A1,2026-11-01 10:00:00,2026-11-01 10:01:00,88.00,发了,红,林小满,13900001234,毛巾,2,44,YT7420000000001,圆通"


def own_profile(body=OWN):
    return OrderProfile(tomllib.loads(body), origin="own_sheet.toml")


def read(profile, *files):
    tables = [table for name, text in files for table in read_tables(SourceFile(name, text.encode))]
    main, joined = profile.pick(tables)
    return [profile.normal(record) for record in profile.records(main, joined)]


def test_a_column_of_promises_is_read_word_by_word():
    body = OWN.replace("flag = {", 'benefits = "权益"\nflag = {')

    order = read(own_profile(body), ("a.csv", f"{HEADER},权益\n{GOOD},晚发立赔、7天价保 | 运费险\n"))[0]

    assert order.benefits == ("晚发立赔", "7天价保", "运费险")


def test_a_new_layout_is_a_file_and_not_code():
    order = read(own_profile(), ("a.csv", f"{HEADER}\n{GOOD}\n"))[0]

    assert (order.number, order.state, order.paid_fen, order.flag, order.row_nos) == ("A1", "shipped", 8800, 1, (2,))
    assert order.placed_at == datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
    assert (order.recipient.name, order.recipient.phone, order.source_status) == ("林小满", "13900001234", "发了")
    assert (order.lines[0].title, order.lines[0].quantity, order.lines[0].goods_fen) == ("毛巾", 2, 8800)
    assert order.packages == [NormalPackage("yto", "YT7420000000001")]


@pytest.mark.parametrize(
    ("old", "new", "field", "why"),
    [
        ("A1,", ",", "单号", "this is empty"),
        ("2026-11-01 10:00:00", "", "下单", "this is empty"),
        ("2026-11-01 10:00:00", "昨天", "下单", "“昨天” is not a time"),
        ("88.00", "八十八", "实付", "“八十八” is not an amount"),
        ("88.00", "88.005", "实付", "“88.005” is not a whole number of fen"),
        ("发了", "飞了", "状态", "“飞了” is a status this layout does not know"),
        ("毛巾,2", "毛巾,1.5", "数量", "“1.5” is not a whole number"),
        ("A1,", "3.8E+18,", "单号", "the spreadsheet has shortened this number; export it as text"),
        ("A1,", "9" * 65 + ",", "单号", "an order number has at most 64 characters"),
    ],
)
def test_a_bad_cell_is_refused_with_its_column_and_the_reason(old, new, field, why):
    with override("en"):
        with pytest.raises(BadValue) as bad:
            read(own_profile(), ("a.csv", f"{HEADER}\n{GOOD.replace(old, new, 1)}\n"))

        assert (bad.value.field, str(bad.value.why)) == (field, why)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('number = "单号"', 'numbr = "单号"'),
        ('"shipped"', '"flown"'),
        ('title = "品名"', 'titel = "品名"'),
        ('name = "own_sheet"', ""),
        ('phone = "手机"', 'mobile = "手机"'),
    ],
)
def test_a_misspelt_layout_stops_the_start(old, new):
    with pytest.raises(ImproperlyConfigured):
        own_profile(OWN.replace(old, new))


def test_every_layout_of_ours_loads_and_names_itself_in_both_languages():
    names = [profile.name for profile in registry.all_profiles() if profile.kind == "orders"]

    assert names == sorted(
        ["doudian_export", "douyin_rows", "jd_export",
        "jd_rows", "kuaishou_detail", "kuaishou_export", "olist", "pinduoduo_export",
         "pinduoduo_rows", "qianniu_export", "taobao_rows", "taobao_trade", "template",
        "tmall_report", "wechat_shop_rows"]
    )  # fmt: skip
    for profile in registry.all_profiles():
        with override("zh-hans"):
            chinese = profile.title
        with override("en"):
            assert profile.title != chinese


def test_the_layout_that_knows_most_columns_is_taken_and_unknown_ones_are_named():
    text = "子订单编号,主订单编号,标题,买家应付货款,买家实际支付金额,订单状态,我的新列\n"
    tables = read_tables(SourceFile("a.csv", text.encode))

    profile = registry.detect(tables)

    assert (profile.name, profile.unknown_columns(tables[0])) == ("qianniu_export", ["我的新列"])


def test_columns_nobody_knows_are_refused_by_name():
    with pytest.raises(Refused) as refusal:
        registry.detect(read_tables(SourceFile("a.csv", "颜色,味道\n红,甜\n".encode)))

    assert (refusal.value.code, "颜色, 味道" in str(refusal.value)) == ("LAYOUT", True)


def test_a_source_without_a_status_proves_no_more_than_its_amounts_and_times():
    header = "订单编号,总金额,买家实际支付金额,收货地址 ,订单创建时间,订单付款时间 ,退款金额\n"
    rows = (
        "1,178.8,0.0,上海,2020-02-21 00:00:00,,0.0\n"
        "2,21.0,21.0,内蒙古自治区,2020-02-20 23:59:54,2020-02-21 00:00:02,0.0\n"
        "3,37.0,0.0,安徽省,2020-02-20 23:59:35,2020-02-20 23:59:49,37.0\n"
        "4,157.0,100.0,湖南省,2020-02-20 23:58:34,2020-02-20 23:58:44,57.0\n"
    )

    orders = read(registry.profile_named("tmall_report"), ("a.csv", header + rows))

    assert [(o.state, o.paid_fen, o.refunded_fen) for o in orders] == [
        (OrderState.PENDING_PAYMENT, 17880, 0),
        (OrderState.TO_FULFIL, 2100, 0),
        (OrderState.CLOSED, 3700, 3700),
        (OrderState.TO_FULFIL, 15700, 5700),
    ]
    assert [o.recipient.province for o in orders] == ["上海", "内蒙古自治区", "安徽省", "湖南省"]


def test_rows_of_one_order_are_gathered_wherever_they_stand_in_the_file():
    header = "子订单编号,主订单编号,标题,价格,购买数量,商品属性,订单状态,商家编码,支付单号,买家应付货款,买家实际支付金额,退款金额,订单创建时间,订单付款时间,商品id,物流单号,物流公司,发货时间\n"
    row = "{},{},短袖,199.00,1,null,卖家已发货，等待买家确认,X1,20240321****,173.00,173.00,{},2024-03-21 10:24:20,2024-03-21 10:24:29,734231870825,{},中通快递,2024-03-22 09:00:00\n"
    text = header + "".join(
        [
            row.format("31", "M1", "无退款申请", "73100000000001"),
            row.format("41", "M2", "无退款申请", "73100000000002"),
            row.format("32", "M1", "20.00", "73100000000003"),
        ]
    ).replace("卖家已发货，等待买家确认", '"卖家已发货，等待买家确认"')

    second, first = read(registry.profile_named("qianniu_export"), ("a.csv", text))

    assert (first.number, first.row_nos, first.paid_fen, first.state) == ("M1", (2, 4), 34600, "shipped")
    assert [(line.external_id, line.net_fen, line.refunded_fen) for line in first.lines] == [
        ("31", 17300, 0),
        ("32", 17300, 2000),
    ]
    assert [(p.courier, p.waybill, p.line_ids) for p in first.packages] == [
        ("zto", "73100000000001", ("31",)),
        ("zto", "73100000000003", ("32",)),
    ]
    assert (first.payments[0].number, second.row_nos) == ("M1", (3,))


def test_a_set_is_joined_by_its_columns_whatever_the_files_are_called():
    orders = "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date\no1,c1,delivered,2018-01-01 10:00:00,2018-01-01 10:05:00,2018-01-02 09:00:00,2018-01-05 12:00:00,2018-01-20 00:00:00\n"
    items = "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value\no1,1,p1,s,2018-01-03,44.99,2.83\no1,2,p2,s,2018-01-03,10.00,1.00\n"
    payments = "order_id,payment_sequential,payment_type,payment_installments,payment_value\no1,1,credit_card,1,50.00\no1,2,voucher,1,8.82\n"
    customers = "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state\nc1,u1,14600,sao paulo,SP\n"

    order = read(
        registry.profile_named("olist"),
        ("x1.csv", items),
        ("x2.csv", customers),
        ("x3.csv", orders),
        ("x4.csv", payments),
    )[0]

    assert (order.paid_fen, order.freight_fen, order.buyer_id, order.state) == (5882, 383, "u1", "completed")
    assert [(p.channel, p.number, p.amount_fen) for p in order.payments] == [
        ("bank_card", "o1-1", 5000),
        ("voucher", "o1-2", 882),
    ]
    assert [line.goods_fen for line in order.lines] == [4499, 1000]
    assert order.recipient.city == "sao paulo"


def test_nested_json_gives_payment_parcels_and_specification():
    row = {
        "order_id": "3719", "openid": "o1", "unionid": None, "status": "30", "create_time": "1714880617", "update_time": "1714983101",
        "pay_info": json.dumps({"pay_time": 1714880636, "transaction_id": "4381"}), "order_price": "9990", "freight": "0",
        "ship_done_time": "1714983100", "user_name": "陈*", "tel_number": "151****3175", "province_name": "重庆市", "city_name": "重庆市",
        "delivery_product_info": json.dumps(
            [{"waybill_id": "73611068324382", "delivery_id": "ZTO", "delivery_time": 1714983100, "product_infos": [{"sku_id": "22396"}]}]
        ),
    }  # fmt: skip
    item = {"order_id": "3719", "product_id": "1", "sku_id": "22396", "sku_cnt": "1", "sale_price": "9990", "real_price": "9990",
            "title": "苦荞", "sku_attrs": json.dumps([{"attr_key": "净含量", "attr_value": "4罐"}])}  # fmt: skip

    order = read(
        registry.profile_named("wechat_shop_rows"), ("o.jsonl", json.dumps(row)), ("i.jsonl", json.dumps(item))
    )[0]

    assert (order.state, order.payments[0].number, order.paid_fen) == ("shipped", "4381", 9990)
    assert (order.packages[0].courier, order.packages[0].waybill, order.packages[0].line_ids) == (
        "zto",
        "73611068324382",
        ("22396",),
    )
    assert (order.lines[0].spec, order.lines[0].net_fen) == ("净含量:4罐", 9990)


def test_a_number_in_a_file_given_by_path_is_a_layout_too(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")

    assert registry.profile_named(str(path)).name == "own_sheet"
    with pytest.raises(Refused):
        registry.profile_named("nobody")
