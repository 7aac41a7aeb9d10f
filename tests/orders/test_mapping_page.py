"""Columns mapped by hand: the page, the API's verb, the shop's own layout, and the template to fill in."""

import io

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override

from merchant.jobs.models import Job, JobState
from merchant.refusals import Refused
from merchant.trail.models import Activity
from orders.intake import columns, importer, jobs, own_layouts, registry, template
from orders.intake.models import ImportFile, ShopLayout
from orders.intake.readers import SourceFile
from orders.record.models import Order
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db

SHEET = (
    "内部单,哪天下的,哪天付的,一共付,运费,货,几件,谁收,手机号码,住哪,进度\n"
    "A1,04-30-22,04-30-22 10:00,30.00,0,茶,1,林小满,13800138000,杭州市文一西路 1 号,已出库\n"
    "A1,04-30-22,04-30-22 10:00,20.00,5,杯,2,林小满,13800138000,杭州市文一西路 1 号,已出库\n"
    "A2,05-02-22,,12.00,0,茶,1,张三,13900139000,苏州市平江路 2 号,待付款\n"
).encode()
CHOSEN = {
    "内部单": "number", "哪天下的": "placed_at", "哪天付的": "paid_at", "一共付": "paid", "运费": "freight", "货": "title",
    "几件": "quantity", "谁收": "name", "手机号码": "phone", "住哪": "address", "进度": "state",
}  # fmt: skip


@pytest.fixture
def shop():
    return make_shop("own")


@pytest.fixture
def supervisor(client, shop):
    user = make_user("supervisor", shop)
    client.force_login(user)
    return user


@pytest.fixture
def failed(client, shop, supervisor, django_capture_on_commit_callbacks):
    """An import whose columns nobody knows."""
    with django_capture_on_commit_callbacks(execute=True):
        data = {"shop": shop.pk, "profile": "auto", "files": [SimpleUploadedFile("自家.csv", SHEET)]}
        client.post(reverse("import_list"), data)
    job = Job.objects.get()
    assert job.state == JobState.FAILED
    return job


def posted(chosen=CHOSEN, **more):
    data = {"title": "自家表格", "grain": "line", "money": "yuan", "dates": "mdy", "states": "已出库 = 已发货", **more}
    for position, (column, field) in enumerate(chosen.items()):
        data |= {f"column-{position}": column, f"field-{position}": field}
    return data


def test_unknown_columns_are_mapped_on_a_page_and_the_file_is_read_by_them(
    client, shop, failed, django_capture_on_commit_callbacks
):
    url = reverse("import_columns", args=[failed.number])
    assert url in client.get(reverse("import_detail", args=[failed.number])).content.decode()
    page = client.get(url).content.decode()
    assert ("哪天下的" in page, "04-30-22" in page, "13800138000" in page, "林小满" in page) == (
        True, True, False, False,
    )  # fmt: skip

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(url, posted())

    assert (answer.status_code, answer.url) == (302, reverse("import_detail", args=[failed.number]))
    failed.refresh_from_db()
    assert (failed.state, failed.error, failed.figures) == (JobState.DONE, "", {"created": 3})
    first, second = Order.objects.filter(shop=shop).order_by("number")
    assert (first.paid_fen, first.freight_fen, first.state) == (5000, 500, "shipped")
    assert [(line.title, line.quantity, line.net_fen) for line in first.lines.order_by("line_no")] == [
        ("茶", 1, 3000), ("杯", 2, 1500),
    ]  # fmt: skip
    assert (first.recipient.name_mask, second.paid_fen, second.state) == ("林**", 0, "pending_payment")
    assert str(first.placed_at.astimezone(importer.now().tzinfo))[:10] == "2022-04-29"
    assert Activity.objects.about(failed).get(verb="import.map").detail == {"layout": "自家表格"}


def test_the_layout_is_found_by_itself_the_next_time_and_by_this_shop_alone(
    client, shop, failed, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("import_columns", args=[failed.number]), posted())
    layout = ShopLayout.objects.get()

    again = importer.run(jobs.new_job(shop, ["b.csv"], by=None), [SourceFile("b.csv", lambda: SHEET)])
    elsewhere = importer.run(jobs.new_job(make_shop("own"), ["b.csv"], by=None), [SourceFile("b.csv", lambda: SHEET)])

    assert (again.options["layout"], again.figures) == (layout.name, {"unchanged": 3})
    assert (elsewhere.state, elsewhere.options.get("layout")) == (JobState.FAILED, None)
    assert f'value="{layout.name}"' in client.get(reverse("import_list")).content.decode()
    with pytest.raises(Refused):
        registry.profile_named(layout.name, shop=make_shop("own"))


