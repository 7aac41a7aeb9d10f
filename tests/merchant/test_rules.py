"""docs/rules.md against the code that cites it, and docs/requirements.csv against its own promises."""

import csv
import re
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils.translation import override

from aftersales.cases.clocks import FIXED
from cs_workbench.orders.cards import PII_STOP
from merchant.people.rights import ROLES, Right
from merchant.policy import rules
from merchant.policy.models import SETTINGS, SWITCHES, TIMERS, Policy
from merchant.policy.rules import Both, Rule
from merchant.policy.switches import BENEFITS, EVIDENCE, REVIEW_RULES
from orders.record.enums import Benefit

ROOMS = ("merchant", "orders", "logistics", "aftersales", "cs_workbench")
# E01, M13, T-INT-RESULT, LAW-8, EV-ZTO-STATUS, P-AUTO-AGREE, PII-QUOTA, BEN-LATE-SHIP
CITED = re.compile(r"\b(E(?:0[1-9]|1[0-6])|M(?:1[0-6]|[1-9])|(?:T|P|PII|EV|LAW|BEN|REV)-[A-Z0-9]+(?:-[A-Z0-9]+)*)\b")
# Words of the outside world that only look like a code.
NOT_OURS = {"T-SQL"}

SECTION = """## Money · 金额

### M99 · A rule · 一条规则

- en: It says something.
- zh: 说一件事。
- source: assumption · 假设值
- default: 1200 fen
- setting: –
- applies: later
"""


def sources() -> dict[str, str]:
    found = {}
    for room in ROOMS:
        for path in sorted((settings.BASE_DIR / room).rglob("*.py")):
            found[str(path.relative_to(settings.BASE_DIR))] = path.read_text(encoding="utf-8")
    return found


def test_a_section_is_read_into_a_rule():
    (rule,) = rules.parse(SECTION)

    assert rule == Rule(
        code="M99",
        group=Both("Money", "金额"),
        titles=Both("A rule", "一条规则"),
        texts=Both("It says something.", "说一件事。"),
        sources=Both("assumption", "假设值"),
        default="1200 fen",
        setting="–",
        applies_now=False,
    )


def test_a_section_that_leaves_a_line_out_is_an_error():
    with pytest.raises(ValueError, match="M99 must say en, zh, source, default, setting, applies"):
        list(rules.parse(SECTION.replace("- source: assumption · 假设值\n", "")))


@pytest.mark.parametrize(
    ("default", "value", "in_english", "in_chinese"),
    [
        ("50000 fen", 50_000, "¥500.00", "¥500.00"),
        ("100", 100, "100", "100"),
        ("48 h", timedelta(hours=48), "48 h", "48 小时"),
        ("10 min", timedelta(minutes=10), "10 min", "10 分钟"),
        ("7 d", timedelta(days=7), "7 d", "7 天"),
        ("60 s", timedelta(seconds=60), "60 s", "60 秒"),
        ("on", True, "on", "开"),
        ("off", False, "off", "关"),
        ("success", "success", "at the courier's success", "拦截成功时"),
        (
            "zto, yto, sto, jt",
            ("zto", "yto", "sto", "jt"),
            "ZTO Express, YTO Express, STO Express, J&T Express",
            "中通快递、圆通速递、申通快递、极兔速递",
        ),
        ("–", None, "", ""),
    ],
)
def test_a_default_is_a_value_and_a_word(default, value, in_english, in_chinese):
    (rule,) = rules.parse(SECTION.replace("1200 fen", default))

    assert (rule.value, rule.default_text("en"), rule.default_text("zh-hans")) == (value, in_english, in_chinese)


def test_a_right_names_its_roles_and_their_limits():
    agree = rules.rule("RIGHT-AGREE-CASE")

    assert agree.value == {"agent": 20_000, "supervisor": 100_000, "owner": None}
    with override("en"):
        assert (
            agree.default_text()
            == "Customer-service agent ≤ ¥200.00, Customer-service supervisor ≤ ¥1,000.00, Shop owner"
        )


