import logging

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from merchant.celery import app
from merchant.tasks import handle_inbox_message
from merchant.wakeups import wake


def test_a_dead_redis_is_logged_and_fails_neither_the_commit_nor_the_request(
    monkeypatch, caplog, db, django_capture_on_commit_callbacks
):
    def dead(*args, **kwargs):
        raise OperationalError("Connection refused.")

    monkeypatch.setattr(handle_inbox_message, "apply_async", dead)

    with caplog.at_level(logging.WARNING), django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        wake("merchant.handle_inbox_message", message_id=1)

    assert caplog.messages == [
        "wake-up merchant.handle_inbox_message was not sent, the sweep will find the row: Connection refused."
    ]


def test_what_goes_out_is_the_id_and_only_after_the_commit(monkeypatch, db, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(handle_inbox_message, "apply_async", lambda *, kwargs: sent.append(kwargs))

    with django_capture_on_commit_callbacks(execute=True):
        wake("merchant.handle_inbox_message", message_id=7)
        before = list(sent)

    assert (before, sent) == ([], [{"message_id": 7}])


@pytest.mark.parametrize(
    "name",
    [
        "merchant.handle_inbox_message",
        "merchant.sweep_inbox",
        "merchant.sweep_courier_pushes",
        "merchant.purge_raw",
        "merchant.beat",
    ],
)
def test_a_task_survives_what_a_newer_caller_adds(name, db):
    task = app.tasks[name]
    known = {"message_id": 0} if name == "merchant.handle_inbox_message" else {}

    assert task.run(**known, added_later=1) is None


def test_every_scheduled_task_exists_and_no_message_is_published_twice():
    app.autodiscover_tasks(force=True)

    assert [entry["task"] for entry in app.conf.beat_schedule.values() if entry["task"] not in app.tasks] == []
    assert (app.conf.task_publish_retry, app.conf.task_ignore_result, app.conf.task_acks_late) == (False, True, True)
