"""More looks for today (PII-EXTRA): who may ask, pass on, approve and refuse, and what each leaves behind."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import IntegrityError, transaction

from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.trail.models import Activity
from merchant.vault.models import PiiQuotaDay, QuotaRequest
from merchant.vault.quota import Quota, apply_quota, approve_quota, ask_quota, quota_of, refuse_quota, waiting_for
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NEXT_DAY = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


@pytest.fixture
def shop():
    return make_shop()


@pytest.fixture
def people(shop):
    """One of each role, and an administrator who belongs to no shop."""
    roles = ("agent", "supervisor", "warehouse", "finance", "owner")
    return {role: make_user(role, shop) for role in roles} | {"admin": make_user(is_platform_admin=True)}


def asked(shop, by, wanted=20, reason="回访要打电话"):
    return ask_quota(shop, by=by, wanted=wanted, reason=reason)


def code_of(work, *args, **kwargs):
    with pytest.raises(Refused) as refused:
        work(*args, **kwargs)
    return refused.value.code


def test_an_agents_wish_goes_to_the_owner_then_to_the_administrator_and_counts_today(shop, people):
    with time_machine.travel(NOON, tick=False):
        request = asked(shop, people["agent"], 50)
        at_first = list(waiting_for(people["owner"])), list(waiting_for(people["admin"]))
        request = apply_quota(request, by=people["owner"])
        then = list(waiting_for(people["owner"])), list(waiting_for(people["admin"]))
        request = approve_quota(request, by=people["admin"])

        assert (at_first, then) == (([request], []), ([], [request]))
        assert quota_of(shop) == Quota(0, 150, 50, NEXT_DAY)
        assert list(waiting_for(people["admin"])) == []
    assert (request.state, request.asked_by, request.applied_by, request.decided_by, request.decided_at) == (
        "approved",
        people["agent"],
        people["owner"],
        people["admin"],
        NOON,
    )
    assert list(Activity.objects.about(request).order_by("pk").values_list("verb", "by", "from_state", "to_state")) == [
        ("quota.ask", people["agent"].pk, "", "asked"),
        ("quota.apply", people["owner"].pk, "asked", "applied"),
        ("quota.approve", people["admin"].pk, "applied", "approved"),
    ]


def test_what_the_owner_asks_for_is_applied_for_at_once(shop, people):
    request = asked(shop, people["owner"])

    assert (request.state, request.applied_by) == ("applied", people["owner"])
    assert list(waiting_for(people["owner"])) == []


def test_an_approval_before_the_first_look_and_after_it_both_add_up(shop, people):
    policy.change(shop, by=None, reason="少", pii_quota_per_day=2)
    for wanted in (10, 5):
        approve_quota(asked(shop, people["owner"], wanted), by=people["admin"])

    assert (quota_of(shop).allowed, quota_of(shop).extra) == (17, 15)


def test_what_was_approved_is_gone_at_midnight_in_shanghai(shop, people):
    with time_machine.travel(NOON, tick=False):
        approve_quota(asked(shop, people["owner"], 50), by=people["admin"])
    with time_machine.travel(NEXT_DAY, tick=False):
        assert (quota_of(shop).allowed, quota_of(shop).extra) == (100, 0)


def test_a_request_nobody_decided_lapses_at_midnight_and_blocks_nobody(shop, people):
    with time_machine.travel(NOON, tick=False):
        request = asked(shop, people["owner"], 50)
    with time_machine.travel(NEXT_DAY, tick=False):
        assert list(waiting_for(people["admin"])) == []
        assert code_of(approve_quota, request, by=people["admin"]) == "QUOTA_DAY"
        assert PiiQuotaDay.objects.count() == 0
        assert asked(shop, people["owner"]).day == date(2026, 11, 24)


def test_one_person_has_one_open_request_and_a_colleague_another(shop, people):
    first = asked(shop, people["agent"])

    assert code_of(asked, shop, people["agent"]) == "QUOTA_ASKED"
    assert asked(shop, people["supervisor"]).state == "asked"
    refuse_quota(first, by=people["owner"], answer="先用完今天的")
    assert asked(shop, people["agent"]).state == "asked"
    assert QuotaRequest.objects.count() == 3


@pytest.mark.parametrize("role", ["warehouse", "finance", "admin"])
def test_who_may_not_look_has_nothing_to_ask_for(shop, people, role):
    assert code_of(asked, shop, people[role]) == "RIGHT"
    assert QuotaRequest.objects.count() == 0


def test_an_owner_of_another_shop_decides_nothing_here(shop, people):
    stranger = make_user("owner", make_shop())
    request = asked(shop, people["agent"])

    assert list(waiting_for(stranger)) == []
    assert code_of(apply_quota, request, by=stranger) == "RIGHT"
    assert code_of(refuse_quota, request, by=stranger, answer="不") == "RIGHT"


@pytest.mark.parametrize(
    ("state", "apply", "approve", "refuse"),
    [
        (
            "asked",
            {"owner": ""},
            {"admin": "QUOTA_STATE"},
            {"owner": ""},
        ),
        (
            "applied",
            {"owner": "QUOTA_STATE"},
            {"admin": ""},
            {"admin": ""},
        ),
        (
            "approved",
            {"owner": "QUOTA_STATE"},
            {"admin": "QUOTA_STATE"},
            {"admin": "QUOTA_STATE"},
        ),
        (
            "refused",
            {"owner": "QUOTA_STATE"},
            {"admin": "QUOTA_STATE"},
            {"admin": "QUOTA_STATE"},
        ),
    ],
)
def test_each_step_is_for_whom_it_waits(shop, people, state, apply, approve, refuse):
    given = {"apply": apply, "approve": approve, "refuse": refuse}
    request = asked(shop, people["agent"])
    if state != "asked":
        apply_quota(request, by=people["owner"])
    if state == "approved":
        approve_quota(request, by=people["admin"])
    if state == "refused":
        refuse_quota(request, by=people["admin"], answer="明天再说")
    before = QuotaRequest.objects.values().get(pk=request.pk), quota_of(shop)
    verbs = {
        "apply": lambda by: apply_quota(request, by=by),
        "approve": lambda by: approve_quota(request, by=by),
        "refuse": lambda by: refuse_quota(request, by=by, answer="不"),
    }

    for verb, work in verbs.items():
        for role, person in people.items():
            expected = given[verb].get(role, "RIGHT")
            point = transaction.savepoint()
            if expected:
                assert (verb, role, code_of(work, person)) == (verb, role, expected)
                assert (QuotaRequest.objects.values().get(pk=request.pk), quota_of(shop)) == before
            else:
                assert work(person).state != state
            transaction.savepoint_rollback(point)


def test_a_refusal_needs_a_sentence(shop, people):
    request = asked(shop, people["agent"])

    assert code_of(refuse_quota, request, by=people["owner"], answer="  ") == "ANSWER"
    refused = refuse_quota(request, by=people["owner"], answer=" 今天不追加，先打虚拟号 ")

    assert (refused.state, refused.answer, refused.decided_by) == ("refused", "今天不追加，先打虚拟号", people["owner"])
    assert quota_of(shop).extra == 0


@pytest.mark.parametrize(
    ("wanted", "reason", "code"),
    [
        (0, "回访", "QUOTA_WANTED"),
        (10_000, "回访", "QUOTA_WANTED"),
        (5, "  ", "REASON"),
    ],
)
def test_a_wish_names_a_number_and_why(shop, people, wanted, reason, code):
    assert code_of(ask_quota, shop, by=people["agent"], wanted=wanted, reason=reason) == code
    assert QuotaRequest.objects.count() == 0


@pytest.mark.parametrize(
    "row",
    [
        {"state": "lost"},
        {"wanted": 0},
        {"state": "approved"},
        {"state": "refused", "decided_at": NOON},
        {"decided_at": NOON},
    ],
)
def test_the_database_holds_what_a_request_must_be(shop, people, row):
    sound = {"shop": shop, "day": date(2026, 11, 23), "wanted": 5, "reason": "回访", "state": "asked"}

    with pytest.raises(IntegrityError), transaction.atomic():
        QuotaRequest.objects.create(asked_by=people["agent"], **{**sound, **row})


def test_the_quota_of_a_day_without_a_look_is_the_shops_whole(shop):
    with time_machine.travel(NOON, tick=False):
        today = quota_of(shop)

        assert (today, today.left) == (Quota(0, 100, 0, NEXT_DAY), 100)
        assert quota_of(shop.pk) == today
