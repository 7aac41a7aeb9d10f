"""How long uploads, platform rows and the plain data of buyers are kept."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from merchant.clock import now
from merchant.retention.services import Kind, register, take
from merchant.shops.models import Shop
from merchant.vault.kinds import shred
from merchant.vault.models import Recipient
from orders.intake.models import ImportFile, OrderPayload
from orders.record.models import Order


def purge_uploads(shop: Shop | None, before: datetime, limit: int) -> int:
    """Uploaded files lose their bytes; name, size and report stay."""
    held = ImportFile.objects.filter(shop=shop, body__isnull=False, uploaded_at__lt=before)
    return take(held, limit, body=None, purged_at=now())


def purge_payloads(shop: Shop | None, before: datetime, limit: int) -> int:
    return take(OrderPayload.objects.filter(shop=shop, received_at__lt=before), limit)


def purge_people(shop: Shop | None, before: datetime, limit: int) -> int:
    """Recipients all of whose orders ended before then lose their plain data (P-KEEP-PEOPLE)."""
    ended = Q(completed_at__lt=before) | Q(closed_at__lt=before)
    going_on = Exists(Order.objects.filter(recipient=OuterRef("pk")).exclude(ended))
    old = Recipient.objects.filter(~going_on, shop=shop, shredded_at=None, created_at__lt=before).order_by("pk")
    return shred(old.values_list("pk", flat=True)[:limit])


def register_kinds() -> None:
    """Called when the process starts."""
    register(Kind("uploads", _("Imported files"), "keep_raw_days", purge_uploads))
    register(Kind("payloads", _("Orders as the platform wrote them"), "keep_raw_days", purge_payloads))
    register(Kind("people", _("Names, phones and addresses in plain"), "keep_people_days", purge_people))
