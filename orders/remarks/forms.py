from django import forms

from merchant.ui.forms import NumberField, VerbForm
from merchant.ui.query_params import parse_int


class NoteForm(VerbForm):
    """A remark, with a flag where one was chosen; the service judges both."""

    text = forms.CharField(required=False)
    flag = NumberField(required=False)


class FlagForm(VerbForm):
    """0 to 5, nothing for no flag; what is no number is -1, a flag that does not exist."""

    flag = forms.CharField(required=False, strip=False)

    def clean_flag(self) -> int | None:
        written = self.cleaned_data["flag"]
        if not written:
            return None
        number = parse_int(written)
        return -1 if number is None else number


class UndoFlagForm(VerbForm):
    """`undo` names the change an earlier answer gave; 0, which is none, for what is no number."""

    undo = NumberField(required=False)

    def clean_undo(self) -> int:
        return self.cleaned_data["undo"] or 0
