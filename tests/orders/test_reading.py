"""Uploads are opened by a child process that may take so much and no more; what it cannot read is refused in words."""

import gzip
import io
import json
import zipfile
import zlib

import pytest
import xlsxwriter
from django.conf import settings
from django.utils.translation import override

from merchant.jobs.models import JobState
from merchant.refusals import Refused
from orders.intake import importer, jobs, readers
from orders.intake.readers import BROKEN, Merged, SourceFile, read_tables
from orders.intake.reading import spool
from orders.intake.reading.limits import Unreadable
from orders.record.models import Order
from tests.merchant.factories import make_shop

HEADER = "订单编号,总金额,买家实际支付金额,收货地址,订单创建时间,订单付款时间,退款金额"
ROW = "{},178.8,178.8,上海,2020-02-21 00:00:00,2020-02-21 00:01:00,0.0"
SHEET = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>{}</sheetData></worksheet>"
)


def tables(name, body):
    with override("en"):
        return read_tables(SourceFile(name, lambda: body))


def refusal(name, body):
    with pytest.raises(Refused) as refused:
        tables(name, body)
    return str(refused.value.message)


def packed(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), body)
    return out.getvalue()


def workbook(sheet, strings="<sst/>"):
    """An xlsx by hand, as small as one may be."""
    out = io.BytesIO()
    relation = '<Relationships><Relationship Id="{}" Type="{}" Target="{}"/>{}</Relationships>'.format
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", relation("r", kind + "officeDocument", "xl/workbook.xml", ""))
        more = f'<Relationship Id="s" Type="{kind}sharedStrings" Target="sharedStrings.xml"/>'
        archive.writestr("xl/_rels/workbook.xml.rels", relation("w", kind + "worksheet", "worksheets/sheet1.xml", more))
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns:r="{kind}"><sheets><sheet name="a" r:id="w"/></sheets></workbook>'
        )
        archive.writestr("xl/sharedStrings.xml", strings)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return out.getvalue()


