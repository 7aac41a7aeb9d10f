"""The statements pages: take a file in, read what differs, settle it, each with its sentence."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from aftersales.statements.models import Difference, StatementFile
from merchant.clock import SHANGHAI, now
from merchant.platforms.sandbox.wechat_wire import BILL_HEADER
from tests.aftersales.factories import own_shop
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english(client):
    client.cookies["django_language"] = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def shop():
    return own_shop()


def signed_in(client, role, shop):
    person = make_user(role, shop)
    client.force_login(person)
    return person


def bill(*rows):
    day = now().astimezone(SHANGHAI).date() - timedelta(days=1)
    lines = [BILL_HEADER]
    lines += [
        f"`{day} 12:00:0{n},`{number},`F{n},`退款,`退款,`支出,`{yuan},`0,`system,`,`R"
        for n, (number, yuan) in enumerate(rows)
    ]
    return SimpleUploadedFile("fund.csv", "\n".join(lines).encode())


def take(client, shop, commits, file, **days):
    with commits(execute=True):
        return client.post("/statements/take/", {"shop": shop.pk, "file": file, **days}, follow=True)


def test_finance_takes_a_statement_in_and_sees_what_differs(client, shop, django_capture_on_commit_callbacks):
    signed_in(client, "finance", shop)

    taken = take(client, shop, django_capture_on_commit_callbacks, bill(("50301", "68.00")))
    files = client.get("/statements/?tab=files").content.decode()
    page = client.get("/statements/").content.decode()
    days = client.get("/statements/?tab=days").content.decode()

    assert "Taken in." in taken.content.decode()
    assert "fund.csv" in files
    assert "The channel paid, we know of no such refund" in page
    assert "¥68.00" in page
    assert "¥68.00" in days


def test_a_write_off_is_filed_by_one_and_confirmed_by_another(client, shop, django_capture_on_commit_callbacks):
    signed_in(client, "finance", shop)
    take(client, shop, django_capture_on_commit_callbacks, bill(("50301", "68.00")))
    row = Difference.objects.get()
    client.post(f"/statements/differences/{row.pk}/file/", {"note": "重复打款"})
    own = client.post(f"/statements/differences/{row.pk}/confirm/", follow=True).content.decode()
    still = client.get("/statements/").content.decode()
    signed_in(client, "owner", shop)

    done = client.post(f"/statements/differences/{row.pk}/confirm/", follow=True).content.decode()

    row.refresh_from_db()
    assert "a second person must" in own
    assert "filed a write-off: 重复打款" in still
    assert ("Written off." in done, row.state) == (True, "written_off")
    assert "重复打款" in client.get("/statements/?tab=settled").content.decode()


def test_a_wrong_file_says_why_and_can_be_read_again(client, shop, django_capture_on_commit_callbacks):
    signed_in(client, "finance", shop)
    wrong = SimpleUploadedFile("x.csv", b"a,b\n1,2\n")
    take(client, shop, django_capture_on_commit_callbacks, wrong)
    file = StatementFile.objects.get()

    page = client.get("/statements/?tab=files").content.decode()
    again = client.post(f"/statements/files/{file.pk}/again/", follow=True).content.decode()

    file.refresh_from_db()
    assert "is no statement we know" in page
    assert ("It is read again" in again, file.state) == (True, "waiting")


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Choose a file first."),
        ({"from_date": "2026-02-31"}, "Choose a file first."),
        ({"file": True, "from_date": "2026-02-31"}, "“2026-02-31” is not a day."),
        ({"file": True, "from_date": "2026-11-20", "to_date": "2026-11-19"}, "The first day lies after the last."),
    ],
)
def test_what_the_form_cannot_take_is_said_by_name(client, shop, sent, sentence):
    signed_in(client, "finance", shop)
    if sent.pop("file", None):
        sent["file"] = bill(("50301", "1.00"))

    page = client.post("/statements/take/", {"shop": shop.pk, **sent}, follow=True).content.decode()

    assert sentence in page
    assert StatementFile.objects.count() == 0


def test_an_agent_looks_and_settles_nothing(client, shop, django_capture_on_commit_callbacks):
    signed_in(client, "finance", shop)
    take(client, shop, django_capture_on_commit_callbacks, bill(("50301", "68.00")))
    row = Difference.objects.get()
    signed_in(client, "agent", shop)

    page = client.get("/statements/").content.decode()
    told = client.post(f"/statements/differences/{row.pk}/explain/", {"note": "x"}, follow=True).content.decode()

    row.refresh_from_db()
    assert ('aria-disabled="true"' in page, "Your role does not include this" in told, row.state) == (
        True,
        True,
        "open",
    )


def test_another_shops_difference_is_not_there(client, shop, django_capture_on_commit_callbacks):
    signed_in(client, "finance", shop)
    take(client, shop, django_capture_on_commit_callbacks, bill(("50301", "68.00")))
    signed_in(client, "owner", make_shop("own"))

    page = client.get("/statements/").content.decode()

    assert client.post(f"/statements/differences/{Difference.objects.get().pk}/explain/").status_code == 404
    assert "50301" not in page


@pytest.mark.parametrize("tab", ["open", "days", "files", "settled"])
def test_more_rows_cost_no_more_statements(client, shop, tab, django_capture_on_commit_callbacks):
    signed_in(client, "finance", shop)

    def count(*rows):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        take(client, shop, django_capture_on_commit_callbacks, bill(*rows))
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(f"/statements/?tab={tab}").status_code == 200
        return len(seen)

    one = count(("50301", "1.00"))

    assert count(("50301", "1.00"), ("50302", "2.00"), ("50303", "3.00")) == one
