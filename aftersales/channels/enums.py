"""What a channel can tell about a refund."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class WentTo(models.TextChoices):
    """Where the channel says the money went: as much as may be kept of the buyer's account."""

    BALANCE = "balance", _("the wallet's balance")
    CARD = "card", _("a bank card")


class RefundOutcome(models.TextChoices):
    """What a channel can tell us about one refund number: a closed set every adapter maps to."""

    SUCCESS = "success", _("the money has moved")
    PROCESSING = "processing", _("being paid")
    NOT_PAYABLE = "not_payable", _("cannot be paid any more")
    WAIT_FUNDS = "wait_funds", _("balance too low")
    ABNORMAL = "abnormal", _("buyer's account cannot receive")
    CLOSED = "closed", _("closed by the channel")
    UNKNOWN_NUMBER = "unknown_number", _("channel does not know the number")
    THROTTLED = "throttled", _("channel asks to come later")
    REFUSED = "refused", _("channel refused the call")
    DENIED = "denied", _("channel refused it for good")
    UNKNOWN = "unknown", _("no answer")
