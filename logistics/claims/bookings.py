"""What a claim writes into the double-entry ledger. Each booking stands once, by the claim's number.

Goods gone for good are a loss from the day it is certain that they are: when the claim is filed, or given up. What the
courier agrees to is taken out of the loss again. Goods delivered after all were booked as a loss by their refund.
"""

from logistics.claims.enums import Cause, PaidThrough
from logistics.claims.models import Claim
from merchant.ledger import services as ledger
from merchant.ledger.models import LedgerAccount as Account
from merchant.ledger.models import LedgerEntry


def lose(claim: Claim) -> None:
    """The goods are gone: their value is a loss, until the courier makes it good."""
    if claim.cause != Cause.DELIVERED_ANYWAY:
        _post(claim, Account.LOSS, Account.GOODS, claim.loss_fen, kind="claim.loss")


def unlose(claim: Claim) -> None:
    """Nothing was lost after all."""
    booked = LedgerEntry.objects.filter(shop_id=claim.shop_id, kind="claim.loss", document=claim.number)
    if booked.exists():
        _post(claim, Account.GOODS, Account.LOSS, claim.loss_fen, kind="claim.no_loss")


def agreed(claim: Claim) -> None:
    """The courier owes this much: it is no longer our loss."""
    _post(claim, Account.CLAIMS_RECEIVABLE, Account.LOSS, claim.agreed_fen or 0, kind="claim.accept")


def paid(claim: Claim) -> None:
    """The money is there, or comes off the courier's bill; what it agreed and did not pay is our loss again."""
    is_set_off = claim.paid_through == PaidThrough.SET_OFF
    into = Account.COURIER_PAYABLE if is_set_off else Account.COURIER_RECEIPTS
    _post(claim, into, Account.CLAIMS_RECEIVABLE, claim.paid_fen, kind="claim.payment")
    unpaid(claim)


def unpaid(claim: Claim) -> None:
    """What the courier agreed to and has not paid comes back to us as a loss."""
    rest = (claim.agreed_fen or 0) - claim.paid_fen
    if rest > 0:
        _post(claim, Account.LOSS, Account.CLAIMS_RECEIVABLE, rest, kind="claim.shortfall")


def _post(claim: Claim, debit: str, credit: str, amount_fen: int, *, kind: str) -> None:
    ledger.post(
        claim.shop, debit, credit, amount_fen, kind=kind, document=claim.number, order_number=claim.order_number
    )
