"""Single cells: exact or refused, never guessed."""

from datetime import UTC, datetime

import pytest

from orders.intake.values import BadValue, identifier, moment, money, rounded, structure, text, whole


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        (None, ""), ("null", ""), ("NULL", ""), (" - ", ""), ("无", ""), ("\t4200001\t", "4200001"), ('="001"', "001"),
        ("'0012", "0012"), (3821113838.0, "3821113838"), (178.8, "178.8"), (True, "true"), ("a\0b", "ab"), ("无货", "无货"),
    ],
)  # fmt: skip
def test_a_cell_is_read_without_the_tricks_of_spreadsheets(cell, plain):
    assert text(cell) == plain


@pytest.mark.parametrize(
    ("cell", "unit", "fen"),
    [
        ("178.8", "yuan", 17880), (178.8, "yuan", 17880), (0.1 + 0.2 - 0.2, "yuan", 10), ("￥1,288.50", "yuan", 128850),
        ("88", "yuan", 8800), ("88元", "yuan", 8800), ("0.07", "yuan", 7), ("-20.5", "yuan", -2050), ("9990", "fen", 9990),
        (9990, "fen", 9990), ("9990.0", "fen", 9990), ("null", "yuan", None), ("", "fen", None), ("19.9900", "yuan", 1999),
        (29.29, "yuan", 2929), (1.15, "yuan", 115), ("178.79999999999998", "yuan", 17880), ("9007199254740.93", "yuan", 900719925474093),
    ],
)  # fmt: skip
def test_money_becomes_whole_fen_exactly(cell, unit, fen):
    assert money(cell, "x", unit) == fen


@pytest.mark.parametrize(
    ("cell", "unit"), [("0.005", "yuan"), ("12.5", "fen"), ("abc", "yuan"), ("1e400", "yuan"), ("inf", "yuan")]
)
def test_what_is_no_whole_number_of_fen_is_refused_with_its_column(cell, unit):
    with pytest.raises(BadValue) as bad:
        money(cell, "实付款", unit)

    assert bad.value.field == "实付款"


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        ("2020-02-21 00:00:02", datetime(2020, 2, 20, 16, 0, 2, tzinfo=UTC)),
        ("2020/2/1 9:05", datetime(2020, 2, 1, 1, 5, tzinfo=UTC)),
        ("2020年02月01日 09:05:00", datetime(2020, 2, 1, 1, 5, tzinfo=UTC)),
        ("2020-02-21T00:00:02Z", datetime(2020, 2, 21, 0, 0, 2, tzinfo=UTC)),
        ("20200221000002", datetime(2020, 2, 20, 16, 0, 2, tzinfo=UTC)),
        ("1714724014", datetime(2024, 5, 3, 8, 13, 34, tzinfo=UTC)),
        (1654661152607, datetime(2022, 6, 8, 4, 5, 52, 607000, tzinfo=UTC)),
        (datetime.fromisoformat("2024-03-21T10:24:20"), datetime(2024, 3, 21, 2, 24, 20, tzinfo=UTC)),
        ("0", None), ("", None), ("null", None), ("1970-01-01 08:00:00", None), ("0000-00-00 00:00:00", None),
    ],
)  # fmt: skip
def test_times_are_shanghais_unless_they_say_otherwise(cell, instant):
    assert moment(cell, "x") == instant


@pytest.mark.parametrize("cell", ["tomorrow", "2020-13-01 00:00:00", "9999-01-01 00:00:00", "12:30"])
def test_what_is_no_time_is_refused(cell):
    with pytest.raises(BadValue):
        moment(cell, "下单时间")


@pytest.mark.parametrize("cell", ["3.82111E+18", "1.2e+10", 3.821113838621237e18])
def test_a_number_the_spreadsheet_has_damaged_is_refused_and_not_guessed(cell):
    with pytest.raises(BadValue):
        identifier(cell, "订单编号")


@pytest.mark.parametrize(("cell", "number"), [("2", 2), (2.0, 2), ("", None), ("2.0", 2)])
def test_whole_numbers(cell, number):
    assert whole(cell, "数量") == number


def test_half_a_piece_is_refused():
    with pytest.raises(BadValue):
        whole("1.5", "数量")


def test_nested_json_comes_as_text_or_parsed():
    assert (structure('[{"a": 1}]', "x"), structure({"a": 1}, "x"), structure("", "x")) == ([{"a": 1}], {"a": 1}, None)
    with pytest.raises(BadValue):
        structure("{broken", "x")


@pytest.mark.parametrize(
    "cell",
    ["1288,50", "88,00", "8,8", "1,28", "1,23,4.50", "1,2345", "1.234,50", "1e9", "1E9", "1.5e3", "（88.00）", "(88.00)",
     "88.00-", "88.5万", "--5", "1 2,3", "１，28", True, float("nan"), float("inf"), "0x10", "1_000", "88 00", "1 288.50"],
)  # fmt: skip
def test_an_amount_that_could_mean_two_things_is_refused(cell):
    with pytest.raises(BadValue) as bad:
        money(cell, "实付款", "yuan")

    assert bad.value.field == "实付款"


@pytest.mark.parametrize(
    ("cell", "fen"),
    [("１２．５０", 1250), ("￥１，２８８．５０", 128850), ("25,000", 2500000), ("-88.00", -8800), ("-¥88", -8800),
     ("¥-88", -8800), ("−20.5", -2050), ("1,234,567.8", 123456780), (".5", 50), ("88.", 8800), (1e3, 100000)],
)  # fmt: skip
def test_full_width_digits_and_groups_of_three_are_amounts(cell, fen):
    assert money(cell, "x", "yuan") == fen