def test_a_rule_speaks_the_language_of_the_page():
    rule = rules.rule("E10")

    with override("zh-hans"):
        chinese = (rule.title(), rule.source(), rule.text().split("：")[0])
    with override("en"):
        english = (rule.title(), rule.source(), rule.text().split(":")[0])

    assert chinese == ("退款金额低于 500 元", "快手拦截公告", "退款金额须严格低于上限")
    assert english == (
        "Refund below ¥500",
        "the Kuaishou notice",
        "The refund of the case is strictly less than the limit",
    )


def test_the_book_holds_every_check_amount_law_and_right_once():
    codes = [rule.code for rule in rules.all_rules()]

    assert [code for code, times in Counter(codes).items() if times > 1] == []
    assert [code for code in codes if re.fullmatch(r"E\d\d", code)] == [f"E{n:02}" for n in range(1, 17)]
    assert [code for code in codes if re.fullmatch(r"M\d+", code)] == [f"M{n}" for n in range(1, 17)]
    assert [code for code in codes if code.startswith("LAW-")] == [f"LAW-{n}" for n in range(1, 10)]
    assert {code for code in codes if code.startswith("RIGHT-")} == {
        f"RIGHT-{r.value.upper().replace('_', '-')}" for r in Right
    }


def test_every_rule_speaks_both_languages():
    poor = [
        rule.code
        for rule in rules.all_rules()
        for both in (rule.group, rule.titles, rule.texts, rule.sources)
        if not re.search(r"[一-鿿]", both.zh) or re.search(r"[一-鿿]", both.en) or both.en.strip() != both.en
    ]

    assert poor == []


def test_every_rule_has_an_anchor_of_its_own_name():
    page = (settings.BASE_DIR / "docs" / "rules.md").read_text(encoding="utf-8")

    assert re.findall(r'<a id="([^"]+)"></a>\n\n### (\S+) ', page) == [
        (rule.code, rule.code) for rule in rules.all_rules()
    ]


def test_the_groups_keep_the_order_of_the_page():
    assert [(group.en, len(found)) for group, found in rules.groups()] == [
        ("Interception checks", 16),
        ("Evidence that may pay by itself", 6),
        ("Money", 16),
        ("Clocks", 42),
        ("The shop's own choices", 35),
        ("Review of orders", 17),
        ("Promises to the buyer", 26),
        ("When a refund arrives", 3),
        ("Rights", 36),
        ("Personal data", 7),
        ("The road", 9),
    ]


def test_every_code_that_the_program_cites_is_in_the_book():
    known = {rule.code for rule in rules.all_rules()}

    unknown = {
        f"{path}: {code}"
        for path, text in sources().items()
        for code in CITED.findall(text)
        if code not in known and code not in NOT_OURS
    }

    assert sorted(unknown) == []


def test_a_rule_that_applies_now_is_acted_on_somewhere():
    cited = {code for text in sources().values() for code in CITED.findall(text)}

    silent = [
        rule.code
        for rule in rules.all_rules()
        if rule.applies_now and re.match(r"E\d|M\d|T-", rule.code) and rule.code not in cited
    ]

    assert silent == []


def test_every_setting_in_the_book_has_the_default_that_the_book_says():
    policy = Policy()
    differing = []
    for rule in rules.all_rules():
        if rule.setting == rules.NONE:
            continue
        name, _, switch = rule.setting.partition(".")
        held = getattr(policy, name)
        if name in TIMERS.values():
            held = timedelta(seconds=held)
        elif switch:
            held = held[switch]
        elif name == "warn_only":
            held = rule.code in held
        elif isinstance(held, list):
            held = tuple(held)
        elif name in ("refund_window", "product_url"):
            held = bool(held)
        if held != rule.value:
            differing.append((rule.code, rule.setting, held, rule.value))

    assert differing == []


