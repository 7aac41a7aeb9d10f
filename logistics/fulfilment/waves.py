"""Waves (拣货波次): boxes that are picked in one walk, and the list one walks by."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from logistics.fulfilment import goods, moves, policies
from logistics.fulfilment.enums import ConsignmentState as S
from logistics.fulfilment.enums import WaveMode, WaveState
from logistics.fulfilment.models import Consignment, ConsignmentLine, Wave
from merchant.catalog.models import Sku
from merchant.clock import now
from merchant.locking import lock, lock_all
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.trail import activity
from orders.record.enums import OrderState, Stop
from orders.record.models import Block

MOST = 200


@dataclass
class Halt:
    """One product at one bin, and which basket gets how many of it."""

    sku: Sku
    bin: str
    lines: list[ConsignmentLine] = field(default_factory=list)

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def picked(self) -> int:
        return sum(line.picked for line in self.lines)

    @property
    def left(self) -> int:
        return self.quantity - self.picked


@transaction.atomic
def make_wave(boxes: Sequence[Consignment], *, mode: str, by: Actor) -> tuple[Wave, list[str]]:
    """生成波次 of boxes of one warehouse, the earliest promise first, at most two hundred. Boxes that somebody took
    meanwhile, that wait for goods or whose order is held stay out: their numbers come back beside the wave.

    Raises Refused RIGHT, WAVE (none left, several warehouses, unknown way of picking)."""
    if not boxes:
        raise Refused("WAVE", _("Choose the boxes to be picked."))
    policies.check_can_work(by, boxes[0].shop_id)
    if mode not in WaveMode.values:
        raise Refused("WAVE", _("Choose how the wave is walked."))
    wanted = Consignment.objects.filter(pk__in=[box.pk for box in boxes], shop_id=boxes[0].shop_id)
    held = lock_all(wanted)
    ready = [box for box in held if box.state == S.WAITING and not box.is_short]
    stopped = _stopped(ready)
    ready = sorted((box for box in ready if box.pk not in stopped), key=_promise)[:MOST]
    if len({box.warehouse_id for box in ready}) > 1:
        raise Refused("WAVE", _("One wave is walked in one warehouse: choose boxes of one."))
    if not ready:
        raise Refused("WAVE", _("None of them can be picked now: held, waiting for goods, or taken already."))
    wave = Wave(shop_id=ready[0].shop_id, number=new_number("BC"), warehouse_id=ready[0].warehouse_id, mode=mode)
    wave.picker = wave.created_by = by
    wave.save(force_insert=True)
    for basket, box in enumerate(ready, 1):
        box.wave, box.basket = wave, basket
        moves.move(box, "start_picking", by=by, wave=wave.number)
    activity.record(wave, "wave.make", by=by, to_state=wave.state, boxes=len(ready))
    taken = {box.pk for box in ready}
    return wave, [box.number for box in held if box.pk not in taken]


def _promise(box: Consignment) -> tuple[bool, float, int]:
    return (box.ship_by_at is None, box.ship_by_at.timestamp() if box.ship_by_at else 0.0, box.pk)


def _stopped(boxes: Sequence[Consignment]) -> set[int]:
    """Ids of those with an order that may not be picked now."""
    lines = ConsignmentLine.objects.filter(consignment__in=boxes, struck_at=None)
    orders = defaultdict(set)
    for box, order in lines.values_list("consignment_id", "order_id"):
        orders[order].add(box)
    blocks = Block.objects.open().filter(order_id__in=orders, stops__overlap=[Stop.PICK, Stop.SHIP])
    away = lines.exclude(order__state__in=[OrderState.TO_FULFIL, OrderState.PACKED, OrderState.PARTLY_SHIPPED])
    stopped = set(blocks.values_list("order_id", flat=True)) | set(away.values_list("order_id", flat=True))
    return {box for order in stopped for box in orders[order]}


def lines_of(wave: Wave) -> list[ConsignmentLine]:
    """What the wave is about, boxes and products read with it."""
    rows = ConsignmentLine.objects.filter(consignment__wave=wave, struck_at=None)
    return list(rows.select_related("consignment", "sku").order_by("consignment__basket", "pk"))


def pick_list(wave: Wave, lines: Iterable[ConsignmentLine] | None = None) -> list[Halt]:
    """拣货单: along the bins, each product once; box by box where the wave is walked so."""
    rows = lines_of(wave) if lines is None else list(lines)
    places = goods.places_of(wave.warehouse_id, {line.sku_id for line in rows})
    stops: dict[tuple[int, ...], Halt] = {}
    for line in rows:
        key = (line.sku_id,) if wave.mode != WaveMode.SINGLE else (line.consignment_id, line.sku_id)
        stop = stops.setdefault(key, Halt(line.sku, places.get(line.sku_id, (0, ""))[1]))
        stop.lines.append(line)

    def on_the_way(stop: Halt) -> tuple[int, bool, int, str, str]:
        walk, name = places.get(stop.sku.pk, (0, ""))
        basket = stop.lines[0].consignment.basket or 0 if wave.mode == WaveMode.SINGLE else 0
        return (basket, not name, walk, name, stop.sku.code)

    return sorted(stops.values(), key=on_the_way)


def finish_if_picked(wave: Wave, *, by: Actor) -> bool:
    """The wave is over once nothing in it waits to be picked; the caller holds one of its boxes."""
    if Consignment.objects.filter(wave=wave, state=S.PICKING).exists():
        return False
    wave = lock(wave)
    if wave.state != WaveState.OPEN:
        return False
    before = wave.state
    wave.finish()
    wave.ended_at = now()
    wave.save()
    activity.record(wave, "wave.finish", by=by, from_state=before, to_state=wave.state)
    return True


@transaction.atomic
def dissolve_wave(wave: Wave, *, by: Actor, reason: str = "") -> Wave:
    """解散波次: boxes that are not picked wholly wait again, what was picked of them goes back on the shelves; those
    that are picked go on. Raises Refused RIGHT, WAVE_STATE."""
    boxes = lock_all(Consignment.objects.filter(wave=wave, state=S.PICKING))
    wave = lock(wave)
    policies.check_can_pick(wave, by)
    for box in boxes:
        lines = moves.lines_in(box)
        for line in lines:
            line.picked = 0
        moves.store_counts(lines, "picked")
        box.wave, box.basket = None, None
        moves.move(box, "put_back", by=by, reason=reason, wave=wave.number)
    before = wave.state
    wave.dissolve()
    wave.ended_at = now()
    wave.save()
    activity.record(wave, "wave.dissolve", by=by, from_state=before, to_state=wave.state, reason=reason)
    return wave
