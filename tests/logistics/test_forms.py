"""What each verb of a claim and of an interception is told, and the sentence for what is wrong. No database."""

import pytest
from django.utils.translation import override

from logistics.claims.forms import (
    AcceptClaimForm,
    BookPaymentForm,
    DraftClaimForm,
    EditClaimForm,
    FileClaimForm,
    ParcelForm,
)
from logistics.interception.forms import BillForm, GiveUpForm
from merchant.refusals import Refused

AMOUNT = "That is not an amount in yuan."
CAUSE = "Say what happened and how the amount was found."


@pytest.fixture(autouse=True)
def english():
    with override("en"):
        yield


@pytest.mark.parametrize(
    ("form", "typed", "told"),
    [
        (ParcelForm, {"shop": "4", "waybill": " ZT1 "}, {"shop": 4, "waybill": "ZT1"}),
        (ParcelForm, {}, {"shop": None, "waybill": ""}),
        (
            DraftClaimForm,
            {"cause": "lost", "basis": "goods_cost", "loss": "45", "note": " empty box "},
            {"cause": "lost", "basis": "goods_cost", "loss": 4_500, "note": "empty box"},
        ),
        (
            EditClaimForm,
            {"loss": "45", "insured": "", "basis": "goods_cost", "note": ""},
            {"insured": None, "loss": 4_500, "basis": "goods_cost", "note": ""},
        ),
        (EditClaimForm, {"loss": "45", "insured": "60"}, {"insured": 6_000, "loss": 4_500, "basis": "", "note": ""}),
        (FileClaimForm, {"through": "portal", "reference": " K9 "}, {"through": "portal", "reference": "K9"}),
        (AcceptClaimForm, {"agreed": "-1"}, {"agreed": -100}),
        (
            BookPaymentForm,
            {"paid": "30", "through": "set_off", "reference": "K9"},
            {"paid": 3_000, "through": "set_off", "reference": "K9"},
        ),
        (
            BillForm,
            {"fee": "3", "freight": "0", "reference": "B1"},
            {"fee": 300, "freight": 0, "reference": "B1"},
        ),
        (GiveUpForm, {"reason": " gone "}, {"reason": "gone"}),
    ],
)
def test_a_form_hands_over_what_was_typed(form, typed, told):
    assert form(typed).checked() == told


@pytest.mark.parametrize(
    ("form", "typed", "code", "sentence", "field"),
    [
        (DraftClaimForm, {"basis": "goods_cost", "loss": "45"}, "CAUSE", CAUSE, "cause"),
        (DraftClaimForm, {"cause": "lost", "basis": "whim", "loss": "45"}, "CAUSE", CAUSE, "basis"),
        (DraftClaimForm, {"cause": "lost", "basis": "goods_cost", "loss": ""}, "AMOUNT", AMOUNT, "loss"),
        (EditClaimForm, {"insured": "x", "loss": "45"}, "AMOUNT", AMOUNT, "insured"),
        (EditClaimForm, {"insured": "", "loss": "x"}, "AMOUNT", AMOUNT, "loss"),
        (AcceptClaimForm, {}, "AMOUNT", AMOUNT, "agreed"),
        (BookPaymentForm, {"paid": "3.333", "through": "set_off"}, "AMOUNT", AMOUNT, "paid"),
        (BillForm, {"freight": "0"}, "AMOUNT", AMOUNT, "fee"),
        (BillForm, {"fee": "3", "freight": "?"}, "AMOUNT", AMOUNT, "freight"),
        (GiveUpForm, {"reason": " "}, "REASON", "Say why it is given up.", "reason"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_its_own_sentence(form, typed, code, sentence, field):
    with pytest.raises(Refused) as refused:
        form(typed).checked()

    assert (refused.value.code, refused.value.message, refused.value.detail) == (code, sentence, {"field": field})
