"""What is typed about statements: a file with its days, a day to fetch, a word on a difference."""

from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from aftersales.statements.reading import MAX_BYTES
from merchant.ui.forms import NumberField, VerbForm


class DayField(forms.CharField):
    """2026-11-30 as a day, None for nothing where it is not required."""

    def clean(self, value: Any) -> date | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            found = parse_date(text)
        except ValueError:
            found = None
        if found is None:
            raise forms.ValidationError(_("“%(text)s” is not a day."), params={"text": text[:20]})
        return found


class NoteForm(VerbForm):
    """What explains a difference; the service says where it is needed."""

    note = forms.CharField(required=False)


class StatementShopForm(VerbForm):
    shop = NumberField(required=False)


class TakeStatementForm(VerbForm):
    """A statement somebody downloaded, and the days it covers where the file does not say."""

    codes = {"from_date": "DAY", "to_date": "DAY"}

    file = forms.FileField(allow_empty_file=True, error_messages={"required": _("Choose a file first.")})
    from_date = DayField(required=False)
    to_date = DayField(required=False)

    def clean_file(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        if upload.size and upload.size > MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %(most)d MB; split it."), params={"most": MAX_BYTES // 1024 // 1024}
            )
        return upload


class PullStatementForm(VerbForm):
    day = DayField(error_messages={"required": _("Choose a day first.")})
