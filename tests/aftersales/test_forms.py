"""What each verb of a case, a refund, a return and a statement is told, and the sentence for what is wrong."""

from datetime import date
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import override

from aftersales.cases.enums import CaseKind
from aftersales.decisions.forms import AgreeForm, ApplyForm, ProposeForm, RefuseForm, SettleReturnForm, ShownForm
from aftersales.paying.forms import ConfirmPayoutForm, FilePayoutForm
from aftersales.refunds.forms import GrantWishForm, WishForm
from aftersales.returns.forms import InspectionForm, KeepForm, MatchForm, ScanForm, ShipBackForm
from aftersales.returns.inspecting import Count, Other
from aftersales.statements.forms import NoteForm, PullStatementForm, TakeStatementForm
from merchant.refusals import Refused

STALE = "The page did not say which version it showed; reload it."
AMOUNT = "Write the amount as yuan, for example 88.00."
PROOF = "Give the sum in yuan and the day it was paid."


@pytest.fixture(autouse=True)
def english():
    with override("en"):
        yield


def apply_form(typed):
    return ApplyForm(typed, kinds=[CaseKind.RETURN_REFUND, CaseKind.COMPENSATION])


@pytest.mark.parametrize(
    ("form", "typed", "told"),
    [
        (ShownForm, {"version": "3"}, {"version": 3}),
        (AgreeForm, {"version": "3", "reason": " fair "}, {"version": 3, "reason": "fair"}),
        (
            RefuseForm,
            {"version": "3", "reason": "used", "evidence": " scan 7 "},
            {"version": 3, "reason": "used", "evidence": {"note": "scan 7"}},
        ),
        (RefuseForm, {"version": "3"}, {"version": 3, "reason": "", "evidence": None}),
        (
            ProposeForm,
            {"amount": "88", "version": "3", "note": " a scratch "},
            {"amount": 8_800, "version": 3, "note": "a scratch"},
        ),
        (SettleReturnForm, {"version": "3"}, {"version": 3, "amount": None, "reason": ""}),
        (
            apply_form,
            {"kind": "compensation", "amount": "5.5", "reason": "a scratch"},
            {"kind": CaseKind.COMPENSATION, "amount": 550, "reason": "a scratch"},
        ),
        (
            ShipBackForm,
            {"version": "3", "courier": "zto", "waybill": " ZT1 "},
            {"version": 3, "courier": "zto", "waybill": "ZT1"},
        ),
        (WishForm, {"way": "card", "note": " by phone "}, {"way": "card", "note": "by phone"}),
        (GrantWishForm, {"shown": "12"}, {"shown": 12}),
        (GrantWishForm, {"shown": "x"}, {"shown": None}),
        (
            FilePayoutForm,
            {"paid_on": "2026-11-30", "amount": "88", "method": " bank ", "reference": "A1"},
            {"paid_on": date(2026, 11, 30), "amount": 8_800, "method": "bank", "reference": "A1"},
        ),
        (ConfirmPayoutForm, {}, {"shown": None}),
        (ConfirmPayoutForm, {"shown": ""}, {"shown": ""}),
        (ConfirmPayoutForm, {"shown": "A1"}, {"shown": "A1"}),
    ],
)
def test_a_form_hands_over_what_was_typed(form, typed, told):
    assert form(typed).checked() == told


@pytest.mark.parametrize(
    ("form", "typed", "code", "sentence", "field"),
    [
        *((form, {"version": typed}, "E16", STALE, "version")
          for form in (ShownForm, AgreeForm, RefuseForm, SettleReturnForm, ShipBackForm) for typed in ("", "x")),
        (ProposeForm, {}, "AMOUNT", AMOUNT, "amount"),
        (ProposeForm, {"amount": "eight", "version": "3"}, "AMOUNT", AMOUNT, "amount"),
        (ProposeForm, {"amount": "8"}, "E16", STALE, "version"),
        (SettleReturnForm, {"version": "3", "amount": "eight"}, "AMOUNT", AMOUNT, "amount"),
        (apply_form, {"amount": "5", "reason": "x"}, "KIND", "Choose what the buyer asks for.", "kind"),
        (apply_form, {"kind": "refund_only_shipped"}, "KIND", "Choose what the buyer asks for.", "kind"),
        (apply_form, {"kind": "compensation", "amount": "5.555", "reason": "x"}, "AMOUNT", AMOUNT, "amount"),
        (
            apply_form,
            {"kind": "compensation", "amount": "5", "reason": " "},
            "REASON",
            "Write why the buyer asks for it.",
            "reason",
        ),
        (FilePayoutForm, {"amount": "88"}, "PROOF", PROOF, "paid_on"),
        (FilePayoutForm, {"paid_on": "30.11.2026", "amount": "88"}, "PROOF", PROOF, "paid_on"),
        (FilePayoutForm, {"paid_on": "2026-11-30", "amount": "x"}, "PROOF", PROOF, "amount"),
    ],
)  # fmt: skip
def test_what_is_missing_or_wrong_is_said_in_its_own_sentence(form, typed, code, sentence, field):
    with pytest.raises(Refused) as refused:
        form(typed).checked()

    assert (refused.value.code, refused.value.message, refused.value.detail) == (code, sentence, {"field": field})


