"""Whom an order goes to, from the people and the rules alone."""

from types import SimpleNamespace

import pytest
from django.utils.translation import override

from orders.assignment.choosing import Candidate, Wanted, choose, none_text, why_text


def rule(name="规则", **more):
    said = {"kinds": [], "provinces": [], "least_fen": 0, "most_fen": 0, "skill": "", "team_id": None}
    return SimpleNamespace(name=name, **{**said, **more})


def wanted(**more):
    return Wanted(**{"kind": "goods", "province": "浙江省", "amount_fen": 8800, **more})


@pytest.mark.req("R1.14")
def test_the_least_full_of_those_with_the_skill_and_with_room_gets_it():
    busy = Candidate(1, "小苏", load=9, capacity=10, skills=frozenset({"生鲜"}))
    easy = Candidate(2, "小林", load=12, capacity=40, skills=frozenset({"生鲜"}))
    other = Candidate(3, "小陈", load=0)

    choice = choose(wanted(), [busy, easy, other], [rule("生鲜单", skill="生鲜")])

    assert choice.to is easy
    with override("en"):
        assert why_text(choice.rule_name, choice.why) == (
            "rule “生鲜单”; the least busy of 2; skill “生鲜”; 12 of 40 in hand"
        )


def test_somebody_full_gets_none_and_the_reason_is_told():
    full = Candidate(1, "小苏", load=10, capacity=10)

    nobody = choose(wanted(), [full], [])
    unskilled = choose(wanted(), [full], [rule(skill="安装")])

    with override("en"):
        assert (nobody.to, none_text(nobody)) == (None, "Everybody who may get it is full.")
        assert none_text(unskilled) == "Nobody here has the skill “安装”."


@pytest.mark.req("R1.13")
@pytest.mark.parametrize(
    ("order", "name"),
    [
        (wanted(province="四川省"), "四川"),
        (wanted(kind="service"), "服务"),
        (wanted(amount_fen=50_000), "大额"),
        (wanted(amount_fen=49_999), "其余"),
    ],
)
def test_the_first_rule_that_an_order_meets_decides(order, name):
    rules = [
        rule("四川", provinces=["四川省"]), rule("服务", kinds=["service"]), rule("大额", least_fen=50_000), rule("其余")
    ]  # fmt: skip

    assert choose(order, [Candidate(1, "小苏")], rules).rule_name == name


def test_who_keeps_the_customer_gets_the_order_while_there_is_room():
    keeper, idle = Candidate(1, "小苏", load=30), Candidate(2, "小林")

    assert choose(wanted(keeper_id=1), [keeper, idle], []).to is keeper
    keeper.capacity = 30
    assert choose(wanted(keeper_id=1), [keeper, idle], []).to is idle
