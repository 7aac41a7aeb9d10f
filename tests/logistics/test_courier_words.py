"""What couriers answer is sealed on disk, shown in no list of the admin, and gone after the shop's days."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from logistics.couriers import calls
from logistics.couriers.enums import CallOutcome, Operation
from logistics.couriers.models import CourierCall
from merchant.clock import now
from merchant.inbox import housekeeping
from merchant.policy import services as policy
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db
SAID = '{"receiver": "林小满", "mobile": "13900001234"}'


def answered(shop, *, days_ago=0):
    call = calls.claim_call(Operation.TRACK, shop_id=shop.pk, key=f"zto:{days_ago}", subject_id=1)
    calls.record_answer(call, CallOutcome.OK, answer=SAID)
    CourierCall.objects.filter(pk=call.pk).update(started_at=now() - timedelta(days=days_ago))
    return CourierCall.objects.get(pk=call.pk)


def test_an_answer_is_readable_here_and_sealed_on_disk():
    call = answered(make_shop())

    with connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM logistics_couriercall WHERE id = %s", [call.pk])
        stored = bytes(cursor.fetchone()[0])

    assert call.answer == SAID
    assert (stored[:4], b"13900001234" in stored, "林小满".encode() in stored) == (b"dev\0", False, False)


def test_a_call_begun_has_no_answer_yet():
    call = calls.claim_call(Operation.TRACK, shop_id=make_shop().pk, key="zto:1", subject_id=1)

    assert CourierCall.objects.get(pk=call.pk).answer is None


def test_answers_go_after_the_shop_s_own_days_and_the_calls_stay():
    short, usual = make_shop(), make_shop()
    policy.change(short, by=None, reason="少留", keep_raw_days=30)
    gone = [answered(short, days_ago=31).pk, answered(usual, days_ago=91).pk]
    kept = [answered(short, days_ago=29).pk, answered(usual, days_ago=89).pk]

    assert (housekeeping.purge_raw(), housekeeping.purge_raw()) == (2, 0)

    words = dict(CourierCall.objects.values_list("pk", "answer"))
    assert words == {**dict.fromkeys(gone), **dict.fromkeys(kept, SAID)}
    assert set(CourierCall.objects.values_list("outcome", flat=True)) == {"ok"}


def test_the_admin_shows_a_call_without_its_answer(client):
    call = answered(make_shop())
    client.force_login(make_user(is_staff=True, is_superuser=True), backend="django.contrib.auth.backends.ModelBackend")

    page = client.get(reverse("admin:logistics_couriercall_change", args=[call.pk]))

    assert (page.status_code, "13900001234" in page.content.decode(), 'field-answer"' in page.content.decode()) == (
        200,
        False,
        False,
    )
