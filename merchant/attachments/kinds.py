"""How long photos and papers are kept (P-KEEP-FILES)."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from merchant.attachments.models import Attachment, Purpose
from merchant.retention.services import Kind, register, take
from merchant.shops.models import Shop


def purge_files(shop: Shop | None, before: datetime, limit: int) -> int:
    """Their bytes go; that there was a file of this name and digest stays."""
    held = Q(body__isnull=False) | Q(thumb__isnull=False)
    return take(
        Attachment.objects.filter(held, shop=shop, at__lt=before).exclude(purpose=Purpose.GOODS),
        limit,
        body=None,
        thumb=None,
    )


def register_kinds() -> None:
    """Called when the process starts."""
    register(Kind("files", _("Photos and papers"), "keep_files_days", purge_files))
