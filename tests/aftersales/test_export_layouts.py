"""Tables that merchants export by hand: after-sales and ledgers, by the real headers of data/export_layouts."""

import csv
import io
import json

import pytest
from django.utils.translation import override

from aftersales.cases.models import Case
from aftersales.statements.enums import FileState
from aftersales.statements.layouts import Line, lines_of, open_statement
from aftersales.statements.models import Difference, StatementRow
from aftersales.statements.reading import file_statement, read_statement
from orders.intake import importer, jobs, registry
from orders.intake.readers import SourceFile
from orders.record.models import Order
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order

DOUYIN = {
    "售后单号": "147000000000000001", "订单号": "6950000000000000001", "商品单号": "6950000000000000001", "商品名称": "毛衣",
    "商品ID": "36001", "应付金额（元）": "93.00", "商品运费（元）": "5.00", "商品发货状态": "已发货", "售后类型": "退货退款",
    "退商品金额（元）": "88.00", "退运费金额（元）": "5.00", "售后状态": "退款成功", "售后申请时间": "2026-03-17 20:35:42",
    "商家退款时间": "2026-03-19 09:00:00", "售后原因": "不喜欢", "发货物流单号": "SF1234567890123", "商家编码": "S1",
}  # fmt: skip
TMALL = {
    "订单编号": "3820000000000000001", "退款编号": "290000000001", "支付宝交易号": "2026031722001", "订单付款时间":
    "2026-03-16 08:00:00", "商家编码": "S1", "退款完结时间": "2026-03-18 10:00:00", "买家会员名称": "null", "买家实际支付金额":
    "88.00", "宝贝标题": "毛衣", "买家退款金额": "20.00", "是否需要退货": "否", "退款的申请时间": "2026-03-17 08:00:00",
    "退款状态": "退款成功", "货物状态": "买家已收到货", "发货物流信息": "圆通速递", "买家退款原因": "差价",
}  # fmt: skip
WECHAT = {
    "after_sale_order_id": "2000000461361268", "status": "MERCHANT_REFUND_SUCCESS", "type": "REFUND", "count": "1",
    "refund_amount": "9990", "create_time": "1714881502", "update_time": "1714881513", "reason_text": "不想要了",
    "order_id": "3719631864896819456",
}  # fmt: skip
JD = {
    "apply_id": "24670058159", "order_id": "296634745764", "apply_time": "2024-06-10 22:11:41", "apply_refund_sum": "8800",
    "customer_expect": "1", "refund_status": "3", "service_status": None, "refund_check_time": "2024-06-11 09:39:45",
    "refund_reason": "不想要了",
}  # fmt: skip


