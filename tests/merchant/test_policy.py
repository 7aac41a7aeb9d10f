from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from merchant.policy import schema, services
from merchant.policy.models import Policy
from merchant.policy.schema import ShopPolicy
from merchant.refusals import Refused
from merchant.trail.models import Activity
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db


def test_a_shop_that_changed_nothing_has_the_defaults():
    rules = services.current(make_shop())

    assert (rules, rules.version, rules.version_id) == (ShopPolicy(), 0, None)


def test_a_change_is_a_new_version_with_its_author_and_its_reason():
    shop = make_shop()
    owner = make_user("owner", shop)

    first = services.change(shop, by=owner, reason="先退回再退款", pay_when="returned")
    second = services.change(shop, by=owner, reason="收紧", intercept_limit_fen=30_000)

    assert (first.version, second.version, second.pay_when, second.intercept_limit_fen) == (1, 2, "returned", 30_000)
    assert services.current(shop) == second
    rows = Policy.objects.filter(shop=shop).order_by("version")
    assert [(row.version, row.by, row.reason) for row in rows] == [(1, owner, "先退回再退款"), (2, owner, "收紧")]
    assert [line.detail for line in Activity.objects.about(shop).filter(verb="policy.change")] == [
        {"version": 2, "changed": {"intercept_limit_fen": 30_000}},
        {"version": 1, "changed": {"pay_when": "returned"}},
    ]


def test_a_case_can_still_read_the_version_its_clock_started_under():
    shop = make_shop()
    first = services.change(shop, by=None, reason="短", timers={"T-AS-HANDLE": 3600})
    services.change(shop, by=None, reason="长", timers={"T-AS-HANDLE": 7200})

    assert services.version_of(first.version_id).timers["T-AS-HANDLE"] == 3600
    assert services.current(shop).timers["T-AS-HANDLE"] == 7200
    assert services.version_of(None) == ShopPolicy()


def test_one_piece_of_work_goes_by_one_version_and_the_next_by_the_newest(django_assert_num_queries):
    shop = make_shop()

    with services.read_once():
        with django_assert_num_queries(1):
            first, again = services.current(shop), services.current(shop.pk)
        services.change(shop, by=None, reason="先退回再退款", pay_when="returned")
        during = services.current(shop)
    with services.read_once():
        after = services.current(shop)

    assert (first, again, during, after.pay_when) == (ShopPolicy(), first, first, "returned")


def test_changing_one_timer_leaves_the_others():
    shop = make_shop()

    rules = services.change(shop, by=None, reason="快些", timers={"T-INT-ACK": 120})

    assert rules.timers == {**schema.TIMERS, "T-INT-ACK": 120}


def test_switching_one_evidence_off_leaves_the_others():
    shop = make_shop()

    rules = services.change(shop, by=None, reason="先看看", evidence={"yto_return_scan": False})

    assert rules.evidence == {
        "zto_status": True,
        "yto_return_scan": False,
        "sto_return_scan": True,
        "jt_return_scan": True,
        "kuaidi100_return_scan": True,
    }


def test_one_shops_rules_are_not_anothers():
    shop, other = make_shop(), make_shop()
    services.change(shop, by=None, reason="自动", auto_submit=True)

    assert (services.current(shop).auto_submit, services.current(other).auto_submit) == (True, False)


@pytest.mark.parametrize("role", ["agent", "supervisor", "warehouse", "finance"])
def test_only_owner_and_platform_administrator_change_rules(role):
    shop = make_shop()

    with pytest.raises(Refused) as refused:
        services.change(shop, by=make_user(role, shop), reason="手滑", auto_agree=False)

    assert (refused.value.code, services.current(shop).version) == ("RIGHT", 0)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("no_such_setting", 1),
        ("auto_agree", "yes"),
        ("intercept_limit_fen", -1),
        ("intercept_limit_fen", "50000"),
        ("second_person_fen", True),
        ("pay_when", "tomorrow"),
        ("pii_count", "never"),
        ("refund_window", "all day"),
        ("release_manual_refunds", None),
        ("warn_only", ["E14"]),
        ("warn_only", "E12"),
        ("intercept_couriers", "zto"),
        ("intercept_couriers", [1]),
        ("keep_raw_days", 0),
        ("evidence", {"a_phone_call": True}),
        ("evidence", {"zto_status": "yes"}),
        ("evidence", ["zto_status"]),
        ("timers", 5),
    ],
)
def test_what_cannot_be_a_setting_is_refused_by_name(field, wrong):
    shop = make_shop()

    with pytest.raises(Refused) as refused:
        services.change(shop, by=None, reason="试试", **{field: wrong})

    assert (refused.value.code, refused.value.detail["field"]) == ("POLICY", field)
    assert services.current(shop) == ShopPolicy()


@pytest.mark.parametrize(
    ("name", "seconds"), [("T-INT-RESULT", 0), ("T-INT-RESULT", 365 * 86_400 + 1), ("T-NEVER", 60), ("T-NEGO", True)]
)
def test_a_timer_is_a_known_one_between_a_second_and_a_year(name, seconds):
    shop = make_shop()

    with pytest.raises(Refused) as refused:
        services.change(shop, by=None, reason="试试", timers={name: seconds})

    assert (refused.value.code, refused.value.detail["field"]) == ("POLICY", name)
    assert services.current(shop) == ShopPolicy()


def test_a_timer_runs_on_the_scaled_clock(settings):
    settings.CLOCK_SCALE = 0.01

    assert services.timer(ShopPolicy(), "T-INT-RESULT") == timedelta(seconds=864)


def test_a_stored_version_that_knows_less_takes_the_defaults_for_the_rest():
    shop = make_shop()
    Policy.objects.create(shop=shop, version=1, body={"auto_agree": False, "gone_since": 1, "timers": {"T-NEGO": 60}})

    rules = services.current(shop)

    assert (rules.auto_agree, rules.intercept_couriers, rules.timers) == (
        False,
        ("zto", "yto", "sto", "jt"),
        {**schema.TIMERS, "T-NEGO": 60},
    )


def test_the_database_keeps_a_version_once():
    shop = make_shop()
    services.change(shop, by=None, reason="一", auto_submit=True)

    with pytest.raises(IntegrityError, match="policy_once"), transaction.atomic():
        Policy.objects.create(shop=shop, version=1, body={})
