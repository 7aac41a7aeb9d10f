"""States and reasons of an interception, and the named groups of states that queries and constraints share."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class InterceptionState(models.TextChoices):
    """Where the attempt to stop one parcel stands (state table, docs/states/interception.md)."""

    SUBMITTED = "submitted", _("Submitted")
    RUNNING = "running", _("Stopping")
    SUCCEEDED = "succeeded", _("Stopped")
    FAILED = "failed", _("Not stopped")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    RETURNING = "returning", _("Coming back")
    RETURNED = "returned", _("Back in the warehouse")
    DELIVERED_ANYWAY = "delivered_anyway", _("Delivered after all")
    LOST_SUSPECT = "lost_suspect", _("Perhaps lost")
    CLOSED_LOST = "closed_lost", _("Given up as lost")
    CLOSED_OK = "closed_ok", _("Closed, goods fine")
    CLOSED_DAMAGED = "closed_damaged", _("Closed, goods damaged")


S = InterceptionState

# One of these per (courier, waybill), held by the database (E14).
LIVE = (S.SUBMITTED, S.RUNNING, S.SUCCEEDED, S.RETURNING, S.RETURNED, S.LOST_SUSPECT)
# Nobody knows yet whether the parcel stops: a person waits for the answer.
OPEN = (S.SUBMITTED, S.RUNNING)
# The courier still moves the parcel for us: it stays on the watch list.
WATCHED = (S.SUBMITTED, S.RUNNING, S.SUCCEEDED, S.RETURNING)
# The parcel was stopped (and may be further on its way home).
STOPPED_STATES = (S.SUCCEEDED, S.RETURNING, S.RETURNED, S.CLOSED_OK, S.CLOSED_DAMAGED)
# The courier did turn it round, whether or not it has been found since.
TURNED_ROUND = (*STOPPED_STATES, S.LOST_SUSPECT, S.CLOSED_LOST)
# Stopped at some time, whatever became of the parcel then.
EVER_STOPPED = (*TURNED_ROUND, S.DELIVERED_ANYWAY)
# Stopped, and yet the goods did not come home: a claim on the courier.
ALARM = (S.DELIVERED_ANYWAY, S.LOST_SUSPECT)


class Reason(models.TextChoices):
    """Why an interception failed."""

    NONE = "", _("no reason")
    SIGNED = "signed", _("already signed for")
    IN_DELIVERY = "in_delivery", _("already out for delivery")
    NOT_FOUND = "not_found", _("the courier does not know the waybill")
    COURIER_REFUSED = "courier_refused", _("the courier refused")
    OTHERS_INTERCEPTION = "others_interception", _("somebody else has asked to stop it")
    TIMEOUT = "timeout", _("no answer in time")
    NOT_STOPPABLE = "not_stoppable", _("by its newest track it cannot be stopped")
    TRACK_UNREAD = "track_unread", _("the courier could not be asked where the parcel is")
    OTHER = "other", _("another reason")


class Evidence(models.TextChoices):
    """What proved the stop. Only the first two are on the closed list that may pay by itself."""

    NONE = "", _("none yet")
    STATUS = "status", _("the courier's answer")
    RETURN_SCAN = "return_scan", _("a return scan after acceptance")
    WAREHOUSE = "warehouse", _("the warehouse has it in hand")
    PERSON = "person", _("confirmed by a person")


class Question(models.TextChoices):
    """Why a person is asked: the result is not known, or what was seen may not pay by itself."""

    NONE = "", _("none")
    NO_RESULT = "no_result", _("no result in time")
    STATUS_UNCLEAR = (
        "status_unclear",
        _("the courier is changing the parcel's way, but has not said that it is stopped"),
    )
    ENDED = "ended", _("the courier has closed the request without saying how")
    CONFLICT = "conflict", _("the courier says stopped, the track says signed for")
    NOT_A_RETURN = "not_a_return", _("stopped, but a return was not what was asked for")
    NOT_LISTED = "not_listed", _("a return scan was made, which at this courier proves nothing by itself")
    SWITCHED_OFF = "switched_off", _("stopped, but this evidence may not pay by itself in this shop")
