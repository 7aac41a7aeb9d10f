"""What a refund writes into the double-entry ledger, and what follows once its money has moved."""

from typing import Any

from django.db.models import Exists, F, OuterRef

from aftersales.cases.enums import CaseKind, CaseState, CaseTag, InterceptionEvent, Timer
from aftersales.cases.models import Case
from aftersales.cases.transitions import move, tag
from aftersales.refunds.enums import FAILED_STATES, PAID_STATES
from aftersales.refunds.models import Refund
from merchant.clock import now
from merchant.ledger import services as ledger
from merchant.ledger.models import LedgerAccount as Account
from merchant.people.models import Actor
from merchant.policy import services as policies
from merchant.prepared import first_of
from merchant.trail import activity
from merchant.wakeups import wake
from orders.payments.enums import Bearer
from orders.payments.models import OrderDiscount
from orders.record import services as orders
from orders.record.enums import IN_HOUSE, OrderState
from orders.record.models import Order, OrderLine


def approved(refund: Refund) -> None:
    """We owe the buyer this money."""
    _post(refund, Account.REFUNDS_PAID, Account.REFUNDS_PAYABLE, kind="refund.approve")


def take_back(refund: Refund) -> None:
    """We owe it no longer: rejected, void, or replaced by a successor."""
    _post(refund, Account.REFUNDS_PAYABLE, Account.REFUNDS_PAID, kind="refund.take_back")


def paid(refund: Refund) -> None:
    """It left through the channel. Booked on the day of success, so closed months stay as they are (M16)."""
    _post(refund, Account.REFUNDS_PAYABLE, Account.PLATFORM_RECEIVABLE, kind="refund.success")


def paid_offline(refund: Refund) -> None:
    """It left another way; what the platform owes us is not touched."""
    _post(refund, Account.REFUNDS_PAYABLE, Account.OFFLINE_PAYOUTS, kind="refund.offline")


def goods_not_back(refund: Refund) -> None:
    """Refunded, and the parcel was delivered after all: a loss, until the courier accepts the claim (which takes its
    share out of the loss again, logistics.claims.bookings). The claim's draft is told what the loss is."""
    _post(refund, Account.LOSS, Account.REFUNDS_PAID, kind="refund.goods_not_back", at_success=False)
    if refund.interception_id is not None:
        wake("logistics.settle_claims", interception_id=refund.interception_id)


def after_payment(refund: Refund, case: Case | None, *, by: Actor) -> None:
    """The money has moved: the case is settled once nothing of it is owed any more, a fully refunded order closes, the
    subsidy goes back (M6).

    Caller holds case and refund."""
    if case is not None:
        case.order = refund.order
        went_to_buyer = case.last_interception_event == InterceptionEvent.DELIVERED_ANYWAY
        rows = Refund.objects.in_force().filter(case=case).values_list("state", "amount_fen")
        owed = [state for state, _fen in rows if state not in PAID_STATES]
        if case.state in (CaseState.REFUNDING, CaseState.REFUND_FAILED) and not owed:
            kept = None if went_to_buyer else ""
            move(case, "succeed", by=by, tag=kept, refund=refund.number, amount_fen=sum(fen for _state, fen in rows))
        elif case.state == CaseState.REFUNDING and set(owed) <= set(FAILED_STATES):
            # What is left of the case could not be paid, and was seen to before this part was tried again.
            move(case, "fail", by=by, refund=refund.number)
        if went_to_buyer:
            # Paid while the parcel was already in the buyer's hands: the loss is booked, the alarm stays with people.
            goods_not_back(refund)
            rules = policies.current(case.shop_id)
            due_at = now() + policies.timer(rules, "T-STOPPED")
            tag(case, CaseTag.DELIVERED_ANYWAY, by=None, tag_reason="REFUNDED", due_at=due_at, clock=Timer.STOPPED)
    close_refunded_order(refund, case)


def close_refunded_order(refund: Refund, case: Case | None) -> None:
    """Every line refunded before receipt closes the order; after receipt the trade stands."""
    # Held since its money moved: this reads what everybody before us has settled.
    order: Any = first_of("close_refunded_order", _held_order, pk=refund.order_id)
    if order.is_owed or not order.refunded_fen:
        return
    unshipped = not order.is_sent
    if order.state in (*IN_HOUSE, OrderState.PARTLY_SHIPPED, OrderState.SHIPPED):
        orders.close_held_order(order, by=None, reason="refunded")
    if unshipped and (case is None or case.kind == CaseKind.REFUND_ONLY_UNSHIPPED):
        _give_back_discounts(refund, order)


def _held_order(pk: int) -> Any:
    owed = OrderLine.objects.filter(order=OuterRef("pk"), refunded_fen__lt=F("net_fen"))
    rows = Order.objects.select_for_update(of=("self",), no_key=True).annotate(is_owed=Exists(owed))
    return rows.filter(pk=pk)


def _give_back_discounts(refund: Refund, order: Order) -> None:
    """A whole order refunded before shipping: the platform takes its subsidy back, the buyer gets the shop's coupon."""
    if order.subsidy_fen:
        ledger.post(
            order.shop,
            Account.PLATFORM_SUBSIDY,
            Account.PLATFORM_RECEIVABLE,
            order.subsidy_fen,
            kind="refund.subsidy",
            # One subsidy an order, however many refunds it took to empty it.
            document=order.number,
            order_number=order.number,
            at=refund.settled_at,
        )
    coupons = OrderDiscount.objects.filter(order=order, bearer=Bearer.SHOP, restored_at__isnull=True)
    coupons = coupons.exclude(coupon_number="")
    numbers = list(coupons.values_list("coupon_number", flat=True))
    if coupons.update(restored_at=now()):
        # The platforms have no call for it: the trail says what to give back there by hand.
        activity.record(refund, "refund.restore_coupon", by=None, reason=", ".join(numbers)[:300])


def _post(refund: Refund, debit: str, credit: str, *, kind: str, at_success: bool = True) -> None:
    ledger.post(
        refund.shop_id,
        debit,
        credit,
        refund.amount_fen,
        kind=kind,
        document=refund.number,
        order_number=refund.order.number,
        at=refund.settled_at if at_success else None,
    )
