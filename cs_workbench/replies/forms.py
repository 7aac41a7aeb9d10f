from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cs_workbench.replies import variables
from cs_workbench.replies.models import QuickReply
from merchant.refusals import Refused
from merchant.ui.forms import StyledFormMixin


class QuickReplyForm(StyledFormMixin, forms.ModelForm):
    class Meta:
        model = QuickReply
        fields = ("title", "text")
        widgets = {"text": forms.Textarea}
        help_texts = {"text": _("At most 500 characters. What stands in braces is filled from the open order.")}

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].translate(variables.WIDE_BRACES)
        try:
            variables.check_text(text)
        except Refused as refusal:
            raise ValidationError(refusal.message) from None
        return text
