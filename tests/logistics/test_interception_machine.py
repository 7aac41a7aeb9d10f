"""The transition table of an interception, the whole of it by hand."""

import itertools

import pytest
from django.db import IntegrityError, transaction
from django_fsm import can_proceed

from logistics.interception.enums import LIVE, STOPPED_STATES, WATCHED
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from tests.logistics.factories import make_package, running, submitted

MOVES = {
    "accept": ({S.SUBMITTED}, S.RUNNING),
    "succeed": ({S.RUNNING, S.FAILED}, S.SUCCEEDED),
    "fail": ({S.SUBMITTED, S.RUNNING}, S.FAILED),
    "mark_unknown": ({S.RUNNING}, S.RUNNING),
    "withdraw": ({S.SUBMITTED, S.RUNNING}, S.WITHDRAWN),
    "turn_back": ({S.SUCCEEDED, S.FAILED}, S.RETURNING),
    "receive": ({S.RETURNING, S.LOST_SUSPECT}, S.RETURNED),
    "deliver_anyway": ({S.SUCCEEDED, S.RETURNING}, S.DELIVERED_ANYWAY),
    "suspect_loss": ({S.SUCCEEDED, S.RETURNING}, S.LOST_SUSPECT),
    "give_up": ({S.LOST_SUSPECT}, S.CLOSED_LOST),
    "close_ok": ({S.RETURNED}, S.CLOSED_OK),
    "close_damaged": ({S.RETURNED}, S.CLOSED_DAMAGED),
}


@pytest.mark.parametrize(("verb", "state"), list(itertools.product(MOVES, S)))
def test_an_interception_moves_only_where_the_table_says(verb, state):
    sources, target = MOVES[verb]
    interception = Interception(state=state)

    assert can_proceed(getattr(interception, verb)) is (state in sources)

    if state in sources:
        getattr(interception, verb)()
        assert interception.state == target


def test_the_table_holds_every_verb_of_the_machine():
    verbs = {transition.name for transition in Interception(state=S.RUNNING).get_all_state_transitions()}

    assert verbs == set(MOVES)


def test_the_groups_of_states_are_what_the_rules_say():
    assert set(LIVE) == {S.SUBMITTED, S.RUNNING, S.SUCCEEDED, S.RETURNING, S.RETURNED, S.LOST_SUSPECT}
    assert set(WATCHED) == {S.SUBMITTED, S.RUNNING, S.SUCCEEDED, S.RETURNING}
    assert set(STOPPED_STATES) == {S.SUCCEEDED, S.RETURNING, S.RETURNED, S.CLOSED_OK, S.CLOSED_DAMAGED}


@pytest.mark.django_db
def test_the_database_keeps_one_live_interception_a_waybill():
    first = submitted()
    twin = Interception(
        shop=first.shop,
        number="IC-TWIN",
        package=first.package,
        courier=first.courier,
        waybill=first.waybill,
        kind=first.kind,
        submitted_at=first.submitted_at,
    )

    with pytest.raises(IntegrityError, match="interception_one_live_a_waybill"), transaction.atomic():
        twin.save()

    assert Interception.objects.of_waybill(first.courier, first.waybill).count() == 1


@pytest.mark.django_db
def test_the_database_knows_only_the_states_of_the_table():
    row = running(make_package())

    with pytest.raises(IntegrityError, match="interception_state_known"), transaction.atomic():
        Interception.objects.filter(pk=row.pk).update(state="stopped")