FAR_CELL = SHEET.format('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def zeros():
    return gzip.compress(bytes(64 * 1024 * 1024), 9, mtime=0)


# Made when its test runs: every worker of a parallel run reads this file, one runs it.
@pytest.mark.parametrize(
    ("name", "make", "why"),
    [
        ("far.xlsx", lambda: workbook(FAR_CELL), "it has more than 1024 columns"),
        ("zeros.csv.gz", zeros, "it unpacks to "),
        ("zeros.zip", lambda: packed(a_DOT_csv=bytes(64 * 1024 * 1024)), "it unpacks to "),
        (
            "strings.xlsx",
            lambda: workbook(SHEET.format(""), f"<sst><si><t>{'a' * (40 << 20)}</t></si></sst>"),
            "it unpacks to ",
        ),
        (
            "long.xlsx",
            lambda: workbook(SHEET.format(""), f"<sst><si><t>{'a' * (3 << 20)}</t></si></sst>"),
            "longer than a cell",
        ),
        ("twice.gz", lambda: gzip.compress(zeros(), mtime=0), "it is an archive inside an archive"),
        (
            "twice.zip",
            lambda: packed(inner_DOT_zip=packed(a_DOT_csv=b"a,b\n1,2\n")),
            "it is an archive inside an archive",
        ),
        (
            "laughs.xlsx",
            lambda: workbook(SHEET.format(""), '<!DOCTYPE a [<!ENTITY b "lol">]><sst><si><t>&b;</t></si></sst>'),
            "the file is damaged",
        ),
        ("deep.json", lambda: b"[" * 100_000, "the JSON in it is damaged"),
    ],
)
def test_a_bomb_is_refused_in_words(name, make, why):
    body = make()
    assert len(body) < 200_000

    assert why in refusal(name, body)


@pytest.mark.django_db
def test_an_import_of_a_bomb_fails_once_and_for_good():
    job = jobs.new_job(make_shop("taobao"), ["far.xlsx"], by=None, language="en")

    job = importer.run(job, [SourceFile("far.xlsx", lambda: workbook(FAR_CELL))])

    assert (job.state, job.error) == (JobState.FAILED, "“far.xlsx” cannot be read: it has more than 1024 columns.")
    assert Order.objects.count() == 0


def test_a_file_that_needs_more_memory_than_it_may_take_is_refused(monkeypatch):
    monkeypatch.setattr(spool, "MEMORY_BYTES", 110 * 1024 * 1024)
    rows = ",".join(f'{{"a{n}": "{n:0300d}"}}' for n in range(220_000))

    assert "it needs more memory than a file may take" in refusal("a.json", f"[{rows}]".encode())


def test_a_child_that_ran_out_of_its_seconds_is_not_tried_again():
    with pytest.raises(Unreadable) as late:
        spool._explain(-24, is_late=False)

    assert late.value.code == "time"


def test_a_child_that_dies_without_a_word_is_tried_a_counted_number_of_times(monkeypatch):
    begun = []

    def events(name, body):
        begun.append(name)
        yield ["t", name, "text"], False
        raise spool._Broke

    monkeypatch.setattr(spool, "_events", events)

    assert "reading it broke off 2 times" in refusal("a.csv", b"a,b\n1,2\n")
    assert begun == ["a.csv", "a.csv"]


def test_the_child_has_no_secrets_and_rows_are_sealed_on_the_disk(monkeypatch):
    started = []
    popen = spool.subprocess.Popen
    monkeypatch.setattr(spool.subprocess, "Popen", lambda *a, **more: started.append(more["env"]) or popen(*a, **more))

    found = spool.read("a.csv", "姓名,电话\n林小满,13800138000\n".encode(), first=5)

    assert set(started[0]) == {"PYTHONIOENCODING", "PYTHONUTF8", "MALLOC_ARENA_MAX"}
    found._file.seek(0)
    stored = found._file.read()
    assert b"13800138000" not in stored and zlib.compress(json.dumps("13800138000").encode()) not in stored
    assert [event[2] for event in found.tables[0].events()] == [["姓名", "电话"], ["林小满", "13800138000"]]


def test_no_upload_is_read_where_money_moves():
    routes = settings.CELERY_TASK_ROUTES

    assert routes["aftersales.*"] == {"queue": "money"}
    reads_files = ("aftersales.read_statement", "aftersales.sweep_statements", "orders.*")
    assert {routes[name]["queue"] for name in reads_files} == {"intake"}


def test_the_next_slice_of_an_import_does_not_read_the_file_again():
    read = []
    file = SourceFile("a.csv", lambda: read.append(1) or f"{HEADER}\n{ROW.format(1)}\n".encode(), key="import 1")

    first, second = read_tables(file), read_tables(file)

    assert (list(first[0].rows()), len(read)) == (list(second[0].rows()), 1)
    readers.forget(["import 1"])
    read_tables(file)
    assert len(read) == 2
    readers.forget(["import 1"])


# --- what a file may look like ----------------------------------------------------------------------------------------

PLAIN = f"{HEADER}\n{ROW.format(1)}\n"
AS_HTML = "<html><meta charset=utf-8><table>{}</table></html>".format(
    "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line.split(",")) + "</tr>" for line in PLAIN.split())
)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", PLAIN.encode()),
        ("a.txt", PLAIN.replace(",", "\t").encode("utf-16")),
        ("a.txt", PLAIN.encode("utf-16-le")),
        ("a.txt", ("天猫订单报表\n" + PLAIN.replace(",", "\t")).encode()),
        ("a.csv", ("店铺名称：某某店,,,导出时间：2024-03-21 10:00,,,\n,,,,,,\n" + PLAIN).encode("gb18030")),
        ("a.csv", PLAIN.replace("订单编号", "*订单编号").encode()),
        ("a.csv", PLAIN.replace("\n", "\r").encode()),
        ("a.zip", packed(a_DOT_csv=PLAIN.encode(), __MACOSX__x=b"junk")),
        ("a.xls", PLAIN.replace(",", "\t").encode("gb18030")),
    ],
    ids=[
        "plain",
        "utf-16",
        "utf-16 without a mark",
        "title and tabs",
        "title of two cells",
        "starred",
        "cr",
        "zip",
        "xls",
    ],
)
def test_one_order_is_read_in_whatever_dress_it_comes(name, body):
    (found,) = [table.headed(lambda header: int("订单编号" in header)) for table in tables(name, body)]

    assert [(row["订单编号"], row["总金额"], row["订单付款时间"]) for _number, row in found.rows()] == [
        ("1", "178.8", "2020-02-21 00:01:00")
    ]


