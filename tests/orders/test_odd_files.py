"""Files that were read wrongly once: nothing is read silently wrong, and what cannot be read costs its own order only."""

import io
import json

import pytest
import xlsxwriter

from logistics.parcels.models import Package
from orders.intake import importer, jobs
from orders.intake.readers import SourceFile
from orders.record.models import Order
from tests.merchant.factories import make_shop

pytestmark = pytest.mark.django_db
REPORT = "订单编号,总金额,买家实际支付金额,收货地址,订单创建时间,订单付款时间,退款金额"
QIANNIU = (
    "子订单编号,主订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,联系方式备注,订单状态,商家编码,支付单号,买家应付货款,"
    "买家实际支付金额,退款状态,退款金额,订单创建时间,订单付款时间,商品id,分阶段订单信息,备注标签,商家备注,主订单买家留言,发货时间,物流单号,"
    "物流公司,是否赔付,延迟发货主动赔付金额,赔付出账时间"
)
DOUDIAN = (
    "主订单编号,子订单编号,选购商品,商品规格,商品数量,商品ID,商家编码,商品单价,订单应付金额,运费,平台优惠,商家优惠,订单提交时间,支付完成时间,"
    "订单状态"
)
AT = "2025-10-01 10:00:00,2025-10-01 10:00:30"


def taken(platform, *files, profile="auto"):
    """(the orders, what the report says of the rows that were refused or remarked) of one import."""
    shop = make_shop(platform)
    sources = [
        SourceFile(name, body.encode if isinstance(body, str) else lambda body=body: body) for name, body in files
    ]
    job = importer.run(jobs.new_job(shop, [name for name, _ in files], by=None, profile=profile), sources)
    said = [(row.subject, row.outcome) for row in job.rows.order_by("row_no") if row.outcome == "refused" or row.reason]
    return list(Order.objects.filter(shop=shop).order_by("number")), said, job


def nets(order):
    return [(line.title, line.quantity, line.net_fen) for line in order.lines.order_by("line_no")]


def test_two_files_of_one_layout_are_both_read():
    row = "{},1288.50,1288.50,上海,2024-03-20 22:13:44,2024-03-20 22:13:58,0.0"
    january, february = (f"{REPORT}\n{row.format(number)}\n" for number in (1001, 1002))

    orders, said, _job = taken("taobao", ("january.csv", january), ("february.csv", february))

    assert ([order.number for order in orders], said) == (["1001", "1002"], [])


@pytest.mark.parametrize("paid", ["", "-5.00"])
def test_a_negative_price_refuses_its_own_order(paid):
    row = "{0},{0},鞋,{1},1,,,,,买家已付款，等待卖家发货,,,{2},,没有申请退款,无退款申请,2025-10-01 10:00:00,2025-10-01 10:00:10,7,,,,,,,,,,"
    body = "\n".join([QIANNIU, row.format(382001, "100", "90"), row.format(382011, "-5.00", paid), ""])

    orders, said, _job = taken("taobao", ("a.csv", body))

    assert ([order.number for order in orders], said) == (["382001"], [("382011", "refused")])


@pytest.mark.parametrize(
    ("first", "second"), [("1,1,299.00,299.00,0,0,0", "3,2,5.00,15.00,0,0,0"), ("1,1,300.00,299.00,0,0,1.00", "3,2,5.00,15.00,0,0,0")]
)  # fmt: skip
def test_a_row_that_names_its_own_amount_keeps_it(first, second):
    rows = []
    for number, title, told in (("692001", "羽绒服", first), ("692002", "袜子", second)):
        count, item, price, *rest = told.split(",")
        rows.append(f"692001,{number},{title},黑,{count},{item},A1,{price},{','.join(rest)},{AT},待发货")

    [order], said, _job = taken("douyin", ("d.csv", "\n".join([DOUDIAN, *rows, ""])))

    assert (nets(order), order.paid_fen, said) == ([("羽绒服", 1, 29_900), ("袜子", 3, 1_500)], 31_400, [])


def test_a_parcel_whose_courier_nobody_can_tell_is_kept():
    head = "订单号,订单创建时间,订单支付时间,订单状态,实付款,快递费,店铺优惠,平台补贴,成交数量,商品名称,商品ID,SKU编码,商品单价,发货时间,快递公司,快递单号"
    body = f"{head}\n250001,{AT},已发货,12.00,0,,0,1,杯,901,,12.00,2025-10-02 09:00:00,,9860000000001\n"

    [order], _said, _job = taken("kuaishou", ("k.csv", body))

    assert [(one.courier, one.waybill) for one in Package.objects.of_order(order.pk)] == [("unknown", "9860000000001")]


