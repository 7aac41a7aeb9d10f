"""What every form of a verb shares: the refusal it raises, numbers, yuan, lengths of time."""

import pytest
from django import forms
from django.utils.translation import override

from merchant.refusals import Refused
from merchant.ui.forms import LengthField, NumberField, VerbForm, YuanField, amount_and_unit


class Form(VerbForm):
    codes = {"amount": "AMOUNT"}

    number = NumberField(required=False)
    amount = YuanField(wrong="No amount.", may_be_negative=True)
    why = forms.CharField(error_messages={"required": "Say why."})


@pytest.fixture(autouse=True)
def english():
    with override("en"):
        yield


def test_a_whole_form_is_what_the_service_is_told():
    assert Form({"number": "12", "amount": " 1,288.50 ", "why": " late "}).checked() == {
        "number": 12,
        "amount": 128_850,
        "why": "late",
    }


@pytest.mark.parametrize(
    ("typed", "code", "sentence", "field"),
    [
        ({}, "AMOUNT", "No amount.", "amount"),
        ({"amount": "8.888", "why": "x"}, "AMOUNT", "No amount.", "amount"),
        ({"amount": "8"}, "WHY", "Say why.", "why"),
        ({"amount": "8", "why": "  "}, "WHY", "Say why.", "why"),
    ],
)
def test_the_first_wrong_field_is_the_refusal(typed, code, sentence, field):
    with pytest.raises(Refused) as refused:
        Form(typed).checked()

    assert (refused.value.code, refused.value.message, refused.value.detail) == (code, sentence, {"field": field})


@pytest.mark.parametrize("typed", ["", "x", "-1", "²", "9" * 19])
def test_what_is_no_number_is_none_or_missing(typed):
    assert NumberField(required=False).clean(typed) is None
    with pytest.raises(forms.ValidationError, match="This field is required."):
        NumberField().clean(typed)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "This field is required."),
        ("x", "Write an amount in yuan, at most two decimals."),
        ("-0.01", "The amount cannot be negative."),
        ("1000.01", "At most 1,000.00 yuan."),
    ],
)
def test_what_cannot_be_an_amount_is_said(typed, sentence):
    with pytest.raises(forms.ValidationError) as wrong:
        YuanField(most=100_000).clean(typed)

    assert wrong.value.messages == [sentence]


def test_an_amount_that_may_be_left_out_or_be_less_than_nothing():
    assert YuanField(required=False).clean(" ") is None
    assert YuanField(may_be_negative=True).clean("-0.01") == -1
    assert YuanField().prepare_value(128_850) == "1288.50"


@pytest.mark.parametrize(
    ("seconds", "amount", "unit"),
    [(1, 1, "s"), (90, 90, "s"), (60, 1, "min"), (3600, 1, "h"), (172_800, 48, "h"), (259_200, 3, "d")],
)
def test_a_length_of_time_is_drawn_in_its_longest_unit(seconds, amount, unit):
    assert amount_and_unit(seconds) == (amount, unit)
    assert LengthField(wrong="No.").clean([str(amount), unit]) == seconds


@pytest.mark.parametrize("typed", [["", "s"], ["1.5", "h"], ["-1", "h"], ["1", "moons"], [None, None]])
def test_what_is_no_length_of_time_is_said(typed):
    with pytest.raises(forms.ValidationError) as wrong:
        LengthField(wrong="No length.", required=False).clean(typed)

    assert wrong.value.messages == ["No length."]