def test_units_are_read_line_by_line():
    form = SettleReturnForm({"version": "3", "units-7": "2", "units-8": "", "units-9": "two", "units-x": "1"})

    assert (form.checked()["version"], form.units()) == (3, {7: 2, 9: -1})


def lines_of_a_parcel():
    return [(SimpleNamespace(pk=7, title="杯子"), 2), (SimpleNamespace(pk=8, title="盘子"), 1)]


@pytest.mark.parametrize(
    ("typed", "counts", "others"),
    [
        ({"outcome": "fine", "sellable-7": "x"}, {7: Count(sellable=2), 8: Count(sellable=1)}, []),
        ({"outcome": "damaged"}, {7: Count(defective=2), 8: Count(defective=1)}, []),
        (
            {"outcome": "damaged", "sellable-7": "1", "missing-7": " 1 ", "defective-8": "1"},
            {7: Count(sellable=1, missing=1), 8: Count(defective=1)},
            [],
        ),
        (
            {"outcome": "differs", "what-0": " a brick ", "other-0": "1", "what-2": "", "other-2": "-4"},
            {7: Count(), 8: Count()},
            [Other("a brick", 1), Other("", 0)],
        ),
    ],
)
def test_an_inspection_is_read_line_by_line(typed, counts, others):
    form = InspectionForm({"note": "wet", **typed}, wanted=lines_of_a_parcel())

    assert (form.counts(), form.others(), form.checked()["note"]) == (counts, others, "wet")


@pytest.mark.parametrize("outcome", ["", "all"])
def test_nothing_is_inspected_before_somebody_says_what_was_found(outcome):
    form = InspectionForm({"outcome": outcome, "sellable-7": "2", "sellable-8": "1"}, wanted=lines_of_a_parcel())

    with pytest.raises(Refused) as refused:
        form.counts()

    assert (refused.value.code, refused.value.detail) == ("OUTCOME", {"field": "outcome"})


@pytest.mark.parametrize("written", ["two", "-1", "10000", "1.5"])
def test_a_count_that_is_none_names_its_line(written):
    form = InspectionForm({"outcome": "damaged", "sellable-7": "2", "missing-8": written}, wanted=lines_of_a_parcel())

    with pytest.raises(Refused) as refused:
        form.counts()

    assert (refused.value.code, refused.value.message, refused.value.detail) == (
        "COUNT",
        "盘子: write whole numbers.",
        {"field": "line-8"},
    )


@pytest.mark.parametrize(
    ("form", "typed", "told"),
    [
        (ScanForm, {"waybill": " ZT1 23\t4 ", "package": "9"}, {"waybill": "ZT1234", "package": 9}),
        (ScanForm, {"waybill": "x" * 50}, {"waybill": "X" * 40, "package": None}),
        (
            KeepForm,
            {"waybill": "ZT1", "note": " wet ", "shop": "4", "courier": "zto"},
            {"waybill": "ZT1", "note": "wet", "shop": 4, "courier": "zto"},
        ),
        (MatchForm, {"order": "1" * 70}, {"order": "1" * 64}),
        (NoteForm, {"note": " booked twice "}, {"note": "booked twice"}),
        (PullStatementForm, {"day": "2026-11-30"}, {"day": date(2026, 11, 30)}),
    ],
)
def test_what_the_warehouse_and_finance_type_is_handed_over(form, typed, told):
    assert form(typed).checked() == told


def statement(**typed):
    files = {"file": SimpleUploadedFile("a.csv", b"1")}
    return TakeStatementForm(typed, files).checked()


def test_a_statement_comes_with_its_days_or_without():
    assert {name: statement(from_date="2026-11-01")[name] for name in ("from_date", "to_date")} == {
        "from_date": date(2026, 11, 1),
        "to_date": None,
    }


@pytest.mark.parametrize(
    ("read", "code", "sentence", "field"),
    [
        (lambda: TakeStatementForm({}).checked(), "FILE", "Choose a file first.", "file"),
        (lambda: statement(from_date="yesterday"), "DAY", "“yesterday” is not a day.", "from_date"),
        (lambda: statement(to_date="2026-02-30"), "DAY", "“2026-02-30” is not a day.", "to_date"),
        (lambda: PullStatementForm({}).checked(), "DAY", "Choose a day first.", "day"),
        (lambda: PullStatementForm({"day": "soon"}).checked(), "DAY", "“soon” is not a day.", "day"),
    ],
)
def test_what_is_wrong_with_a_statement_is_said(read, code, sentence, field):
    with pytest.raises(Refused) as refused:
        read()

    assert (refused.value.code, refused.value.message, refused.value.detail) == (code, sentence, {"field": field})


def test_a_statement_that_is_too_large_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr("aftersales.statements.forms.MAX_BYTES", 0)

    with pytest.raises(Refused, match="The file is larger than 0 MB; split it."):
        statement()
