"""The kinds of calls to a courier, and how one ended."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Operation(models.TextChoices):
    """One kind of call to a courier."""

    CREATE = "create_intercept", _("ask to stop")
    CANCEL = "cancel_intercept", _("withdraw")
    QUERY = "query_intercept", _("ask for the result")
    TRACK = "track", _("read the track")
    TRY = "try_connection", _("test the connection")


class CallOutcome(models.TextChoices):
    """How a call ended. `calling` after its lease means that nobody knows."""

    CALLING = "calling", _("calling")
    OK = "ok", _("answered")
    REFUSED = "refused", _("refused")
    NOT_SENT = "not_sent", _("not taken, may be tried again")
    UNKNOWN = "unknown", _("no usable answer")