@pytest.mark.parametrize(
    "cell",
    [2607602240240300.0, 9990323200018800.0, 1e15, 2.5, "2.607602240240301E15", "2.6e15", "2.09300000000000013E18",
     "1E+5", "２.６E18", "#REF!", "#N/A"],
)  # fmt: skip
def test_a_number_that_a_spreadsheet_rounded_is_no_number(cell):
    with pytest.raises(BadValue):
        identifier(cell, "订单号")


@pytest.mark.parametrize(
    ("cell", "number"),
    [("2607602240240300", "2607602240240300"), (999032320001880.0, "999032320001880"), ("２６０７", "2607"),
     ("691234567890120000X", "691234567890120000X"), ("250929-000000000000000", "250929-000000000000000")],
)  # fmt: skip
def test_a_number_that_a_spreadsheet_can_keep_stays(cell, number):
    assert identifier(cell, "订单号") == number


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        ("2026-03-17 08:36:00 PM", datetime(2026, 3, 17, 12, 36, tzinfo=UTC)),
        ("2026-03-17 08:36 p.m.", datetime(2026, 3, 17, 12, 36, tzinfo=UTC)),
        ("2026/3/17 下午8:36:00", datetime(2026, 3, 17, 12, 36, tzinfo=UTC)),
        ("2024/3/20 下午 10:13:44", datetime(2024, 3, 20, 14, 13, 44, tzinfo=UTC)),
        ("2026/3/17 星期二 下午8:36", datetime(2026, 3, 17, 12, 36, tzinfo=UTC)),
        ("2026-03-18 12:10:00 AM", datetime(2026, 3, 17, 16, 10, tzinfo=UTC)),
        ("2026/3/18 上午12:10", datetime(2026, 3, 17, 16, 10, tzinfo=UTC)),
        ("2026/3/18 下午12:10", datetime(2026, 3, 18, 4, 10, tzinfo=UTC)),
        ("2026/3/18 中午12:10", datetime(2026, 3, 18, 4, 10, tzinfo=UTC)),
        ("2026/3/18 晚上9:10", datetime(2026, 3, 18, 13, 10, tzinfo=UTC)),
        ("2026年3月18日下午9时10分", datetime(2026, 3, 18, 13, 10, tzinfo=UTC)),
        ("2026-03-17 15:05:00 UTC", datetime(2026, 3, 17, 15, 5, tzinfo=UTC)),
        ("2026-03-17T15:05:00.250+0900", datetime(2026, 3, 17, 6, 5, 0, 250000, tzinfo=UTC)),
        ("2026-03-17 15:05:00 GMT-05:00", datetime(2026, 3, 17, 20, 5, tzinfo=UTC)),
        ("２０２６－０３－１７ １５：０５", datetime(2026, 3, 17, 7, 5, tzinfo=UTC)),
        ("45371.9262037037", datetime(2024, 3, 20, 14, 13, 44, tzinfo=UTC)),
        (45371.9262037037, datetime(2024, 3, 20, 14, 13, 44, tzinfo=UTC)),
        ("45371", datetime(2024, 3, 19, 16, 0, tzinfo=UTC)),
        ("45371.5", datetime(2024, 3, 20, 4, 0, tzinfo=UTC)),
        ("20240320", datetime(2024, 3, 19, 16, 0, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_a_time_told_in_halves_of_a_day_zones_or_days_is_that_instant(cell, instant):
    assert moment(cell, "x") == instant


@pytest.mark.parametrize(
    "cell",
    ["04-30-22", "30/04/2022", "2026-03-17 13:36 AM", "2026-03-17 晚上12:10", "2026-03-17 20:36 CST", "45371.93",
     "2026-03-17 20:36 oder so", "2026-03-17 25:00", "2026-03-17 20:36 +99:00", "2026-02-30", "17", "2026-03-17 PM"],
)  # fmt: skip
def test_a_time_that_could_be_another_one_is_refused(cell):
    with pytest.raises(BadValue):
        moment(cell, "订单支付时间")


@pytest.mark.parametrize(
    ("cell", "order", "day"),
    [("04-30-22", "mdy", (2022, 4, 30)), ("04/05/2022", "dmy", (2022, 5, 4)), ("04/05/2022", "mdy", (2022, 4, 5)),
     ("22-05-04", "ymd", (2022, 5, 4)), ("2022-05-04", "dmy", (2022, 5, 4))],
)  # fmt: skip
def test_a_layout_says_which_part_of_a_date_is_the_month(cell, order, day):
    found = moment(f"{cell} 10:00", "x", order)

    assert (found.year, found.month, found.day, found.hour) == (*day, 10)


@pytest.mark.parametrize(
    ("numbers", "lost"),
    [
        (["6912345678901230000"], True),
        (["2607602240240300", "2607602240240310", "2607602240240320"], True),
        (["2607602240240300"], False),  # one in ten ends so
        (["6912345678901230000", "6912345678901230001"], False),
        (["260760224024000", "260760224024"], False),
    ],
)
def test_digits_that_end_in_zeros_throughout_a_file_were_rounded(numbers, lost):
    assert rounded(numbers) == (set(numbers) if lost else set())
