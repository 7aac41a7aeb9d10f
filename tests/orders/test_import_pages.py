"""The import pages, as a supervisor and as those who may not."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from merchant.jobs.models import Job, JobState
from orders.intake import importer, jobs
from orders.record.models import Order
from tests.merchant.factories import make_shop, make_user
from tests.orders.test_importer import sheet

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make_shop("taobao")


@pytest.fixture
def supervisor(client, shop):
    user = make_user("supervisor", shop)
    client.force_login(user)
    return user


def upload(client, shop, body, *, profile="auto", name="a.csv"):
    data = {"shop": shop.pk, "profile": profile, "files": [SimpleUploadedFile(name, body)]}
    return client.post(reverse("import_list"), data)


@pytest.mark.req("R1.3", "R1.5")
def test_a_supervisor_uploads_watches_and_downloads(client, shop, supervisor, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = upload(client, shop, sheet(3) + "9,x,0,上海,2020-02-21 00:00:00,,0.0\n".encode())
    job = Job.objects.get()
    assert (answer.status_code, answer.url) == (302, reverse("import_detail", args=[job.number]))

    page = client.get(answer.url).content.decode()
    assert "总金额" in page
    assert "import-progress" in page
    report = b"".join(client.get(reverse("import_report", args=[job.number])).streaming_content).decode()
    assert len(report.splitlines()) == 5
    refused = b"".join(
        client.get(reverse("import_report", args=[job.number]) + "?only=refused").streaming_content
    ).decode()
    assert len(refused.splitlines()) == 2
    assert job.number in client.get(reverse("import_list")).content.decode()
    assert Order.objects.filter(shop=shop).count() == 3


def test_the_living_part_answers_only_when_something_moved(client, shop, supervisor):
    job = jobs.start_import(shop, [("a.csv", sheet(30))], by=supervisor)
    url = reverse("import_progress", args=[job.number])
    stamp = client.get(url).context["stamp"]

    assert client.get(url, {"stamp": stamp}).status_code == 204
    assert "data-live" in client.get(url).content.decode()
    jobs.work_on(job.pk)

    moved = client.get(url, {"stamp": stamp})
    assert (moved.status_code, "data-live" in moved.content.decode()) == (200, False)


def test_a_waiting_import_can_be_stopped_and_tried_again(client, shop, supervisor, django_capture_on_commit_callbacks):
    job = jobs.start_import(shop, [("a.csv", sheet(3))], by=supervisor)

    client.post(reverse("import_stop", args=[job.number]))
    job.refresh_from_db()
    assert job.state == JobState.STOPPED
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("import_retry", args=[job.number]), {"profile": ""})

    job.refresh_from_db()
    assert (job.state, job.figures) == (JobState.DONE, {"created": 3})
    answer = client.post(reverse("import_stop", args=[job.number]), follow=True)
    assert [message.extra_tags for message in answer.context["messages"]] == ["JOB"]


def test_nothing_chosen_is_said_on_the_form(client, shop, supervisor):
    answer = client.post(reverse("import_list"), {"shop": shop.pk, "profile": "auto"})

    assert (answer.status_code, Job.objects.count(), len(answer.context["form"].non_field_errors())) == (422, 0, 1)


def test_another_shops_import_is_not_there(client, supervisor):
    other = make_shop("taobao")
    job = jobs.new_job(other, ["a.csv"], by=None)

    for name in ("import_detail", "import_progress", "import_report"):
        assert client.get(reverse(name, args=[job.number])).status_code == 404
    for name in ("import_stop", "import_retry"):
        assert client.post(reverse(name, args=[job.number])).status_code == 404
    assert upload(client, other, sheet(1)).status_code == 422
    assert Job.objects.count() == 1


def test_an_agent_sees_the_history_without_a_form_and_cannot_act(client, shop):
    client.force_login(make_user("agent", shop))
    job = jobs.new_job(shop, ["a.csv"], by=None)

    page = client.get(reverse("import_list"))
    assert (page.status_code, "multipart/form-data" in page.content.decode()) == (200, False)
    client.post(reverse("import_stop", args=[job.number]))

    job.refresh_from_db()
    assert (job.state, upload(client, shop, sheet(1)).status_code, Job.objects.count()) == (JobState.WAITING, 422, 1)


def test_nobody_unknown_sees_anything(client, shop):
    job = jobs.new_job(shop, ["a.csv"], by=None)

    for url in (reverse("import_list"), reverse("import_detail", args=[job.number])):
        assert client.get(url).url.startswith("/accounts/login/")


def test_the_list_asks_the_same_number_of_questions_for_one_import_and_for_three(client, shop, supervisor):
    def questions():
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("import_list"))
        return len(queries)

    jobs.new_job(shop, ["a.csv"], by=supervisor)
    questions()
    one = questions()
    for _ in range(2):
        jobs.new_job(shop, ["a.csv"], by=supervisor)

    assert questions() == one


def test_a_broken_file_shows_its_sentence_and_offers_another_layout(
    client, shop, supervisor, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = upload(client, shop, "颜色,味道\n红,甜\n".encode())

    page = client.get(answer.url)
    assert (Job.objects.get().state, page.context["may_retry"]) == (JobState.FAILED, True)
    assert "颜色, 味道" in page.content.decode()
    assert importer.KIND == "import"


def test_a_file_too_large_refuses_the_upload_instead_of_being_left_out(client, shop, supervisor, monkeypatch):
    monkeypatch.setattr(jobs, "MAX_BYTES", 4096)
    files = [SimpleUploadedFile("a.csv", sheet(1)), SimpleUploadedFile("b.csv", b"x" * 9000)]

    answer = client.post(reverse("import_list"), {"shop": shop.pk, "profile": "auto", "files": files})

    assert (answer.status_code, Job.objects.count()) == (422, 0)
    assert "b.csv" in answer.content.decode()
