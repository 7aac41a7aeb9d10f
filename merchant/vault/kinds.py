"""How long the log of looks is kept (P-KEEP-LOOKS), and how a person's plain data is destroyed."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from merchant.clock import now
from merchant.retention.services import Kind, register, take
from merchant.shops.models import Shop
from merchant.vault.models import PiiReveal, Recipient


def purge_looks(shop: Shop | None, before: datetime, limit: int) -> int:
    return take(PiiReveal.objects.filter(shop=shop, at__lt=before), limit)


def shred(recipients: Iterable[int]) -> int:
    """Destroy the plain data and the search keys of these recipients for good; the masks stay. How many."""
    return Recipient.objects.filter(pk__in=list(recipients), shredded_at=None).update(
        name_enc=None,
        phone_enc=None,
        address_enc=None,
        virtual_phone_enc=None,
        virtual_until=None,
        phone_bidx=None,
        phone4_bidx=None,
        name_bidx=None,
        address_bidx=None,
        shredded_at=now(),
    )


def register_kinds() -> None:
    """Called when the process starts."""
    register(Kind("looks", _("Looks at personal data"), "keep_looks_days", purge_looks))
