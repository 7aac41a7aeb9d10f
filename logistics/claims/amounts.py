"""What a loss is worth, and how much of it may be claimed (M14)."""

from django.db.models import Sum

from logistics.claims.enums import Basis
from logistics.parcels.models import Package
from merchant.policy import services as policy
from orders.record.goods import known_sku_of
from orders.record.models import Order

CAP = "claim_cap_fen"


def cap_fen(package: Package, insured_fen: int | None) -> int:
    """The most the courier owes for this parcel: its insured value; uninsured what the account's contract says, else
    the shop's setting. In fen (M14)."""
    if insured_fen is not None:
        return insured_fen
    card = package.account.rate_card if package.account_id and package.account else {}
    return int(card.get(CAP) or policy.current(package.shop_id).claim_cap_fen)


def claimable_fen(package: Package, *, loss_fen: int, insured_fen: int | None) -> int:
    """min(loss, cap) in fen: loss 45000 gives 30000 uninsured, 45000 insured for 50000 (M14)."""
    return min(loss_fen, cap_fen(package, insured_fen))


def value_of(package: Package) -> tuple[int, Basis]:
    """What the goods in the parcel are worth in fen and how that is known: their cost price where every one has one,
    else what the buyer paid for them."""
    lines = list(package.lines.select_related("order_line__listing__sku"))
    costs, paid = [], 0
    for line in lines:
        sku = known_sku_of(line.order_line.listing)
        costs.append(None if sku is None or sku.cost_fen is None else sku.cost_fen * line.quantity)
        paid += line.order_line.net_fen * line.quantity // max(line.order_line.quantity, 1)
    known = [cost for cost in costs if cost is not None]
    if known and len(known) == len(costs) and sum(known) > 0:
        return sum(known), Basis.GOODS_COST
    return (paid if lines else package.order.paid_fen), Basis.PAID_BY_BUYER


def refunded_fen(package: Package) -> int:
    """What has gone back to the buyers of everything in this parcel, in fen."""
    ids = {package.order_id, *package.lines.values_list("order_id", flat=True)}
    total = Order.objects.filter(shop_id=package.shop_id, pk__in=ids).aggregate(total=Sum("refunded_fen"))["total"]
    return int(total or 0)