def table(*rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def take(shop, body, name="a.csv"):
    with override("en"):
        return importer.run(jobs.new_job(shop, [name], by=None, language="en"), [SourceFile(name, lambda: body)])


def reason(job):
    return job.rows.get(outcome="refused").reason


@pytest.mark.django_db
class TestAfterSales:
    def test_douyin_s_table_makes_the_case_and_the_order_it_names(self):
        shop = make_shop("douyin")

        job = take(shop, table(DOUYIN))
        again = take(shop, table(DOUYIN))

        assert (job.options["layout"], job.figures, again.figures) == (
            "douyin_aftersale_export", {"created": 1}, {"unchanged": 1},
        )  # fmt: skip
        case = Case.objects.get(shop=shop)
        assert (case.number, case.kind, case.amount_fen, case.freight_fen) == (
            "147000000000000001", "return_refund", 9300, 500,
        )  # fmt: skip
        order = Order.objects.get(shop=shop)
        assert (order.number, order.paid_fen, order.freight_fen) == ("6950000000000000001", 9300, 500)
        assert [(line.title, line.net_fen) for line in order.lines.all()] == [("毛衣", 8800)]

    def test_tmall_s_table_pays_part_of_an_order_and_keeps_a_buyer_called_null(self):
        shop = make_shop("taobao")

        job = take(shop, table(TMALL))

        case = Case.objects.get(shop=shop)
        assert (job.options["layout"], job.figures) == ("tmall_refund_export", {"created": 1})
        assert (case.kind, case.amount_fen, case.order.paid_fen) == ("refund_only_shipped", 2000, 8800)
        assert case.order.buyer.nickname == "null"

    @pytest.mark.parametrize(
        ("row", "change", "why"),
        [
            (DOUYIN, {"售后状态": "飞了"}, "售后状态: “飞了” is a status this layout does not know"),
            (DOUYIN, {"退商品金额（元）": ""}, "退商品金额（元）: this is empty"),
            (DOUYIN, {"退商品金额（元）": "88,00"}, "退商品金额（元）: “88,00” is not an amount"),
            (DOUYIN, {"退运费金额（元）": "-5"}, "退运费金额（元）: an amount below zero"),
            (DOUYIN, {"售后申请时间": "", "商家退款时间": ""}, "售后申请时间: this is empty"),
            (DOUYIN, {"售后单号": "1.47E17"}, "售后单号: the spreadsheet has shortened this number; export it as text"),
            (TMALL, {"买家退款金额": ""}, "买家退款金额: this is empty"),
            (TMALL, {"退款状态": "随便"}, "退款状态: “随便” is a status this layout does not know"),
        ],
    )
    def test_what_cannot_be_read_is_refused_by_column_and_makes_nothing(self, row, change, why):
        shop = make_shop("douyin")

        job = take(shop, table({**row, **change}))

        assert (reason(job), Case.objects.count(), Order.objects.count()) == (why, 0, 0)

    @pytest.mark.parametrize(("row", "number"), [(WECHAT, WECHAT["order_id"]), (JD, JD["order_id"])])
    def test_rows_that_tell_too_little_of_an_order_wait_for_it(self, row, number):
        shop = make_shop("wechat" if row is WECHAT else "jd")
        body = (json.dumps(row) + "\n").encode()

        refused = take(shop, body, "a.jsonl")
        make_order(shop, number=number, paid_fen=9990)
        taken = take(shop, body, "a.jsonl")

        assert reason(refused) == "order_id: this order is not here; import the orders first"
        assert (taken.figures, Case.objects.get().order.number) == ({"created": 1}, number)

    def test_jd_s_table_of_orders_is_an_order_of_lines(self):
        row = {"订单号": "290000000001", "商品ID": "7", "商品名称": "茶", "订购数量": "2", "商家应收": "29.35", "订单状态": "等待出库",
               "商家SKUID": "S", "下单时间": "2026-03-17 20:35:42", "付款确认时间": "2026-03-17 20:36:00"}  # fmt: skip
        shop = make_shop("jd")

        job = take(shop, table(row, {**row, "商品ID": "8", "商家SKUID": "T", "商家应收": "10"}))

        order = Order.objects.get(shop=shop)
        assert (job.options["layout"], order.paid_fen, [line.net_fen for line in order.lines.order_by("line_no")]) == (
            "jd_export", 3935, [2935, 1000],
        )  # fmt: skip


ALIPAY = {
    "账务流水号": "F1", "业务流水号": "B1", "商户订单号": "RF1", "商品名称": "", "发生时间": "2026-03-17 20:35:42", "收入金额（+元）": "",
    "支出金额（-元）": "-88.00", "业务类型": "交易退款",
}  # fmt: skip
WECHAT_FLOW = {
    "流水单号": "W1", "记账时间": "2026-03-17 20:35:42", "动帐类型": "退款", "收支类型": "支出", "收支金额": "88.00",
    "关联订单号": "O1", "关联售后单号": "A1",
}  # fmt: skip
PINDUODUO = {
    "商户订单号": "250929-1", "发生时间": "2026-03-17 20:35:42", "收入金额（+元）": "", "支出金额（-元）": "-88.00", "账务类型": "退款",
    "备注": "", "业务描述": "",
}  # fmt: skip
JD_SETTLED = {
    "订单编号": "29", "单据编号": "D1", "单据类型": "订单", "费用发生时间": "2026-03-17 20:35:42", "费用项": "货款", "金额": "88.00",
    "收支方向": "收入",
}  # fmt: skip
DOUYIN_SETTLED = {
    "结算时间": "2026-03-17 20:35:42", "订单号": "6950000000000000001", "子订单号": "6950000000000000001", "结算金额": "80.00",
    "结算单类型": "订单结算",
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "layout", "told"),
    [
        (ALIPAY, "alipay_ledger", ("F1", "refund", 8800, "B1", "RF1")),
        ({**ALIPAY, "支出金额（-元）": "", "收入金额（+元）": "88"}, "alipay_ledger", ("F1", "refund_back", 8800, "B1", "RF1")),
        ({**ALIPAY, "业务类型": "在线支付", "支出金额（-元）": "0.00", "收入金额（+元）": "5"}, "alipay_ledger",
         ("F1", "income", 500, "B1", "RF1")),
        (WECHAT_FLOW, "wechat_shop_flow", ("W1", "refund", 8800, "A1", "")),
        ({**WECHAT_FLOW, "动帐类型": "技术服务费"}, "wechat_shop_flow", ("W1", "other", 8800, "A1", "")),
        (PINDUODUO, "pinduoduo_ledger", (None, "other", 8800, "", "250929-1")),
        (JD_SETTLED, "jd_settlement", (None, "income", 8800, "", "29")),
        (DOUYIN_SETTLED, "douyin_settlement", (None, "income", 8000, "", "6950000000000000001")),
    ],
)  # fmt: skip
def test_a_ledger_is_known_by_its_columns_and_says_which_way_money_went(row, layout, told):
    found, rows = open_statement("a.csv", table(row))

    (line,) = lines_of(found, rows)

    assert isinstance(line, Line)
    number = told[0] or line.flow_number
    assert (found.name, line.flow_number, str(line.kind), line.amount_fen, line.channel_number, line.our_number) == (
        layout, number, *told[1:],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "change", "column"),
    [
        (ALIPAY, {"收入金额（+元）": "88.00"}, "收入金额（+元）"),
        (ALIPAY, {"支出金额（-元）": ""}, "收入金额（+元）"),
        (WECHAT_FLOW, {"收支类型": "转移"}, "收支类型"),
        (JD_SETTLED, {"金额": "-88.00"}, "收支方向"),
        (PINDUODUO, {"支出金额（-元）": "88,00"}, "支出金额（-元）"),
    ],
)
def test_a_row_whose_way_or_amount_is_unclear_is_refused_by_column(row, change, column):
    found, rows = open_statement("a.csv", table({**row, **change}))

    ((row_no, why),) = lines_of(found, rows)

    assert (row_no, why.partition(":")[0]) == (2, column)


