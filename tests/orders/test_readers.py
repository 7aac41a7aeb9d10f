"""Files as tables: what a platform exports and what people make of it afterwards."""

import gzip
import io

import pytest
import xlsxwriter

from merchant.refusals import Refused
from orders.intake.readers import BROKEN, SourceFile, read_tables


def source(name, body):
    return SourceFile(name, lambda: body)


def table(name, body):
    return read_tables(source(name, body))[0]


def workbook(*sheets):
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    for rows in sheets:
        sheet = book.add_worksheet()
        for y, row in enumerate(rows):
            for x, cell in enumerate(row):
                sheet.write(y, x, cell)
    book.close()
    return buffer.getvalue()


CSV = '订单编号,总金额 \r\n1,178.8\r\n\r\n2,"21\n.0"\r\n3\r\n'
ROWS = [
    (2, {"订单编号": "1", "总金额": "178.8"}),
    (4, {"订单编号": "2", "总金额": "21\n.0"}),
    (5, {"订单编号": "3", "总金额": ""}),
]


@pytest.mark.parametrize(
    "body",
    [
        CSV.encode(),
        ("\ufeff" + CSV).encode(),
        CSV.encode("gb18030"),
        gzip.compress(CSV.encode(), mtime=0),
        CSV.replace(",", "\t").encode(),
        CSV.replace(",", ";").encode(),
    ],
    ids=["utf-8", "with a mark", "GB18030", "gzipped", "tabs", "semicolons"],
)
def test_a_csv_is_read_however_it_was_saved(body):
    found = table("a.csv", body)

    assert (found.header, found.total, list(found.rows())) == (("订单编号", "总金额"), 3, ROWS)
    assert list(found.rows()) == ROWS  # and again


def test_a_title_above_the_header_is_no_header():
    found = table("a.csv", "导出时间：2026-11-01\n订单号,金额\n7,1\n".encode())

    assert (found.header, list(found.rows())) == (("订单号", "金额"), [(3, {"订单号": "7", "金额": "1"})])


def test_a_column_named_twice_loses_neither():
    assert table("a.csv", "备注,备注\nx,y\n".encode()).header == ("备注", "备注.2")


def test_excel_gives_each_sheet_and_keeps_its_row_numbers():
    body = workbook([["订单号", "金额"], ["7", 1.5], ["", ""], ["8", 2]], [["a", "b"], [1, 2]])

    first, second = read_tables(source("a.xlsx", body))

    assert (first.name, second.name) == ("a.xlsx · Sheet1", "a.xlsx · Sheet2")
    assert list(first.rows()) == [(2, {"订单号": "7", "金额": 1.5}), (4, {"订单号": "8", "金额": 2.0})]


def test_json_lines_keep_money_as_text_and_hand_on_broken_lines_by_number():
    found = table("a.jsonl", b'{"tid": 41171612630246574, "payment": 29.50}\n\n{broken\n{"tid": 2, "extra": null}\n')

    assert found.header == ("tid", "payment", "extra")
    assert list(found.rows()) == [
        (1, {"tid": 41171612630246574, "payment": "29.50"}),
        (3, {BROKEN: "json"}),
        (4, {"tid": 2, "extra": None}),
    ]


@pytest.mark.parametrize(("body", "total"), [(b'[{"a": 1}, {"a": 2}]', 2), (b'{"a": {"b": 1}}', 1)])
def test_a_json_document_is_an_array_or_one_row(body, total):
    assert table("a.json", body).total == total


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.xlsx", b"PK\x03\x04 not really"),
        ("a.gz", b"\x1f\x8b\x08 broken"),
        ("a.json", b"[]"),
        ("a.csv", b"\xff\xff\xff\xff\xff\x00"),
        ("a.csv.gz", gzip.compress(b"a" * 10, mtime=0)[:-6]),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_files_name(name, body):
    with pytest.raises(Refused) as refusal:
        read_tables(source(name, body))

    assert (refusal.value.code, refusal.value.detail) == ("FILE", {"file": name})


def test_an_empty_csv_is_a_table_without_rows():
    assert (table("a.csv", b"a,b\n").total, table("a.csv", b"").header) == (0, ())
