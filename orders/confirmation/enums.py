from django.db import models
from django.utils.translation import pgettext_lazy


class Channel(models.TextChoices):
    PHONE = "phone", pgettext_lazy("contact", "phone")
    CHAT = "chat", pgettext_lazy("contact", "chat")
    SMS = "sms", pgettext_lazy("contact", "text message")


class Result(models.TextChoices):
    """CONFIRMED moves the order on, DOUBT sends it back to review, the other leaves it where it is."""

    CONFIRMED = "confirmed", pgettext_lazy("contact", "confirmed")
    NO_ANSWER = "no_answer", pgettext_lazy("contact", "no answer")
    DOUBT = "doubt", pgettext_lazy("contact", "in doubt")