def test_the_clocks_that_no_shop_changes_yet_run_as_long_as_the_book_says():
    running = {str(clock.value): timedelta(seconds=seconds) for clock, seconds in FIXED.items()}

    assert running == {code: rules.rule(code).value for code in running}
    assert rules.rule("T-PII-STOP").value == PII_STOP


def test_every_column_of_a_policy_names_its_rules_and_every_rule_its_column():
    in_the_book = {(rule.code, rule.setting) for rule in rules.all_rules() if rule.setting != rules.NONE}

    on_the_row = {
        (code, name)
        for name, column in SETTINGS.items()
        if name not in SWITCHES
        for code in (column.db_comment or "").split(", ")
    }
    on_the_row |= {(f"EV-{name.upper().replace('_', '-')}", f"evidence.{name}") for name in EVIDENCE.defaults()}
    on_the_row |= {(rules.benefit_code(name), f"benefits.{name}") for name in BENEFITS.defaults()}
    on_the_row |= {(f"REV-{name.upper()}", f"review_rules.{name}") for name in REVIEW_RULES.defaults()}

    assert on_the_row == in_the_book
    assert {name: SETTINGS[name].db_comment for name in SWITCHES} == {
        "evidence": "EV-*",
        "benefits": "BEN-*",
        "review_rules": "REV-*",
    }


def test_what_is_no_setting_of_a_policy_is_its_shop_its_version_and_who_wrote_it_why():
    others = [field.name for field in Policy._meta.fields if field.name not in SETTINGS]

    assert others == ["id", "shop", "version", "effective_at", "by", "reason"]
    assert {code.lower().replace("-", "_") for code in TIMERS} == set(TIMERS.values())


def test_a_word_of_the_book_is_a_choice_of_its_setting():
    words = {
        rule.setting: rule.value
        for rule in rules.all_rules()
        if isinstance(rule.value, str) and not rule.setting.startswith("hours_")
    }

    assert {name: value in dict(SETTINGS[name].choices) for name, value in words.items()} == {
        "pay_when": True,
        "release_manual_refunds": True,
        "pii_count": True,
        "agent_scope": True,
        "second_factor": True,
        "courier_by": True,
    }


def test_every_promise_to_the_buyer_is_a_rule_with_a_switch_and_only_the_law_is_on():
    switches = {rule.code: (rule.setting, rule.value) for rule in rules.all_rules() if rule.setting[:9] == "benefits."}

    assert list(BENEFITS.defaults()) == [str(benefit) for benefit in Benefit]
    assert switches == {
        rules.benefit_code(benefit): (f"benefits.{benefit}", benefit == Benefit.NO_REASON_RETURN) for benefit in Benefit
    }


def test_the_default_roles_are_the_ones_in_the_book():
    written = {rule.code: rule.value for rule in rules.all_rules() if rule.code.startswith("RIGHT-")}

    held = {
        f"RIGHT-{right.value.upper().replace('_', '-')}": {
            slug: role.limits.get(right) for slug, role in ROLES.items() if right in role.rights
        }
        for right in Right
    }

    assert written == held


def test_the_requirements_are_225_and_each_is_named_once():
    with (settings.BASE_DIR / "docs" / "requirements.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert list(rows[0]) == ["id", "area", "requirement", "shown_as"]
    assert len({row["id"] for row in rows}) == len(rows) == 225
    assert Counter(row["id"][:2] for row in rows) == {"R0": 45, "R1": 71, "R2": 52, "R3": 57}
    for source, count in {"R0": 45, "R1": 71, "R2": 52, "R3": 57}.items():
        assert {row["id"] for row in rows if row["id"].startswith(source)} == {
            f"{source}.{n}" for n in range(1, count + 1)
        }
    assert [row["id"] for row in rows if not all(value.strip() for value in row.values())] == []
