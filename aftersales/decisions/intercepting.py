"""拦截: from the button to the submitted interception, and the twin for parcels that have not left the house."""

import logging

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import CaseKind, CaseState, InterceptionEvent
from aftersales.cases.models import Case
from aftersales.cases.transitions import move
from aftersales.decisions import policies
from aftersales.decisions.assigning import claim_if_free
from aftersales.decisions.eligibility import cases_on, eligibility, orders_in, packages_of
from aftersales.refunds.enums import Source
from aftersales.refunds.settling import agree_to_pay
from logistics.interception import services as interceptions
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from logistics.shipping import services as parcels
from logistics.tracking import services as tracking
from merchant.clock import now
from merchant.locking import lock, lock_all
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.policy import services as shop_policies
from merchant.refusals import Refused
from merchant.trail import activity
from orders.record import services as orders
from orders.record.enums import OrderState
from orders.record.models import Order

logger = logging.getLogger(__name__)


def intercept_case(case: Case, *, by: Actor, shown_version: int | None = None) -> Case:
    """拦截, pressed: lock, weigh all of E01–E16 and submit. Nobody outside is asked while a person waits.

    A worker reads the track anew, checks it (E11, E12) and then asks the courier (`send_interception`); when the track
    forbids it, the case comes back with the reason, as from any other failed interception.

    Every case of a shared parcel becomes INTERCEPTING together (E15). Refused with every failing line together: code
    of the first, `detail["codes"]` all of them, `detail["checks"]` the whole list; the case stays as it was, its
    deadline too (S3). Raises Refused RIGHT, ASSIGNEE, or the first failing line's code."""
    check_right(by, case.shop_id, Right.SUBMIT_INTERCEPTION)
    try:
        return _submit(case, by=by, shown_version=shown_version)
    except Refused as refusal:
        if "checks" in refusal.detail:
            # A refused press leaves a line: who tried, and which rules said no.
            activity.record(case, "case.intercept_refused", by=by, codes=refusal.detail["codes"])
        raise


def read_and_intercept_case(case: Case, *, by: Actor, shown_version: int | None = None) -> Case:
    """The same from a worker, where nobody waits: the track is read first, so that what it forbids is refused at once
    instead of by a failed interception. Outside any transaction."""
    refresh_tracks(case, by=by)
    return intercept_case(case, by=by, shown_version=shown_version)


def refresh_tracks(case: Case, *, by: Actor) -> None:
    """Read the tracks of the case's parcels where they are not fresh. What a courier does not tell is E12's to say."""
    for package in packages_of(case.order):
        try:
            tracking.refresh_track(package, by=by)
        except Refused as refusal:
            logger.info("track of parcel %s could not be read: %s", package.pk, refusal)


@transaction.atomic
@shop_policies.read_once()
def _submit(case: Case, *, by: Actor, shown_version: int | None) -> Case:
    case, group = _lock_group(case)
    policies.check_whose(case, by)
    packages = packages_of(case.order)
    for package in packages:
        lock_all(Interception.objects.of_waybill(package.courier, package.waybill))
    lock_all(Package.objects.filter(pk__in=[package.pk for package in packages]))
    found = eligibility(case, order=case.order, shown_version=shown_version, is_pressed=True)
    if not found.is_ok:
        raise found.refusal()
    if found.package is None or {member.pk for member in found.cases} - {member.pk for member in group}:
        raise Refused("E16", _("The case has changed since this page was drawn: look again."))
    claim_if_free(case, by=by)
    interception = interceptions.submit_with_caller(found.package, by=by, checks=found.checks)
    for member in group:
        if member.state != CaseState.APPLIED or member.kind != CaseKind.REFUND_ONLY_SHIPPED:
            continue
        member.interception = interception
        member.last_interception_event = InterceptionEvent.NONE
        move(
            member,
            "intercept",
            by=by,
            tag="",
            interception=interception.number,
            waybill=interception.waybill,
            # Lines the owner turned into warnings, and what the worker still has to read, stand in the trail.
            warnings=[check.code for check in found.warnings],
        )
    return case


def _lock_group(case: Case) -> tuple[Case, list[Case]]:
    """This case and those of the other orders in its parcel, locked by ascending id."""
    packages = list(Package.objects.of_order(case.order_id).outbound().in_force())
    inside = orders_in(packages[0]) if len(packages) == 1 else []
    members = [member.pk for member in cases_on(inside, case)]
    group = lock_all(Case.objects.filter(pk__in=members).select_related("order__shop"))
    return next(member for member in group if member.pk == case.pk), group


def stop_in_house(case: Case, *, by: Actor, shown_version: int | None = None) -> Case:
    """仓内拦下: the label has no scan yet, so the parcel is taken off the bench: labels void, order closed, money back.

    The track is read first where the courier answers: a parcel that has left after all is E11."""
    policies.check_version(case, shown_version)
    policies.check_can_stop_in_house(case, by)
    # Couriers do not know a label before its first scan; silence is no reason to let it leave.
    refresh_tracks(case, by=by)
    with transaction.atomic():
        case = lock(case)
        policies.check_version(case, shown_version)
        policies.check_can_stop_in_house(case, by)
        claim_if_free(case, by=by)
        packages = lock_all(Package.objects.filter(pk__in=[package.pk for package in packages_of(case.order)]))
        policies.check_can_stop_in_house(case, by)
        case = agree_to_pay(case, source=Source.MANUAL, by=by, reason="stopped_in_house")
        for package in packages:
            parcels.void_package(package, by=by)
        order = Order.objects.get(pk=case.order_id)
        if order.state != OrderState.CLOSED and order.refundable_fen <= order.refundable_freight_fen:
            _close(order, by=by)
    return case


def _close(order: Order, *, by: Actor) -> None:
    """Close now where the order's rules allow it; a shipped order closes when its money has moved."""
    try:
        with transaction.atomic():
            orders.close_order(order, by=by, reason="stopped_in_house")
    except Refused as refusal:
        logger.info("order %s closes with its refund: %s", order.pk, refusal)


def intercept_by_rule(case_id: int | None = None) -> int:
    """Shops whose rule says so: submit by itself, once a case, when it qualifies. A refusal leaves the case where it
    is, in the agents' queue, with the failing lines in its trail. Returns how many were submitted."""
    waiting = Case.objects.filter(
        state=CaseState.APPLIED, kind=CaseKind.REFUND_ONLY_SHIPPED, auto_tried_at__isnull=True, tag=""
    )
    if case_id is not None:
        waiting = waiting.filter(pk=case_id)
    switched_on = {
        shop_id: shop_policies.current(shop_id).auto_submit
        for shop_id in waiting.order_by().values_list("shop_id", flat=True).distinct()
    }
    done = 0
    for case in waiting.filter(shop_id__in=[pk for pk, on in switched_on.items() if on]).order_by("pk")[:200]:
        # Claimed first: whatever happens below, the rule has had its one try.
        if not Case.objects.filter(pk=case.pk, auto_tried_at__isnull=True).update(auto_tried_at=now()):
            continue
        try:
            read_and_intercept_case(case, by=None)
            done += 1
        except Refused as refusal:
            logger.info("case %s does not qualify by rule: %s", case.number, refusal.code)
        except Exception:
            logger.exception("case %s could not be intercepted by rule", case.number)
    return done
