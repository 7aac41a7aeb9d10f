"""Single cells: exact or refused, never guessed."""

from datetime import UTC, datetime

import pytest

from orders.intake.values import BadValue, identifier, moment, money, structure, text, whole


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
