"""A chunk of orders into the tables, set-based: COPY to a stage, insert what is missing, update what changed.

Everything here runs inside one transaction per chunk. The order's state is written on INSERT only; later progress of
the platform goes through orders.record.progress. Money already on its way back is never cut off by a lower amount.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from merchant.clock import now
from merchant.money import yuan
from merchant.people.models import Actor
from merchant.personal_data import mask_text
from merchant.policy import services as policy
from merchant.policy.working_hours import due_at
from merchant.trail import activity
from merchant.trail.models import Activity
from merchant.wakeups import wake_sweep
from orders.intake import hooks, people, rows_of_orders
from orders.intake.amounts import add_up
from orders.intake.fingerprint import fingerprint
from orders.intake.incoming import Incoming
from orders.intake.normal import NormalOrder, RowOutcome, outcomes_of
from orders.intake.signals import orders_imported
from orders.intake.values import BadValue
from orders.payments import imported
from orders.record import progress
from orders.record.enums import ROAD, OrderState
from orders.record.models import Order, OrderLine, SourceDiff

# Columns an update from the source may change, as people read them in the trail.
WATCHED = (
    "goods_fen", "shop_discount_fen", "subsidy_fen", "freight_fen", "adjustment_fen", "paid_fen", "pay_method",
    "placed_at", "paid_at", "ship_by_at", "source_status", "host_name", "buyer_note",
)  # fmt: skip


def upsert_chunk(shop: Any, orders: Sequence[NormalOrder], *, by: Actor = None) -> list[RowOutcome]:
    """Store these orders; one outcome per row they were read from. The caller holds the transaction."""
    outcomes: list[RowOutcome] = []
    incoming: list[Incoming] = []
    for order in _newest_of_each(orders, outcomes):
        try:
            incoming.append(Incoming(order, fingerprint(order), add_up(order)))
        except BadValue as bad:
            outcomes.extend(outcomes_of(order, "refused", str(bad)))
    changed = _set_aside_unchanged(shop, incoming, outcomes)
    changed = _refuse_impossible(changed, outcomes)
    if changed:
        _store(shop, changed, outcomes, by=by)
    return outcomes


def _newest_of_each(orders: Sequence[NormalOrder], outcomes: list[RowOutcome]) -> list[NormalOrder]:
    """An order named twice in one chunk is written once, as its newest version; a statement cannot write it twice."""
    newest: dict[str, NormalOrder] = {}
    for order in orders:
        other = newest.get(order.number)
        if other is None:
            newest[order.number] = order
            continue
        older, newer = (order, other) if _is_older(order, other) else (other, order)
        outcomes.extend(
            outcomes_of(
                older, "unchanged", _("the same order stands in row %(row)s") % {"row": (newer.row_nos or (0,))[0]}
            )
        )
        newest[order.number] = newer
    return list(newest.values())


def _is_older(order: NormalOrder, than: NormalOrder) -> bool:
    return bool(order.source_updated_at and than.source_updated_at and order.source_updated_at < than.source_updated_at)


def _set_aside_unchanged(shop: Any, incoming: Sequence[Incoming], outcomes: list[RowOutcome]) -> list[Incoming]:
    """The orders that are new or differ; the differing ones come back locked, so nothing moves under the comparison."""
    known = {
        number: (bytes(digest or b""), updated_at)
        for number, digest, updated_at in Order.objects.filter(
            shop=shop, number__in=[item.order.number for item in incoming]
        ).values_list("number", "source_hash", "source_updated_at")
    }
    changed = []
    for item in incoming:
        digest, updated_at = known.get(item.order.number, (None, None))
        if digest == item.digest:
            outcomes.extend(outcomes_of(item.order, "unchanged"))
        elif (
            digest is not None
            and updated_at
            and item.order.source_updated_at
            and item.order.source_updated_at < updated_at
        ):
            outcomes.extend(outcomes_of(item.order, "unchanged", _("a newer version of this order is stored already")))
        else:
            changed.append(item)
    numbers = [item.order.number for item in changed if item.order.number in known]
    if numbers:
        held = Order.objects.select_for_update(of=("self",), no_key=True).filter(shop=shop, number__in=numbers)
        stored = {order.number: order for order in held.select_related("recipient__corrects").order_by("pk")}
        for item in changed:
            item.stored = stored.get(item.order.number)
    return changed


def _refuse_impossible(changed: Sequence[Incoming], outcomes: list[RowOutcome]) -> list[Incoming]:
    """Number the lines, and refuse a version that leaves less paid than is already on its way back (M5)."""
    stored_ids = [item.stored.pk for item in changed if item.stored]
    lines: dict[int, dict[str, OrderLine]] = {}
    by_no: dict[int, dict[int, OrderLine]] = {}
    for line in OrderLine.objects.filter(order_id__in=stored_ids) if stored_ids else ():
        by_no.setdefault(line.order_id, {})[line.line_no] = line
        if line.external_id:
            lines.setdefault(line.order_id, {})[line.external_id] = line
    kept = []
    for item in changed:
        item.line_nos = list(range(1, len(item.order.lines) + 1))
        if item.stored is None:
            kept.append(item)
            continue
        ours = by_no.get(item.stored.pk, {})
        item.line_nos = _line_numbers(item.order, lines.get(item.stored.pk, {}), ours)
        back = item.stored.refunding_fen + item.stored.refunded_fen
        freight_back = item.stored.freight_refunding_fen + item.stored.freight_refunded_fen
        short = [
            no
            for no, amounts in zip(item.line_nos, item.amounts.lines, strict=True)
            if no in ours and amounts.net_fen < ours[no].refunding_fen + ours[no].refunded_fen
        ]
        if item.amounts.paid_fen < back or item.amounts.freight_fen < freight_back or short:
            reason = _("the source says ¥%(paid)s was paid, but ¥%(back)s is being or has been refunded") % {
                "paid": yuan(item.amounts.paid_fen),
                "back": yuan(back),
            }
            outcomes.extend(outcomes_of(item.order, "refused", reason))
        else:
            kept.append(item)
    return kept


def _line_numbers(order: NormalOrder, by_external: dict[str, OrderLine], by_no: dict[int, OrderLine]) -> list[int]:
    """A line keeps its number whatever place the source lists it in; new lines take the next free numbers."""
    if not by_external:
        return list(range(1, len(order.lines) + 1))
    taken = {by_external[line.external_id].line_no for line in order.lines if line.external_id in by_external}
    free = iter(no for no in range(1, len(order.lines) + len(by_no) + 1) if no not in taken and no not in by_no)
    return [
        by_external[line.external_id].line_no if line.external_id in by_external else next(free) for line in order.lines
    ]


def _store(shop: Any, changed: list[Incoming], outcomes: list[RowOutcome], *, by: Actor) -> None:
    rules = policy.current(shop)
    for item in changed:
        item.state = _entry(item.order, rules)
        item.clocks = _clocks(item, rules)
    with connection.cursor() as cursor:
        buyers = people.buyers(cursor, shop, [item.order for item in changed])
        people.recipients(shop, changed)
        listings = rows_of_orders.listings(cursor, shop, [item.order for item in changed])
        ids, written = rows_of_orders.orders(cursor, shop, changed, buyers)
        # Two imports met on the same new order: the other one wrote it, word for word the same.
        met = [item for item in changed if item.order.number not in written]
        changed = [item for item in changed if item.order.number in written]
        people.forget_recipients(met)
        rows_of_orders.lines(cursor, shop, changed, ids, listings)
        rows_of_orders.payments_and_discounts(cursor, shop, changed, ids)
        rows_of_orders.notes(cursor, shop, changed, ids)
        rows_of_orders.created_activity(
            cursor, shop, [ids[number] for number, is_created in written.items() if is_created], by=by
        )
    _mark_refunds_beyond_paid(shop, changed, ids)
    _follow(shop, [item for item in changed if item.stored], by=by)
    hooks.after_orders(shop, {number: ids[number] for number in written}, [item.order for item in changed])
    for item in changed:
        outcomes.extend(outcomes_of(item.order, "created" if written[item.order.number] else "updated"))
    for item in met:
        outcomes.extend(outcomes_of(item.order, "unchanged"))
    if any(item.state == OrderState.PENDING_REVIEW for item in changed):
        wake_sweep("orders.review_orders")
    order_ids = sorted(ids[number] for number in written)
    transaction.on_commit(partial(orders_imported.send_robust, sender=Order, shop_id=shop.pk, order_ids=order_ids))


def _mark_refunds_beyond_paid(shop: Any, changed: Sequence[Incoming], ids: Mapping[str, int]) -> None:
    differences = [
        SourceDiff(
            shop=shop,
            order_id=ids[item.order.number],
            field="refunded_fen",
            ours=str(item.amounts.refunded_fen),
            theirs=str(item.amounts.refunded_fen + item.amounts.beyond_paid_fen),
            source_updated_at=item.order.source_updated_at,
        )
        for item in changed
        if item.amounts.beyond_paid_fen
    ]
    if differences:
        SourceDiff.objects.bulk_create(differences, ignore_conflicts=True)


def _entry(order: NormalOrder, rules: Any) -> str:
    """P-FULFIL-HERE: what is paid and not sent goes through review first, where the shop prepares its orders here."""
    return OrderState.PENDING_REVIEW if rules.fulfil_here and order.state == OrderState.TO_FULFIL else order.state


def _clocks(item: Incoming, rules: Any) -> dict[str, datetime | None]:
    """The timers that start from the times the source gives; a platform's own promise comes before ours. Review is
    due from now on: nobody can look at an order that is not here yet."""
    order = item.order

    def after(at: datetime | None, timer: str) -> datetime | None:
        return at + policy.timer(rules, timer) if at else None

    return {
        "pay_by_at": after(order.placed_at, "T-PAY") if order.paid_at is None else None,
        "step_due_at": due_at(rules, "T-REVIEW", now()) if item.state == OrderState.PENDING_REVIEW else None,
        "ship_by_at": order.ship_by_at or after(order.paid_at, "T-SHIP"),
        "auto_receive_at": after(order.shipped_at, "T-AUTO-RECEIVE"),
        "settle_at": after(order.received_at, "T-AS-PERIOD"),
    }


def _follow(shop: Any, updated: Sequence[Incoming], *, by: Actor) -> None:
    """What a newer version of a stored order means beyond its columns: progress, differences, refunds, the trail."""
    moves, differences, refunds, trail = [], [], [], []
    for item in updated:
        order, stored = item.order, item.stored
        assert stored is not None
        if item.state != stored.state:
            if (str(stored.state), str(item.state)) in progress.ALLOWED:
                moves.append(
                    progress.Move(
                        stored.pk,
                        item.state,
                        order.shipped_at,
                        order.received_at,
                        order.completed_at,
                        order.closed_at,
                        item.clocks["auto_receive_at"],
                        item.clocks["settle_at"],
                        item.clocks["step_due_at"],
                    )
                )
            elif _is_news(item.state, stored.state):
                differences.append(
                    SourceDiff(
                        shop=shop,
                        order=stored,
                        field="state",
                        ours=stored.state,
                        theirs=item.state,
                        source_updated_at=order.source_updated_at,
                    )
                )
        if told := people.difference(item):
            field, ours, theirs = told
            differences.append(
                SourceDiff(
                    shop=shop,
                    order=stored,
                    field=field,
                    ours=ours,
                    theirs=theirs,
                    source_updated_at=order.source_updated_at,
                )
            )
        if item.amounts.refunded_fen > stored.refunding_fen + stored.refunded_fen:
            refunds.append((stored.pk, item.amounts.refunded_fen))
        trail.append(_update_line(shop, item, by))
    progress.follow_platform(shop, moves, by=by)
    if differences:
        SourceDiff.objects.bulk_create(differences, ignore_conflicts=True)
    imported.raise_refunded(refunds)
    activity.record_many(line for line in trail if line is not None)


def _is_news(theirs: str, ours: str) -> bool:
    """A lower platform status later is a difference. Our own steps before shipping are finer than the platform's word
    "to be shipped", so standing anywhere among them is none."""
    in_house = ROAD[1:6]
    return not (theirs in in_house and ours in in_house) and ours != OrderState.ARCHIVED


def _update_line(shop: Any, item: Incoming, by: Actor) -> Activity | None:
    stored = item.stored
    assert stored is not None
    changes: dict[str, list[Any]] = {}
    for name in WATCHED:
        before = getattr(stored, name)
        if name.endswith("_fen"):
            after: Any = getattr(item.amounts, name)
        else:
            after = item.clocks[name] if name in item.clocks else getattr(item.order, name)
        if before != after and not (name == "host_name" and not after):
            changes[name] = [_told(name, before), _told(name, after)]
    if item.recipient_id and item.recipient_id != stored.recipient_id:
        changes["recipient"] = [stored.recipient_id, item.recipient_id]
    return Activity(
        shop=shop,
        subject_kind="order",
        subject_id=stored.pk,
        verb="order.update_from_source",
        by=by,
        detail={"changes": changes},
    )


def _told(name: str, value: Any) -> Any:
    """As the trail keeps it, which is not sealed."""
    if name == "buyer_note":
        return mask_text(value)
    return value.isoformat() if isinstance(value, datetime) else value
