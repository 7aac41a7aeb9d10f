from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from merchant.policy import rules, services, switches
from merchant.policy.models import SETTINGS, Policy
from merchant.refusals import Refused
from merchant.trail.models import Activity
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db
DEFAULTS = {name: column.get_default() for name, column in SETTINGS.items()}


def test_a_shop_that_changed_nothing_has_the_defaults():
    rules = services.current(make_shop())

    assert (rules.settings(), rules.version, rules.pk) == (DEFAULTS, 0, None)


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
    first = services.change(shop, by=None, reason="短", t_as_handle=3600)
    services.change(shop, by=None, reason="长", t_as_handle=7200)

    assert Policy.objects.get(pk=first.pk).t_as_handle == 3600
    assert services.current(shop).t_as_handle == 7200


def test_one_piece_of_work_goes_by_one_version_and_the_next_by_the_newest(django_assert_num_queries):
    shop = make_shop()

    with services.read_once():
        with django_assert_num_queries(1):
            first, again = services.current(shop), services.current(shop.pk)
        services.change(shop, by=None, reason="先退回再退款", pay_when="returned")
        during = services.current(shop)
    with services.read_once():
        after = services.current(shop)

    assert (first.settings(), after.pay_when) == (DEFAULTS, "returned")
    assert again is during is first


def test_changing_one_timer_leaves_the_others():
    shop = make_shop()

    rules = services.change(shop, by=None, reason="快些", t_int_ack=120)

    assert rules.settings() == services.current(shop).settings() == {**DEFAULTS, "t_int_ack": 120}


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
        ("warn_only", ["E12", 13]),
        ("benefits", {"free_lunch": True}),
        ("benefits", {"late_ship": 1}),
        ("claim_cap_fen", 0),
        ("forced_reads_per_day", 0),
        ("bulk_address_limit", 0),
        ("arrive_balance_minutes", 61),
        ("arrive_card_days", 0),
        ("late_ship_percent", 101),
        ("counterfeit_times", 0),
        ("product_url", "https://shop.example/item"),
        ("product_url", None),
        ("product_url", "https://shop.example/{item}" + "x" * 300),
        ("agent_scope", "team"),
        ("version", 7),
        ("effective_at", 0),
    ],
)
def test_what_cannot_be_a_setting_is_refused_by_name(field, wrong):
    shop = make_shop()

    with pytest.raises(Refused) as refused:
        services.change(shop, by=None, reason="试试", **{field: wrong})

    assert (refused.value.code, refused.value.detail["field"]) == ("POLICY", field)
    assert services.current(shop).settings() == DEFAULTS


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("t_int_result", 0),
        ("t_int_result", 365 * 86_400 + 1),
        ("t_never", 60),
        ("t_nego", True),
        ("t_nego", "60"),
        ("t_nego", {}),
        ("t_ben_no_reason", 7 * 86_400 - 1),
    ],
)
def test_a_timer_is_a_known_one_between_a_second_and_a_year(name, seconds):
    shop = make_shop()

    with pytest.raises(Refused) as refused:
        services.change(shop, by=None, reason="试试", **{name: seconds})

    assert (refused.value.code, refused.value.detail["field"]) == ("POLICY", name)
    assert services.current(shop).settings() == DEFAULTS


def test_a_timer_runs_on_the_scaled_clock(settings):
    settings.CLOCK_SCALE = 0.01

    assert services.timer(Policy(), "T-INT-RESULT") == timedelta(seconds=864)


def test_a_stored_version_that_knows_less_takes_the_defaults_for_the_rest():
    shop = make_shop()
    Policy.objects.create(shop=shop, version=1, evidence={"zto_status": False, "gone_since": True}, benefits={})

    read = (services.current(shop), services.current_of([shop.pk])[shop.pk], Policy.objects.get())

    held = {**DEFAULTS, "evidence": {**DEFAULTS["evidence"], "zto_status": False}}
    assert [rules.settings() for rules in read] == [held] * 3


def test_the_database_keeps_a_version_once():
    shop = make_shop()
    services.change(shop, by=None, reason="一", auto_submit=True)

    with pytest.raises(IntegrityError, match="policy_once"), transaction.atomic():
        Policy.objects.create(shop=shop, version=1)


def test_the_rules_of_several_shops_are_read_in_one_statement(django_assert_num_queries):
    changed, untouched = make_shop(), make_shop()
    services.change(changed, by=None, reason="一", pay_when="returned")
    newest = services.change(changed, by=None, reason="二", t_nego=60)

    with django_assert_num_queries(1):
        found = services.current_of([changed.pk, untouched.pk])

    assert {shop: (rules.pk, rules.pay_when, rules.t_nego) for shop, rules in found.items()} == {
        changed.pk: (newest.pk, "returned", 60),
        untouched.pk: (None, "success", 86_400),
    }


@pytest.fixture
def one_more_rule(monkeypatch):
    """The book of rules with an evidence it does not hold yet."""
    seen = rules.rule("EV-ZTO-STATUS")
    more = replace(seen, code="EV-TEST-SCAN", setting="evidence.test_scan", titles=rules.Both("A new scan", "新扫描"))
    book = {**rules._book(), more.code: more}
    monkeypatch.setattr(rules, "_book", lambda: book)
    for cache in (switches._rules_of, switches._defaults_of):
        cache.cache_clear()
    yield
    monkeypatch.undo()
    for cache in (switches._rules_of, switches._defaults_of):
        cache.cache_clear()


def test_an_evidence_of_the_book_is_a_switch_of_every_shop(one_more_rule):
    shop = make_shop()
    Policy.objects.create(shop=shop, version=1, evidence={"zto_status": False})

    before = services.current(shop).evidence["test_scan"]
    after = services.change(shop, by=None, reason="关掉", evidence={"test_scan": False})

    assert (before, after.evidence["test_scan"], after.evidence["zto_status"]) == (True, False, False)
    assert services.current(make_shop()).evidence["test_scan"] is True
    with override("en"):
        assert dict(switches.EVIDENCE.choices())["test_scan"] == "A new scan"
