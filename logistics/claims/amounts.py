"""What may be claimed for a loss (M14), and how a loss is valued."""

from logistics.parcels.models import Package
from merchant.policy import services as policy

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