def test_jds_shipped_order_without_a_time_is_shipped_and_has_its_parcel():
    row = {
        "order_id": "290000000001", "order_state": "WAIT_GOODS_RECEIVE_CONFIRM", "order_state_remark": "等待确认收货",
        "order_payment": "199.00", "order_seller_price": "199.00", "freight_price": "0.00", "pay_type": "4-在线支付",
        "order_start_time": "2026-11-20 09:00:00", "payment_confirm_time": "2026-11-20 09:01:00",
        "modified": "2026-11-21 10:00:00", "waybill": "JDLD00000000001", "logistics_id": "336878",
    }  # fmt: skip

    [order], _said, _job = taken("jd", ("j.jsonl", json.dumps(row)))

    assert (order.state, order.shipped_at, order.is_sent) == ("shipped", None, True)
    assert Package.objects.of_order(order.pk).get().waybill == "JDLD00000000001"


def test_paid_without_an_amount_is_refused_by_its_cell():
    row = "2093000000000000001,,1288.50,上海,2024-03-20 22:13:44,2024-03-20 22:13:58,0.0"

    orders, said, _job = taken("taobao", ("a.csv", f"{REPORT}\n{row}\n"))

    assert (orders, said) == ([], [("2093000000000000001", "refused")])


# --- layouts of the shop's own ------------------------------------------------------------------------------------

OWN = """
name = "own"
title = { en = "Own", zh = "自家" }
grain = "line"
signature = ["Order ID", "Date", "SKU"]
[order]
number = "Order ID"
placed_at = "Date"
paid_at = "Date"
%s
[line]
title = "SKU"
item_id = "SKU"
%s
"""
HEAD = "Order ID,Date,Status,SKU,Qty,Amount"


def by_layout(tmp_path, order, line, *rows):
    path = tmp_path / "own.toml"
    path.write_text(OWN % (order, line), encoding="utf-8")
    return taken("other", ("own.csv", "\n".join([HEAD, *rows, ""])), profile=str(path))


def test_a_layout_that_names_columns_the_file_lacks_stops_before_it_reads(tmp_path):
    orders, _said, job = by_layout(
        tmp_path, 'paid_fen = { sum = "rows.Amonut" }', 'quantity = "Qyt"', "A1,2026-11-01,Shipped,S1,2,100.00"
    )

    assert (orders, job.state) == ([], "failed")
    assert "Amonut, Qyt" in job.error


def test_a_layout_without_the_paid_sum_pays_what_the_lines_cost(tmp_path):
    [order], _said, _job = by_layout(tmp_path, "", 'quantity = "Qty"\nunit_fen = "Amount"', "A1,2026-11-01,x,S1,6,2.55")

    assert (order.paid_fen, [pay.amount_fen for pay in order.payments.all()]) == (1_530, [1_530])


def test_a_line_without_an_amount_takes_nothing_of_its_neighbours(tmp_path):
    [order], _said, _job = by_layout(
        tmp_path, 'paid_fen = { sum = "rows.Amount" }', 'quantity = "Qty"\nnet_fen = "Amount"',
        "A1,2026-11-01,Shipped,S1,1,635.00", "A1,2026-11-01,Cancelled,S2,0,",
    )  # fmt: skip

    assert nets(order) == [("S1", 1, 63_500), ("S2", 0, 0)]


def test_a_workbook_of_two_sheets_is_read_to_its_last_sheet():
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as workbook:
        for number in ("1001", "1002"):
            sheet = workbook.add_worksheet(number)
            for at, row in enumerate([REPORT, f"{number},1288.50,1288.50,上海,{AT},0.0"]):
                sheet.write_row(at, 0, row.split(","))

    orders, said, _job = taken("taobao", ("two.xlsx", book.getvalue()))

    assert ([order.number for order in orders], said) == (["1001", "1002"], [])


def test_a_phone_that_a_spreadsheet_rounded_is_left_out_and_said_so():
    row = f"1,1,羽绒服,M,1,7,x,299.00,299.00,0,0,0,{AT},待发货,测试人,1.38E+10,浙江省,杭州市,西湖区,某路1号"

    orders, said, _job = taken("douyin", ("a.csv", f"{DOUDIAN},收件人,收件人手机号,省,市,区,详细地址\n{row}\n"))

    assert [order.recipient.phone_mask for order in orders] == [""]
    assert said == [("1", "created")]


def test_a_case_row_without_its_amount_is_refused_by_the_field_that_is_empty():
    row = {"aftersale_id": "2", "aftersale_type": "2", "aftersale_status": "12", "related_id": "1"} | {
        "refund_amount": None, "order_status": "4", "apply_time": None, "status_deadline": "1769672138"
    }  # fmt: skip

    _orders, _said, job = taken("douyin", ("cases.jsonl", json.dumps(row) + "\n"))

    assert [(row.outcome, str(row.reason)) for row in job.rows.all()] == [("refused", "refund_amount: 这一格是空的")]
