"""Pictures of goods: the address a source names is kept, a worker fetches it, a small drawing of it is ours to show
(docs/decisions/0046)."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchant import fetching, live_updates
from merchant.attachments import drawer
from merchant.attachments.models import Attachment, Purpose
from merchant.catalog.models import Sku
from merchant.clock import now
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.trail import activity
from merchant.wakeups import wake
from orders.pictures.models import GoodsPicture
from orders.record.listing_models import Listing

MAX_BYTES = 6 * 1024 * 1024
# After each try that may go better next time; then it waits for a person.
WAITS = (timedelta(minutes=2), timedelta(minutes=30), timedelta(hours=6))
# Longer than a fetch and its drawing may take: who held it then is dead.
LEASE = timedelta(minutes=3)
# Seconds of one run; what is left is there for the next.
RUN_S = 100.0
WORDS: Mapping[str, Any] = {
    "address": gettext_lazy("the address is not one of a web page over https"),
    "private": gettext_lazy("the address leads inside a network, not to the internet"),
    "redirects": gettext_lazy("the address leads on and on"),
    "large": gettext_lazy("the file is larger than 6 MB"),
    "type": gettext_lazy("what lies there is not a picture"),
    "missing": gettext_lazy("nothing lies there"),
    "silent": gettext_lazy("the host does not answer"),
    "picture": gettext_lazy("it is not a readable JPEG, PNG or WebP"),
    "pixels": gettext_lazy("it has too many pixels"),
    "died": gettext_lazy("reading it was broken off several times"),
}


def web_address(said: Any) -> str:
    """The address a source names, as it is fetched: https; "" where it names none, or one no column holds."""
    text = str(said or "").strip()
    if text.startswith("//"):
        text = f"https:{text}"
    elif text[:7].lower() == "http://" and not fetching.is_sandbox(text):
        text = f"https://{text[7:]}"
    is_address = text[:8].lower() == "https://" or fetching.is_sandbox(text)
    return text if is_address and len(text) <= 1000 and text.isprintable() and " " not in text else ""


def remember(cursor: Any, shop: Any, named: Mapping[int, str]) -> None:
    """Keep the pictures' addresses, {listing id: address}, and have new ones fetched. An address that differs behind
    its question mark only is the same picture: platforms sign them anew for every answer."""
    if not named:
        return
    cursor.execute(
        """
        SELECT n.id, n.url FROM unnest(%s::bigint[], %s::text[]) AS n(id, url)
        JOIN orders_listing l ON l.id = n.id LEFT JOIN orders_goodspicture p ON p.id = l.picture_source_id
        WHERE split_part(p.url, '?', 1) IS DISTINCT FROM split_part(n.url, '?', 1)
        ORDER BY l.id FOR NO KEY UPDATE OF l
        """,
        [list(named), list(named.values())],
    )
    new = cursor.fetchall()
    if not new:
        return
    ids, urls = [row[0] for row in new], [row[1] for row in new]
    cursor.execute(
        """
        INSERT INTO orders_goodspicture (shop_id, url) SELECT DISTINCT %s::bigint, url FROM unnest(%s::text[]) AS n(url)
        ORDER BY url ON CONFLICT DO NOTHING
        """,
        [shop.pk, urls],
    )
    cursor.execute(
        """
        UPDATE orders_listing l SET picture_source_id = p.id, picture_id = coalesce(p.thumb_id, l.picture_id)
        FROM unnest(%s::bigint[], %s::text[]) AS n(id, url)
        JOIN orders_goodspicture p ON p.shop_id = %s AND p.url = n.url
        WHERE l.id = n.id
        """,
        [ids, urls, shop.pk],
    )
    wake("orders.fetch_pictures")


def sweep() -> int:
    """Fetch what is due, one after the other, for a while. Returns how many were tried."""
    ends, tried = time.monotonic() + RUN_S, 0
    while time.monotonic() < ends and (row := _claim()):
        tried += 1
        fetch(row)
    return tried


@transaction.atomic
def _claim() -> GoodsPicture | None:
    """The next one that is due, of a shop that wants them; whoever dies over it is followed by another."""
    due = GoodsPicture.objects.filter(due_at__lte=now())
    shops = set(due.order_by().values_list("shop_id", flat=True).distinct())
    wanting = [pk for pk, rules in policy.current_of(shops).items() if rules.fetch_pictures] if shops else []
    row = due.filter(shop_id__in=wanting).select_for_update(skip_locked=True).order_by("due_at").first()
    if row is None:
        return None
    if row.tries > len(WAITS):
        row.due_at, row.why = None, "died"
        row.save()
        return _claim()
    row.tries, row.due_at = row.tries + 1, now() + LEASE
    row.save()
    return row


def fetch(row: GoodsPicture) -> None:
    """Call, draw, record: the picture is shown from now on, or the row says what was wrong with it."""
    try:
        raw = fetching.fetch(row.url, kind="image/", most=MAX_BYTES)
        [(_body, thumb)] = drawer.draw([raw], side=drawer.THUMB_SIDE)
    except fetching.Unfetched as error:
        _record_failure(row, error.code, is_final=error.is_final)
    except drawer.Unfit as error:
        is_final = error.code not in ("busy", "time")
        _record_failure(
            row, "pixels" if error.code in ("together", "memory", "time") else error.code, is_final=is_final
        )
    else:
        _record(row, thumb)


def _record_failure(row: GoodsPicture, why: str, *, is_final: bool) -> None:
    is_over = is_final or row.tries > len(WAITS)
    # Held by whoever claimed it last: a slow one that was given up changes nothing.
    GoodsPicture.objects.filter(pk=row.pk, tries=row.tries).update(
        why="silent" if why == "busy" else why, due_at=None if is_over else now() + WAITS[row.tries - 1]
    )


@transaction.atomic
def _record(row: GoodsPicture, thumb: bytes) -> None:
    kept, _made = Attachment.objects.get_or_create(
        subject_kind="goodspicture",
        subject_id=row.pk,
        purpose=Purpose.GOODS,
        digest=hashlib.sha256(thumb).hexdigest(),
        defaults={
            "shop_id": row.shop_id,
            "name": f"{row.pk}.jpg",
            "content_type": "image/jpeg",
            "size": len(thumb),
            "thumb": thumb,
        },
    )
    GoodsPicture.objects.filter(pk=row.pk).update(thumb=kept, why="", due_at=None)
    Listing.objects.filter(picture_source_id=row.pk).update(picture_id=kept.pk)
    Sku.objects.filter(pk__in=Listing.objects.filter(picture_source_id=row.pk).values("sku_id")).update(picture=kept)
    live_updates.bump_after_commit([row.shop_id])


def failures(shops: Sequence[int]) -> list[dict[str, Any]]:
    """For the operations page: by shop and reason how many pictures wait for a person."""
    rows = (
        GoodsPicture.objects.filter(shop_id__in=shops)
        .failed()
        .values("shop_id", "shop__name", "why")
        .annotate(count=Count("pk"))
        .order_by("shop_id", "why")
    )
    return [{**row, "words": WORDS.get(row["why"], row["why"])} for row in rows]


@transaction.atomic
def retry(shop: Shop, *, by: Actor) -> int:
    """再试一次: every picture of the shop that failed is tried anew, as if for the first time. Returns how many.

    Raises Refused RIGHT, PICTURES (none failed, or the shop fetches none)."""
    check_right(by, shop.pk, Right.OPERATE_JOBS)
    if not policy.current(shop).fetch_pictures:
        raise Refused("PICTURES", _("This shop fetches no pictures of goods: its rules say so. Change them first."))
    again = GoodsPicture.objects.filter(shop=shop).failed().update(due_at=now(), tries=0)
    if not again:
        raise Refused("PICTURES", _("No picture of goods has failed: there is nothing to try again."))
    activity.record(shop, "shop.retry_pictures", by=by, count=again)
    wake("orders.fetch_pictures")
    return again