def test_a_table_of_html_that_calls_itself_excel_is_a_table():
    body = (
        "<table><tr><th>订单号</th><th>金额</th></tr><tr><td rowspan=2>7</td><td>1</td></tr><tr><td>2</td></tr></table>"
    )

    (found,) = tables("a.xls", body.encode())

    assert list(found.rows()) == [(2, {"订单号": "7", "金额": "1"}), (3, {"订单号": "7", "金额": "2"})]


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("a.pdf", b"%PDF-1.7", "it is a PDF file; save it as xlsx or CSV"),
        ("a.xlsx", b"\x89PNG\r\n\x1a\n", "it is a PNG file; save it as xlsx or CSV"),
        (
            "a.docx",
            packed(**{"[Content_Types]_DOT_xml": b"<Types/>", "word__document_DOT_xml": b"<a/>"}),
            "a Word file",
        ),
        ("a.xml", b'<?xml version="1.0"?><a/>', "it is a HTML / XML file"),
        ("a.zip", packed(), "it is a ZIP file"),
        ("a.csv", b"\xff\xff\xff\xff\xff\x00", "it is neither UTF-8, UTF-16 nor GB18030 text"),
    ],
)
def test_what_is_no_table_is_called_what_it_is(name, body, why):
    assert why in refusal(name, body)


def test_dates_of_a_sheet_are_instants_and_numbers_stay_numbers():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["单号", "时间", "数", "文本", "时长", "真"])
    sheet.write_row(1, 0, ["7", "", 1.5, "2024"])
    sheet.write_datetime(
        1,
        1,
        importer.now().replace(2024, 3, 20, 22, 13, 44, 0, tzinfo=None),
        book.add_format({"num_format": "yyyy/m/d h:mm"}),
    )
    sheet.write_number(1, 4, 1.25, book.add_format({"num_format": "[h]:mm"}))
    sheet.write_boolean(1, 5, True)
    book.close()

    ((_number, row),) = tables("a.xlsx", out.getvalue())[0].rows()

    assert (str(row["时间"]), row["数"], row["文本"], row["时长"], row["真"]) == (
        "2024-03-20 22:13:44", 1.5, "2024", 1.25, True,
    )  # fmt: skip


def test_a_merged_cell_is_known_in_the_rows_below_it():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    for y, row in enumerate([["单号", "金额"], ["", "1"], ["", "2"], ["8", "3"]]):
        sheet.write_row(y, 0, row)
    sheet.merge_range(1, 0, 2, 0, "7")
    book.close()

    rows = list(tables("a.xlsx", out.getvalue())[0].rows())

    assert [row["单号"] for _number, row in rows] == ["7", "7", "8"]
    merged = rows[1][1]["单号"]
    assert isinstance(merged, Merged) and merged.top == 2


@pytest.mark.parametrize(
    ("lines", "good"),
    [
        (["1,a,x", '2,"加急,x', "3,b,x"], ["1", "3"]),
        (["1,a,x", '2,"加急,x', '3,"b",x', "4,c,x"], ["1", "3", "4"]),
        (["1,a,x", '2,"加急,x', '3,加急",x', "4,c,x"], ["1", "3", "4"]),
        (['1,"多\n行",x', "2,19\" 屏,x", '3,"a ""b"" c",x'], ["1", "2", "3"]),
        (['1,"a"b,x', "2,b,x"], ["2"]),
        (["1,a,x,多出", "2,b,x,"], ["2"]),
    ],
    ids=["open at the end", "closed by another's", "closed in the next row", "rightly used", "letters behind", "too wide"],
)  # fmt: skip
def test_a_quotation_mark_costs_its_own_row_and_no_other(lines, good):
    rows = list(tables("a.csv", "\n".join(["单号,备注,尾", *lines, ""]).encode())[0].rows())

    assert [row["单号"] for _number, row in rows if BROKEN not in row] == good
    assert all(row[BROKEN] in ("quote", "wide") for _number, row in rows if BROKEN in row)


def test_a_damaged_letter_costs_its_row_and_does_not_turn_the_file_into_another_alphabet():
    body = (
        "单号,买家\n" + "".join(f"{n},林小满\n" for n in range(30))
    ).encode() + b"31,\xe6\x9e\n32,\xe5\xbc\xa0\xe4\xb8\x89\n"

    rows = list(tables("a.csv", body)[0].rows())

    assert [(row["单号"], row.get(BROKEN)) for _number, row in rows[-3:]] == [
        ("29", None),
        ("31", "letters"),
        ("32", None),
    ]
    assert rows[-1][1]["买家"] == "张三"
