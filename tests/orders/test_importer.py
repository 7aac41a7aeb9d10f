"""An import as a job: idempotent, resumed after a kill, stopped, retried, and every row's outcome kept."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.translation import override

from merchant.clock import now
from merchant.jobs.models import Job, JobRow, JobState
from merchant.refusals import Refused
from merchant.trail.models import Activity
from orders.intake import importer, jobs, report
from orders.intake.models import ImportFile
from orders.intake.normal import RowOutcome
from orders.intake.readers import SourceFile
from orders.intake.registry import profile_named
from orders.record.models import Order
from tests.merchant.factories import make_shop, make_user

HEADER = "订单编号,总金额,买家实际支付金额,收货地址,订单创建时间,订单付款时间,退款金额"


def sheet(count, start=1):
    rows = [f"{n},178.8,178.8,上海,2020-02-21 00:00:00,2020-02-21 00:01:00,0.0" for n in range(start, start + count)]
    return "\n".join([HEADER, *rows, ""]).encode()


def files(body):
    return [SourceFile("a.csv", lambda: body)]


def rows_of(job):
    return list(job.rows.order_by("row_no").values_list("row_no", "subject", "outcome", "reason"))


@pytest.mark.django_db
class TestRunning:
    def test_every_rows_outcome_is_kept_with_its_reason(self):
        shop = make_shop("taobao")
        body = (
            sheet(2)
            + "3,abc,0,上海,2020-02-21 00:00:00,,0.0\n,1.0,1.0,上海,2020-02-21 00:00:00,,0.0\n2,178.8,178.8,上海,2020-02-21 00:00:00,2020-02-21 00:01:00,0.0\n".encode()
        )
        with override("en"):
            job = importer.run(jobs.new_job(shop, ["a.csv"], by=None), files(body))

        assert (job.state, job.total, job.done, job.refused) == (JobState.DONE, 5, 5, 2)
        assert job.figures == {"created": 2, "refused": 2, "unchanged": 1}
        assert rows_of(job) == [
            (2, "1", "created", ""),
            (3, "2", "unchanged", "the same order stands in row 6"),
            (4, "3", "refused", "总金额: “abc” is not an amount"),
            (5, "", "refused", "订单编号: this is empty"),
            (6, "2", "created", ""),
        ]
        assert (job.options["layout"], job.options["unknown_columns"]) == ("tmall_report", [])
        line = Activity.objects.about(job).get(verb="import.finish")
        assert line.detail == {"figures": job.figures, "layout": "tmall_report"}

    def test_the_same_file_again_is_unchanged_throughout(self):
        shop = make_shop("taobao")
        importer.run(jobs.new_job(shop, ["a.csv"], by=None), files(sheet(30)), chunk=7)

        again = importer.run(jobs.new_job(shop, ["a.csv"], by=None), files(sheet(30)), chunk=7)

        assert (again.figures, Order.objects.filter(shop=shop).count()) == ({"unchanged": 30}, 30)

    def test_a_run_that_dies_between_chunks_goes_on_behind_the_last_whole_one(self):
        shop = make_shop("taobao")
        job = jobs.new_job(shop, ["a.csv"], by=None)

        def die(job):
            if job.done == 20:
                raise SystemExit

        with pytest.raises(SystemExit):
            importer.run(job, files(sheet(50)), chunk=10, on_chunk=die)
        job.refresh_from_db()
        assert (job.state, job.done, job.cursor["records"]) == (JobState.RUNNING, 20, 20)

        job = importer.run(job, files(sheet(50)), chunk=10)

        assert (job.state, job.done, job.figures) == (JobState.DONE, 50, {"created": 50})
        assert ([row_no for row_no, *_ in rows_of(job)], Order.objects.filter(shop=shop).count()) == (
            list(range(2, 52)),
            50,
        )

    def test_a_chunk_that_dies_halfway_leaves_nothing_of_itself(self, monkeypatch):
        shop = make_shop("taobao")
        job = jobs.new_job(shop, ["a.csv"], by=None)
        real = importer._write_outcomes

        def die(job, outcomes):
            if job.done == 10:
                raise SystemExit
            real(job, outcomes)

        monkeypatch.setattr(importer, "_write_outcomes", die)
        with pytest.raises(SystemExit):
            importer.run(job, files(sheet(30)), chunk=10)

        assert (Order.objects.filter(shop=shop).count(), JobRow.objects.filter(job=job).count()) == (10, 10)

    def test_a_slice_gives_the_job_back_and_the_next_one_goes_on(self):
        job = jobs.new_job(make_shop("taobao"), ["a.csv"], by=None)

        job = importer.run(job, files(sheet(30)), chunk=10, seconds=1e-9)
        assert (job.state, job.done) == (JobState.WAITING, 10)
        job = importer.run(job, files(sheet(30)), chunk=10)

        assert (job.state, job.done) == (JobState.DONE, 30)

    def test_a_stopped_import_ends_after_the_chunk_in_hand_and_keeps_it(self):
        shop = make_shop("taobao")
        owner = make_user("owner", shop)
        job = jobs.new_job(shop, ["a.csv"], by=owner)

        def stop(job):
            if job.state == JobState.RUNNING and job.done == 10:
                jobs.stop_import(job, by=owner)

        job = importer.run(job, files(sheet(30)), chunk=10, on_chunk=stop)

        assert (job.state, job.done, Order.objects.filter(shop=shop).count()) == (JobState.STOPPED, 10, 10)
        with pytest.raises(Refused):
            importer.run(job, files(sheet(30)))

    @pytest.mark.parametrize(
        ("body", "profile", "words"),
        [
            ("颜色,味道\n红,甜\n".encode(), "auto", "颜色, 味道"),
            (sheet(1), "olist", "Olist data set (CSV files)"),
            (b"PK\x03\x04 no", "auto", "a.csv"),
        ],
    )
    def test_a_file_that_fits_no_layout_fails_with_a_sentence(self, body, profile, words):
        with override("en"):
            job = importer.run(jobs.new_job(make_shop("taobao"), ["a.csv"], by=None, profile=profile), files(body))

        assert (job.state, job.done, words in job.error) == (JobState.FAILED, 0, True)
        assert Activity.objects.about(job).filter(verb="import.fail").count() == 1

    def test_an_import_that_keeps_breaking_waits_for_a_person(self):
        job = jobs.new_job(make_shop("taobao"), ["a.csv"], by=None)

        def die(job):
            raise SystemExit

        for _ in range(importer.MAX_STARTS):
            with pytest.raises(SystemExit):
                job.cursor = {**job.cursor, "starts": job.cursor.get("starts", 0)}
                importer.run(job, [SourceFile("a.csv", lambda: die(None))])
            job.refresh_from_db()

        assert importer.run(job, files(sheet(1))).state == JobState.FAILED


@pytest.mark.django_db
class TestUploading:
    def test_an_upload_is_sealed_and_read_by_a_worker(self, django_capture_on_commit_callbacks):
        shop = make_shop("taobao")
        supervisor = make_user("supervisor", shop)

        with django_capture_on_commit_callbacks(execute=True):
            job = jobs.start_import(shop, [("二月.csv", sheet(3))], by=supervisor)

        job.refresh_from_db()
        assert (job.state, job.figures, job.by, job.title) == (JobState.DONE, {"created": 3}, supervisor, "二月.csv")
        with connection.cursor() as cursor:
            cursor.execute("SELECT body FROM orders_importfile")
            assert "订单编号".encode() not in bytes(cursor.fetchone()[0])
        assert ImportFile.objects.get().body == sheet(3)

    @pytest.mark.parametrize("role", ["agent", "warehouse", "finance", "platform_admin"])
    def test_others_may_not_import(self, role):
        shop = make_shop("taobao")

        with pytest.raises(Refused) as refusal:
            jobs.start_import(shop, [("a.csv", sheet(1))], by=make_user(role, shop))

        assert (refusal.value.code, Job.objects.count()) == ("RIGHT", 0)

    @pytest.mark.parametrize(
        ("given", "profile", "code"),
        [
            ([], "auto", "FILE"),
            ([("a.csv", b"")], "auto", "FILE"),
            ([("a.csv", b"x")] * 11, "auto", "FILE"),
            ([("a.csv", b"x")], "nobody", "LAYOUT"),
        ],
    )
    def test_what_cannot_be_imported_is_refused_at_once(self, given, profile, code):
        shop = make_shop("taobao")

        with pytest.raises(Refused) as refusal:
            jobs.start_import(shop, given, by=make_user("owner", shop), profile=profile)

        assert (refusal.value.code, Job.objects.count()) == (code, 0)

    def test_a_failed_import_is_tried_again_with_another_layout_from_the_beginning(
        self, django_capture_on_commit_callbacks
    ):
        shop = make_shop("taobao")
        owner = make_user("owner", shop)
        with django_capture_on_commit_callbacks(execute=True):
            job = jobs.start_import(shop, [("a.csv", sheet(2))], by=owner, profile="olist")
        job.refresh_from_db()
        assert job.state == JobState.FAILED

        with django_capture_on_commit_callbacks(execute=True):
            jobs.retry_import(job, by=owner, profile="tmall_report")

        job.refresh_from_db()
        assert (job.state, job.error, job.figures) == (JobState.DONE, "", {"created": 2})
        with pytest.raises(Refused):
            jobs.retry_import(job, by=owner)

    def test_the_sweep_finds_what_a_dead_worker_left_and_leaves_the_living_alone(self):
        shop = make_shop("taobao")
        old = now() - timedelta(minutes=5)
        dead, alive, fresh = (jobs.start_import(shop, [("a.csv", sheet(2, start))], by=None) for start in (1, 10, 20))
        Job.objects.filter(pk=dead.pk).update(state=JobState.RUNNING, pulse_at=old)
        Job.objects.filter(pk=alive.pk).update(state=JobState.RUNNING, pulse_at=now())

        assert jobs.sweep_imports() == 1

        states = dict(Job.objects.values_list("pk", "state"))
        assert (states[dead.pk], states[alive.pk], states[fresh.pk]) == (
            JobState.DONE,
            JobState.RUNNING,
            JobState.WAITING,
        )

    def test_old_uploads_lose_their_bytes_and_keep_their_report(self, django_capture_on_commit_callbacks):
        shop = make_shop("taobao")
        with django_capture_on_commit_callbacks(execute=True):
            job = jobs.start_import(shop, [("a.csv", sheet(1))], by=None)
        ImportFile.objects.update(uploaded_at=now() - timedelta(days=89))
        assert jobs.purge_files() == 0
        ImportFile.objects.update(uploaded_at=now() - timedelta(days=91))

        assert jobs.purge_files() == 1

        assert (ImportFile.objects.get().body, JobRow.objects.filter(job=job).count()) == (None, 1)


@pytest.mark.django_db
class TestReport:
    def test_it_opens_right_in_a_spreadsheet_and_runs_no_formula(self):
        job = jobs.new_job(make_shop(), ["a.csv"], by=None)
        outcomes = [
            RowOutcome(2, "=1+1", "refused", "+cmd"),
            RowOutcome(3, "-2", "refused", "@x"),
            RowOutcome(4, "A4", "created"),
        ]
        importer._write_outcomes(job, outcomes)

        with override("en"):
            text = "".join(report.lines(job))
            only = "".join(report.lines(job, only="created"))

        assert text.startswith("\ufeff")
        assert list(csv.reader(io.StringIO(text[1:]))) == [
            ["Row", "Order number", "Outcome", "Reason"],
            ["2", "'=1+1", "refused", "'+cmd"],
            ["3", "'-2", "refused", "'@x"],
            ["4", "A4", "created", ""],
        ]
        assert only.splitlines()[1:] == ["4,A4,created,"]


@pytest.mark.django_db
class TestCommand:
    def test_it_imports_and_says_what_became_of_the_rows(self, tmp_path, capsys):
        shop = make_shop("taobao")
        (tmp_path / "a.csv").write_bytes(sheet(3) + "9,x,0,上海,2020-02-21 00:00:00,,0.0\n".encode())

        with override("en"):
            call_command("import_orders", tmp_path / "a.csv", shop=str(shop.pk), report=tmp_path / "r.csv")

        said = capsys.readouterr().out
        assert "4 rows as tmall_report: 3 created, 1 refused" in said
        assert "row 5 9: 总金额: “x” is not an amount" in said
        assert len((tmp_path / "r.csv").read_text(encoding="utf-8").splitlines()) == 5

    def test_a_shop_is_named_by_platform_and_id_too(self, tmp_path, capsys):
        shop = make_shop("taobao")
        (tmp_path / "a.csv").write_bytes(sheet(1))

        call_command("import_orders", tmp_path / "a.csv", shop=f"taobao:{shop.external_id}")

        assert "1 created" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("args", "words"),
        [(["nowhere.csv", "--shop", "1"], "There is no shop 1"), (["nowhere.csv"], "--shop is needed")],
    )
    def test_a_wrong_call_is_told_so(self, args, words):
        with pytest.raises(CommandError, match=words):
            call_command("import_orders", *args)

    def test_it_lists_the_layouts(self, capsys):
        call_command("import_orders", "--profiles")

        assert "tmall_report" in capsys.readouterr().out

    def test_one_file_of_a_set_finds_the_others_beside_it(self, tmp_path, capsys):
        shop = make_shop("douyin")
        order = '{"order_id": "1", "order_status_desc": "已发货", "main_status_desc": "已全部发货", "pay_amount": "500", "post_amount": "0", "doudian_open_id": "x", "create_time": "1714724014", "pay_time": "1714724021"}'
        item = '{"order_id": "11", "parent_order_id": "1", "item_num": "2", "product_id": "7", "goods_price": "250", "product_name": "杯子"}'
        (tmp_path / "order.jsonl").write_text(order, encoding="utf-8")
        (tmp_path / "item.jsonl").write_text(item, encoding="utf-8")
        (tmp_path / "other.csv").write_text("a,b\n1,2\n")

        call_command("import_orders", tmp_path / "order.jsonl", shop=str(shop.pk))

        line = Order.objects.get(shop=shop).lines.select_related("listing").get()
        assert (line.title, line.quantity, line.net_fen, line.external_id) == ("杯子", 2, 500, "11")


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("R1.3")
def test_an_import_killed_with_sigkill_goes_on_where_it_broke_off(tmp_path):
    shop = make_shop("taobao")
    path = tmp_path / "a.csv"
    path.write_bytes(sheet(4000))
    command = [sys.executable, "manage.py", "import_orders", str(path), "--shop", str(shop.pk), "--chunk", "100"]
    database = connection.settings_dict
    host = database["HOST"] if "/" not in database["HOST"] else database["HOST"].replace("/", "%2F")
    password = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    address = f"postgres://{database['USER']}{password}@{host}:{database['PORT']}/{database['NAME']}"
    environment = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "merchant.settings"}

    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    until = time.monotonic() + 60
    while not Job.objects.filter(done__gte=300).exists():
        assert process.poll() is None, process.stdout.read().decode()
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    job = Job.objects.get()
    assert (job.state, Order.objects.count(), JobRow.objects.count()) == (JobState.RUNNING, job.done, job.done)
    assert 300 <= job.done < 4000

    again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    assert f"goes on after {job.done} rows" in again.stdout, again.stdout + again.stderr
    job.refresh_from_db()
    assert (job.state, job.done, job.figures) == (JobState.DONE, 4000, {"created": 4000})
    assert (Order.objects.count(), JobRow.objects.count(), Job.objects.count()) == (4000, 4000, 1)
    assert not Order.objects.filter(version__gt=1).exists()


def test_a_room_above_registers_a_layout_of_its_own(monkeypatch):
    from orders.intake import registry
    from orders.intake.row_profile import RowProfile

    monkeypatch.setattr(registry, "_profiles", dict(registry._profiles))
    handler_calls = []
    mine = RowProfile(
        "statement",
        {"en": "Statement", "zh": "账单"},
        "statement",
        frozenset({"流水号"}),
        handler_calls.append,
        frozenset({"金额"}),
    )
    registry.register_profile(mine)

    assert (profile_named("statement"), mine.score(["流水号", "金额", "x"]), mine.score(["金额"])) == (mine, 2, 0)
