"""The whole tables of case and refund, by hand (domain 2.4): a verb is open where the table has a row, nowhere else."""

import itertools

import pytest
from django_fsm import can_proceed

from aftersales.cases.enums import CaseState as C
from aftersales.cases.models import Case
from aftersales.refunds.enums import RefundState as R
from aftersales.refunds.models import Refund

ALL = set(C)
OPEN = {
    C.APPLIED,
    C.WAIT_BUYER_REPLY,
    C.INTERCEPTING,
    C.REFUNDING,
    C.WAIT_BUYER_RETURN,
    C.WAIT_SELLER_RECEIVE,
    C.INSPECTING,
    C.WAIT_SELLER_RESEND,
    C.REPAIRING,
    C.WAIT_BUYER_RECEIVE,
    C.REFUSED,
    C.REFUSED_AFTER_RETURN,
    C.PLATFORM,
    C.REFUND_FAILED,
}
CASE_MOVES = {
    "agree": ({C.APPLIED, C.INTERCEPTING, C.WAIT_BUYER_REPLY}, C.REFUNDING),
    "agree_return": ({C.APPLIED}, C.WAIT_BUYER_RETURN),
    "agree_resend": ({C.APPLIED}, C.WAIT_SELLER_RESEND),
    "propose": ({C.APPLIED}, C.WAIT_BUYER_REPLY),
    "decline": ({C.WAIT_BUYER_REPLY}, C.APPLIED),
    "intercept": ({C.APPLIED}, C.INTERCEPTING),
    "hand_back": ({C.INTERCEPTING}, C.APPLIED),
    "refuse": ({C.APPLIED}, C.REFUSED),
    "edit": ({C.APPLIED, C.INTERCEPTING, C.WAIT_BUYER_REPLY, C.REFUSED}, C.APPLIED),
    "withdraw": (OPEN - {C.REFUNDING}, C.CANCELLED),
    "reopen": ({C.REFUNDING}, C.APPLIED),
    "cancel_refunding": ({C.REFUNDING}, C.CANCELLED),
    "succeed": ({C.REFUNDING, C.REFUND_FAILED}, C.SUCCESS),
    "fail": ({C.REFUNDING}, C.REFUND_FAILED),
    "retry": ({C.REFUND_FAILED}, C.REFUNDING),
    "escalate": ({C.REFUSED, C.REFUSED_AFTER_RETURN}, C.PLATFORM),
    "close": ({C.REFUSED, C.REFUSED_AFTER_RETURN, C.WAIT_BUYER_RETURN}, C.CLOSED),
    "ship_back": ({C.WAIT_BUYER_RETURN}, C.WAIT_SELLER_RECEIVE),
    "receive": ({C.WAIT_SELLER_RECEIVE}, C.INSPECTING),
    "grant": ({C.INSPECTING, C.WAIT_SELLER_RECEIVE, C.PLATFORM, C.WAIT_SELLER_RESEND}, C.REFUNDING),
    "exchange": ({C.INSPECTING}, C.WAIT_SELLER_RESEND),
    "repair": ({C.INSPECTING}, C.REPAIRING),
    "refuse_return": ({C.INSPECTING}, C.REFUSED_AFTER_RETURN),
    "settle_return": ({C.REFUSED_AFTER_RETURN}, C.REFUNDING),
    "reopen_return": ({C.REFUNDING}, C.REFUSED_AFTER_RETURN),
    "resend": ({C.WAIT_SELLER_RESEND, C.REPAIRING}, C.WAIT_BUYER_RECEIVE),
    "arrive": ({C.WAIT_BUYER_RECEIVE}, C.SUCCESS),
    "dismiss": ({C.PLATFORM}, C.CLOSED),
    # Law 8: from any state the platform's newer version moves our case.
    "platform_applied": (ALL, C.APPLIED),
    "platform_wait_buyer_reply": (ALL, C.WAIT_BUYER_REPLY),
    "platform_refunding": (ALL, C.REFUNDING),
    "platform_wait_buyer_return": (ALL, C.WAIT_BUYER_RETURN),
    "platform_wait_seller_receive": (ALL, C.WAIT_SELLER_RECEIVE),
    "platform_wait_seller_resend": (ALL, C.WAIT_SELLER_RESEND),
    "platform_wait_buyer_receive": (ALL, C.WAIT_BUYER_RECEIVE),
    "platform_refused": (ALL, C.REFUSED),
    "platform_refused_after_return": (ALL, C.REFUSED_AFTER_RETURN),
    "platform_platform": (ALL, C.PLATFORM),
    "platform_success": (ALL, C.SUCCESS),
    "platform_closed": (ALL, C.CLOSED),
    "platform_cancelled": (ALL, C.CANCELLED),
}
REFUND_MOVES = {
    "approve": ({R.CREATED}, R.APPROVED),
    "reject": ({R.CREATED, R.APPROVED}, R.REJECTED),
    "void": ({R.CREATED, R.APPROVED, R.PROCESSING, R.WAIT_FUNDS}, R.VOID),
    "send": ({R.APPROVED}, R.PROCESSING),
    "settle": ({R.PROCESSING, R.WAIT_FUNDS, R.ABNORMAL}, R.SUCCESS),
    "wait_funds": ({R.PROCESSING}, R.WAIT_FUNDS),
    "resume": ({R.WAIT_FUNDS}, R.PROCESSING),
    "turn_abnormal": ({R.PROCESSING, R.WAIT_FUNDS}, R.ABNORMAL),
    "close": ({R.PROCESSING, R.WAIT_FUNDS}, R.CLOSED),
    "adopt": ({R.CLOSED}, R.SUCCESS),
    "pay_offline": ({R.APPROVED, R.ABNORMAL, R.CLOSED}, R.OFFLINE_DONE),
}


def verbs_of(model) -> set[str]:
    return {name for name in dir(model) if hasattr(getattr(model, name, None), "_django_fsm")}


def test_the_tables_name_every_transition_of_the_models():
    assert verbs_of(Case) == set(CASE_MOVES)
    assert verbs_of(Refund) == set(REFUND_MOVES)


@pytest.mark.parametrize(("verb", "state"), list(itertools.product(CASE_MOVES, C)))
def test_a_case_moves_only_where_the_table_says(verb, state):
    sources, target = CASE_MOVES[verb]
    case = Case(state=state)

    assert can_proceed(getattr(case, verb)) is (state in sources)
    if state in sources:
        getattr(case, verb)()
        assert case.state == target


@pytest.mark.parametrize(("verb", "state"), list(itertools.product(REFUND_MOVES, R)))
def test_a_refund_moves_only_where_the_table_says(verb, state):
    sources, target = REFUND_MOVES[verb]
    refund = Refund(state=state)

    assert can_proceed(getattr(refund, verb)) is (state in sources)
    if state in sources:
        getattr(refund, verb)()
        assert refund.state == target
