"""How long the words of tracks are kept (P-KEEP-TRACKS)."""

from datetime import UTC, datetime

from django.db import connection
from django.utils.translation import gettext_lazy as _

from merchant.retention.services import Kind, register
from merchant.shops.models import Shop

_EMPTY = """
UPDATE logistics_trackingevent SET text = '' WHERE (package_id, event_at, event_key) IN (
    SELECT package_id, event_at, event_key FROM logistics_trackingevent
    WHERE recorded_at >= %s AND recorded_at < %s AND shop_id = %s AND text <> '' LIMIT %s
)
"""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
# Up to where each shop's words are gone, as this process knows: emptied years are not walked through every time.
_done: dict[int, datetime] = {}


def purge_words(shop: Shop | None, before: datetime, limit: int) -> int:
    """The sentences go; time, place and state of a scan stay, so that the parcel's state is still the sum of them."""
    assert shop is not None, "a scan belongs to a shop"
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY, [min(_done.get(shop.pk, BEGINNING), before), before, shop.pk, limit])
        taken = cursor.rowcount
    if taken < limit:
        _done[shop.pk] = before
    return taken


def register_kinds() -> None:
    """Called when the process starts."""
    register(Kind("tracks", _("Words of tracks"), "keep_tracks_days", purge_words))
