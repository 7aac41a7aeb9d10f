"""Who may count, move and approve stock, in a sentence where not."""

from typing import Any

from django.utils.translation import gettext as _

from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.stock.enums import PurchaseState, StocktakeState, TransferState
from merchant.stock.models import Warehouse
from merchant.stock.paper_models import Purchase, Stocktake, Transfer


def check_can_keep(shop_id: int, by: Actor) -> None:
    """Warehouses, bins and what is ordered from suppliers. Raises Refused RIGHT."""
    check_right(by, shop_id, Right.EDIT_CATALOG)


def check_can_work(shop_id: int, by: Actor) -> None:
    """Counting, taking in, sending between warehouses. Raises Refused RIGHT."""
    check_right(by, shop_id, Right.COUNT_STOCK)


def check_warehouse(warehouse: Warehouse | None, shop_id: int) -> Warehouse:
    """Raise Refused WAREHOUSE unless it is the shop's and in use."""
    if warehouse is None or warehouse.shop_id != shop_id or not warehouse.is_active:
        raise Refused("WAREHOUSE", _("Choose a warehouse of this shop that is in use."), field="warehouse")
    return warehouse


def check_can_count(stocktake: Stocktake, by: Actor) -> None:
    """Raise Refused RIGHT, STOCKTAKE (no longer being counted)."""
    check_can_work(stocktake.shop_id, by)
    _check_state(stocktake, StocktakeState.COUNTING, _("This sheet is no longer being counted: %(state)s."))


def check_can_file(stocktake: Stocktake, by: Actor) -> None:
    """Raise Refused RIGHT, STOCKTAKE (over, or lines are open)."""
    check_can_count(stocktake, by)
    open_lines = stocktake.lines.filter(counted=None).count()
    if open_lines or not stocktake.lines.exists():
        raise Refused(
            "STOCKTAKE",
            _("%(count)d lines are not counted yet; where nothing lies, write 0.") % {"count": open_lines},
            open=open_lines,
        )


def check_can_approve(stocktake: Stocktake, by: Actor) -> None:
    """Raise Refused RIGHT, STOCKTAKE (not filed), SECOND_PERSON (whoever counted any of it)."""
    check_right(by, stocktake.shop_id, Right.APPROVE_STOCK)
    _check_state(stocktake, StocktakeState.FILED, _("Only what waits for a second person can be approved: %(state)s."))
    if by is not None and (stocktake.filed_by_id == by.pk or stocktake.lines.filter(counted_by=by).exists()):
        raise Refused("SECOND_PERSON", _("Whoever counted cannot approve it: a second person must."))


def check_can_recount(stocktake: Stocktake, by: Actor) -> None:
    """Raise Refused RIGHT, STOCKTAKE (not filed, or an adjustment: that is discarded)."""
    check_right(by, stocktake.shop_id, Right.APPROVE_STOCK)
    _check_state(stocktake, StocktakeState.FILED, _("Only what waits for a second person goes back: %(state)s."))
    if stocktake.kind != "count":
        raise Refused("STOCKTAKE", _("There is no sheet to count again: discard it."))


def check_can_discard(stocktake: Stocktake, by: Actor) -> None:
    """Raise Refused RIGHT (neither counts nor approves), STOCKTAKE (over)."""
    right = Right.APPROVE_STOCK if stocktake.state == StocktakeState.FILED else Right.COUNT_STOCK
    check_right(by, stocktake.shop_id, right)
    if stocktake.state not in (StocktakeState.COUNTING, StocktakeState.FILED):
        raise _over(stocktake, _("This is over: %(state)s."))


def check_can_receive_transfer(transfer: Transfer, by: Actor) -> None:
    """Raise Refused RIGHT, TRANSFER (received already)."""
    check_can_work(transfer.shop_id, by)
    if transfer.state != TransferState.SENT:
        raise Refused("TRANSFER", _("This transfer has been received already."))


def check_can_receive_purchase(purchase: Purchase, by: Actor) -> None:
    """Raise Refused RIGHT, PURCHASE (over)."""
    check_can_work(purchase.shop_id, by)
    _check_expected(purchase)


def check_can_end_purchase(purchase: Purchase, by: Actor) -> None:
    """Raise Refused RIGHT, PURCHASE (over)."""
    check_can_keep(purchase.shop_id, by)
    _check_expected(purchase)


def _check_state(stocktake: Stocktake, state: str, sentence: Any) -> None:
    if stocktake.state != state:
        raise _over(stocktake, sentence)


def _over(stocktake: Stocktake, sentence: Any) -> Refused:
    return Refused("STOCKTAKE", sentence % {"state": stocktake.get_state_display()}, state=stocktake.state)


def _check_expected(purchase: Purchase) -> None:
    if purchase.state != PurchaseState.EXPECTED:
        sentence = _("Nothing of this purchase is expected any more: %(state)s.")
        raise Refused("PURCHASE", sentence % {"state": purchase.get_state_display()}, state=purchase.state)
