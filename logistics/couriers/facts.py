"""What a courier can and cannot do, in sentences: the one place that turns capabilities into words for people."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from logistics.couriers.base import Account, Capabilities, Courier, Kind


@dataclass(frozen=True)
class Facts:
    """`brief` is what a person needs before pressing, `more` what they may want to know; `undo` is one of the brief."""

    brief: list[Any]
    more: list[Any] = field(default_factory=list)
    undo: Any = ""

    @property
    def all(self) -> list[Any]:
        return [*self.brief, *self.more]


def facts_of(courier: Courier | None, account: Account | None = None) -> Facts:
    """The sentences about this courier, or about this account of it: how it is set up may stand in the way."""
    if courier is None:
        return Facts([_("We cannot talk to this courier by machine.")])
    can = courier.capabilities
    obstacle = courier.obstacle(account) if account is not None else ""
    undo = (
        _("An interception can be withdrawn.") if can.can_cancel else _("This courier cannot withdraw an interception.")
    )
    is_way = account is not None and account.courier != courier.code
    way = _("Asked through %(name)s.") % {"name": courier.label} if is_way else ""
    return Facts(
        [*filter(None, (obstacle, way)), _result(can, courier.evidence_of(account)), undo, _reach(can)],
        _more(can),
        undo,
    )


def push_guide(courier: Courier) -> Any:
    """What is to be done at the courier with an account's push address."""
    if courier.carrier is None:
        return _("%(name)s is told it with each parcel: there is nothing to enter.") % {"name": courier.label}
    if courier.takes_push_address_on_its_site:
        return _("Enter it on the courier's site. It takes push addresses there and nowhere else.")
    return _("Give it to the courier as your application's push address. Each parcel's pushes are asked for by us.")


def _result(can: Capabilities, evidence: str) -> Any:
    if can.can_query_state:
        return _("This courier can be asked for the result.")
    if evidence == "person":
        return _("This courier does not tell the result, and its return scan proves nothing: a person decides.")
    return _("This courier does not tell the result; it is read from the track.")


def _reach(can: Capabilities) -> Any:
    if can.intercepts_at_destination:
        return _("Parcels are stopped even at the delivering site.")
    return _("Parcels are stopped only before they reach the delivering site.")


def _more(can: Capabilities) -> list[Any]:
    found: list[Any] = []
    if not {Kind.RETURN_TO_SITE, Kind.RETURN_TO_SENDER} <= can.kinds:
        found.append(_("It does not tell the collecting site from the sender: expect the parcel at either."))
    if Kind.RETURN_TO_ADDRESS not in can.kinds:
        found.append(_("It sends a parcel back to the sender only, not to another address of yours."))
    found.append(
        _("It pushes every scan once it was asked to.")
        if can.can_subscribe
        else _("It pushes no scans: each parcel is asked about.")
    )
    if not can.signs_pushes:
        found.append(_("Its pushes carry no signature, so each one only makes us read the track."))
    if can.min_interval_s:
        minutes = max(round(can.min_interval_s / 60), 1)
        sentence = ngettext_lazy(
            "One parcel is asked about at most once a minute.",
            "One parcel is asked about at most once in %(minutes)d minutes.",
            "minutes",
        )
        found.append(sentence % {"minutes": minutes})
    if can.needs_phone_last4:
        found.append(_("It may want the last four digits of the sender's or receiver's phone before it shows a track."))
    found.append(
        _("It says what a stop costs.")
        if can.tells_fee
        else _("It does not say what a stop costs: the rate card is booked until its bill comes.")
    )
    return found
