"""What a channel was told and answered is sealed on disk and gone after the shop's days; the outcome stays."""

from datetime import timedelta

import pytest
from django.db import connection

from aftersales.refunds.models import RefundCall
from merchant.clock import now
from merchant.inbox import housekeeping
from tests.aftersales.factories import case_of, own_shop, refund_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(platform):
    from aftersales.decisions import services as cases

    case = cases.agree_case(case_of(platform, own_shop()), by=None)
    refund = refund_of(case)
    made = RefundCall.objects.create(
        shop=case.shop,
        refund=refund,
        attempt=1,
        operation="refund",
        request={"out_refund_no": refund.number},
        answer={"code": "X", "message": "户名 林小满 不符"},
        outcome="abnormal",
        at=now(),
        answered_at=now(),
    )
    return RefundCall.objects.get(pk=made.pk)


def test_both_sides_of_a_call_are_sealed_on_disk(call):
    with connection.cursor() as cursor:
        cursor.execute("SELECT request, answer FROM aftersales_refundcall WHERE id = %s", [call.pk])
        request, answer = (bytes(column) for column in cursor.fetchone())

    assert call.answer == {"code": "X", "message": "户名 林小满 不符"}
    assert (request[:4], answer[:4]) == (b"dev\0", b"dev\0")
    assert (call.refund.number.encode() in request, "林小满".encode() in answer) == (False, False)


def test_both_go_after_the_shop_s_days_and_the_outcome_stays(call):
    RefundCall.objects.filter(pk=call.pk).update(at=now() - timedelta(days=91))

    assert (housekeeping.purge_raw(), housekeeping.purge_raw()) == (1, 0)

    call.refresh_from_db()
    assert (call.request, call.answer, call.outcome, call.attempt) == (None, None, "abnormal", 1)