def test_a_file_without_a_mapped_column_stops_before_it_is_read(
    client, shop, failed, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("import_columns", args=[failed.number]), posted())
    less = SHEET.replace("几件".encode(), "多少".encode())

    with override("en"):
        job = importer.run(jobs.new_job(shop, ["c.csv"], by=None, language="en"), [SourceFile("c.csv", lambda: less)])

    assert (job.state, job.error) == (
        JobState.FAILED, "“自家表格” names columns that the file does not have: 几件.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"内部单": ""}, "Choose the column of: Order number."),
        ({"货": "number"}, "Two columns are chosen as: Order number."),
        ({"哪天付的": "", "进度": ""}, "Choose the time it was paid too: without it the order counts as unpaid."),
    ],
)
def test_choices_that_are_no_layout_are_refused_and_nothing_changes(client, failed, change, why):
    with override("en"):
        assert why in [str(fault) for fault in columns.faults(columns.Choices({**CHOSEN, **change}))]

    answer = client.post(reverse("import_columns", args=[failed.number]), posted({**CHOSEN, **change}))

    failed.refresh_from_db()
    assert (answer.status_code, failed.state, ShopLayout.objects.count()) == (422, JobState.FAILED, 0)


def test_a_status_that_is_none_of_ours_is_said_by_its_line(client, failed):
    answer = client.post(reverse("import_columns", args=[failed.number]), posted(states="已出库 = 飞了"))

    assert (answer.status_code, "已出库 = 飞了" in answer.content.decode(), ShopLayout.objects.count()) == (
        422,
        True,
        0,
    )


def test_who_may_not_import_maps_nothing(client, shop, failed):
    agent = make_user("agent", shop)
    client.force_login(agent)

    answer = client.post(reverse("import_columns", args=[failed.number]), posted())

    assert (answer.status_code, ShopLayout.objects.count()) == (404, 0)
    with pytest.raises(Refused):
        own_layouts.map_columns(failed, by=agent, title="x", choices=columns.Choices(CHOSEN))


def test_the_first_rows_are_sealed_and_go_with_the_file(failed):
    file = ImportFile.objects.get()
    assert "林小满" in bytes(file.sample).decode()
    ImportFile.objects.update(uploaded_at="2020-01-01T00:00:00Z")

    jobs.purge_files()

    file.refresh_from_db()
    assert (file.body, file.sample) == (None, None)


def test_amounts_that_each_row_repeats_are_counted_once_and_must_agree(shop):
    body = columns.body_of(
        columns.Choices({**CHOSEN, "运费": ""}, grain=columns.LINE_ROWS_WHOLE, dates="mdy", states={"已出库": "shipped"}),
        name="own-0", title="x",
    )  # fmt: skip
    ShopLayout.objects.create(shop=shop, title="x", body=body)

    job = importer.run(
        jobs.new_job(shop, ["a.csv"], by=None, language="en"),
        [SourceFile("a.csv", lambda: SHEET.replace(b"20.00", b"30.00"))],
    )
    other = importer.run(
        jobs.new_job(shop, ["a.csv"], by=None, language="en"),
        [SourceFile("a.csv", lambda: SHEET.replace(b"A1", b"A3"))],
    )

    assert (job.figures, Order.objects.get(number="A1").paid_fen) == ({"created": 3}, 3000)
    assert (
        other.rows.filter(outcome="refused").first().reason == "一共付: the rows of this order name different amounts"
    )


def test_the_template_is_a_file_that_is_recognised(client, shop, supervisor):
    answer = client.get(reverse("import_template"))
    assert answer["Content-Type"] == template.CONTENT_TYPE
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    row = ["2607602240240301", "2026-03-17 20:35:42", "2026-03-17 20:36:00", "已发货", "88.00", "8", "毛衣", "蓝", "S1", "1",
           "80", "林小满", "13900001234", "浙江省", "杭州市", "余杭区", "文一西路 1 号", "极兔", "JT5123456789011"]  # fmt: skip
    sheet.write_row(0, 0, template.COLUMNS)
    sheet.write_row(1, 0, row)
    book.close()

    empty = importer.run(jobs.new_job(shop, ["t.xlsx"], by=None), [SourceFile("t.xlsx", lambda: answer.content)])
    job = importer.run(jobs.new_job(shop, ["t.xlsx"], by=None), [SourceFile("t.xlsx", lambda: out.getvalue())])

    assert (empty.options["layout"], empty.state, empty.done) == ("template", JobState.DONE, 0)
    assert (job.options["layout"], job.figures, Order.objects.get().paid_fen) == ("template", {"created": 1}, 8800)


@pytest.mark.parametrize(
    ("column", "field"),
    [("订单编号", "number"), ("下单时间", "placed_at"), ("收货人", "name"), ("收货人手机", ""), ("快递单号", "waybill"), ("Qty", "quantity")],
)  # fmt: skip
def test_columns_are_guessed_by_the_names_of_other_exports(column, field):
    assert columns.guess([column, "别的"]) == {column: field, "别的": ""}