@pytest.mark.django_db
def test_a_ledger_that_names_no_refund_covers_no_day_and_accuses_nobody():
    shop = make_shop("pinduoduo")
    finance = make_user("finance", shop)

    file = read_statement(file_statement(shop, "a.csv", table(PINDUODUO), by=finance).pk)

    assert (file.state, file.row_count, file.from_date) == (FileState.READ, 1, None)
    assert (StatementRow.objects.count(), Difference.objects.count()) == (1, 0)


@pytest.mark.django_db
def test_a_statement_that_breaks_off_its_reader_is_given_up_after_counted_tries(monkeypatch):
    shop = make_shop("pinduoduo")
    file = file_statement(shop, "a.csv", table(PINDUODUO), by=make_user("finance", shop))

    class Killed(BaseException):
        pass

    def die(*_args):
        raise Killed

    monkeypatch.setattr("aftersales.statements.reading.open_statement", die)
    for _try in range(3):
        with pytest.raises(Killed):
            read_statement(file.pk)
    with override("en"):
        told = read_statement(file.pk)

    assert (told.state, told.error) == (FileState.FAILED, "Reading it broke off 3 times.")


def test_every_layout_of_after_sales_names_itself():
    found = {profile.name for profile in registry.all_profiles() if profile.kind == "cases"}

    assert found >= {
        "douyin_refund_rows", "taobao_refund_rows", "douyin_aftersale_export", "tmall_refund_export",
        "wechat_shop_refund_rows", "jd_refund_rows",
    }  # fmt: skip
