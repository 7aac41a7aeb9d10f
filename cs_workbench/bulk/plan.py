"""What a run would do to each order, asked of the very policies that guard it; nothing is changed here.

A plan is frozen in a signed token: the orders, what the page showed of each, and the number the run will bear. So the
same press twice is one run, and an order that came after the look is in none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.http import Http404
from django.utils.translation import gettext as _

from aftersales.cases.enums import CLOSED_STATES
from aftersales.cases.models import Case
from aftersales.decisions import policies as cases
from cs_workbench.bulk.enums import Verb
from cs_workbench.bulk.selection import Selection
from merchant.numbers import new_number
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from orders.editing import policies as editing
from orders.editing.labels import Label, labels_of
from orders.record.models import Order

SALT = "huicang.bulk"
# A page left open longer is drawn again; a run that was begun from it is still found by its number.
TOKEN_AGE_S = 12 * 3600


@dataclass(frozen=True)
class Line:
    """One order of the preview. `shown` is what a run compares with: the recipient's id, the case's id and version."""

    order: Order
    sentence: Any = ""
    codes: list[str] = field(default_factory=list)
    case: Case | None = None
    shown: Any = None

    @property
    def is_allowed(self) -> bool:
        return self.shown is not None


@dataclass(frozen=True)
class Frozen:
    """What the token carries. `entries`: [order id, shown]; shown None is an order the look refused."""

    number: str
    shop_id: int
    verb: str
    entries: list[list[Any]]
    is_all: bool

    @property
    def allowed(self) -> int:
        return sum(shown is not None for _pk, shown in self.entries)


def lines(verb: str, orders: Sequence[Order], user: Any) -> list[Line]:
    """A line for each order, in their order. Statements do not grow with them but for `intercept`, which weighs E01 to
    E16 for each case there is."""
    ids = [order.pk for order in orders]
    if verb == Verb.ADDRESS:
        labels = labels_of(ids)
        return [_address(order, user, labels[order.pk]) for order in orders]
    if verb == Verb.FLAG:
        return [_line(order, 1, lambda o=order: check_right(user, o.shop_id, Right.REMARK_ORDER)) for order in orders]
    found: dict[int, Case] = {}
    for case in Case.objects.filter(order_id__in=ids).exclude(state__in=CLOSED_STATES).order_by("pk"):
        found[case.order_id] = case
    return [_intercept(order, user, found.get(order.pk)) for order in orders]


def _line(order: Order, shown: Any, check: Any, **more: Any) -> Line:
    try:
        check()
    except Refused as refusal:
        codes = refusal.detail.get("codes") or [refusal.code]
        return Line(order, refusal.message, list(codes), **more)
    return Line(order, shown=shown, **more)


def _address(order: Order, user: Any, labels: Sequence[Label]) -> Line:
    return _line(
        order,
        order.recipient_id or 0,
        lambda: editing.check_can_change_address(order, user, labels=labels),
    )


def _intercept(order: Order, user: Any, case: Case | None) -> Line:
    if case is None:
        return Line(order, _("No open after-sale asks for it: a parcel is stopped for a refund-only case."), ["E04"])
    return _line(order, [case.pk, case.version], lambda: cases.check_can_intercept(case, user), case=case)


def check_buyers(verb: str, selection: Selection) -> None:
    """One new address is one person's. Raises Refused BUYERS."""
    if verb == Verb.ADDRESS and len(selection.buyers) > 1:
        raise Refused("BUYERS", _("These orders belong to several buyers; one new address is one buyer's."))


# --- the token --------------------------------------------------------------------------------------------------------


def freeze(verb: str, selection: Selection, found: Iterable[Line]) -> Frozen:
    """Ascending by id: the order in which a run locks them."""
    entries = sorted(([line.order.pk, line.shown] for line in found), key=lambda entry: int(entry[0]))
    return Frozen(new_number("BK"), selection.shop_id, verb, entries, selection.is_all)


def token_of(frozen: Frozen, user: Any) -> str:
    body = [user.pk, frozen.number, frozen.shop_id, frozen.verb, frozen.entries, frozen.is_all]
    return signing.dumps(body, salt=SALT, compress=True)


def thaw(token: str, user: Any, shop_id: int, verb: str) -> Frozen:
    """The plan behind a token of this person's, for this shop and verb. Raises Http404 on any other, Refused STALE."""
    try:
        owner, *rest = signing.loads(token, salt=SALT, max_age=TOKEN_AGE_S)
    except signing.SignatureExpired:
        raise Refused("STALE", _("This page is from too long ago: look again.")) from None
    except signing.BadSignature:
        raise Http404 from None
    frozen = Frozen(*rest)
    if (owner, frozen.shop_id, frozen.verb) != (user.pk, shop_id, verb):
        raise Http404
    return frozen
