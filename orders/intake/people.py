"""Buyers and recipients of a chunk. Names, phones and addresses go straight into the vault."""

from collections.abc import Sequence
from typing import Any

from merchant.encryption import crypto
from merchant.pg_copy import copy_rows
from merchant.vault import masking
from merchant.vault import services as vault
from merchant.vault.models import Recipient
from orders.intake.incoming import Incoming
from orders.intake.normal import NormalOrder, Person
from orders.intake.stage import make_stage


def buyers(cursor: Any, shop: Any, orders: Sequence[NormalOrder]) -> dict[str, int]:
    """{external id: buyer id} of everybody these orders name; missing buyers are made, nicknames kept fresh."""
    named: dict[str, str] = {}
    for order in orders:
        if order.buyer_id:
            named[order.buyer_id[:128]] = order.buyer_nickname[:80] or named.get(order.buyer_id[:128], "")
    if not named:
        return {}
    make_stage(cursor, "stage_buyer", {"external_id": "varchar", "nickname": "varchar"})
    copy_rows(cursor, "stage_buyer", ("external_id", "nickname"), sorted(named.items()))
    cursor.execute(
        """
        WITH named AS (
            INSERT INTO orders_buyer (shop_id, external_id, nickname)
            SELECT %(shop)s, external_id, nickname FROM stage_buyer ORDER BY external_id
            ON CONFLICT (shop_id, external_id) DO UPDATE SET nickname = excluded.nickname
                WHERE excluded.nickname <> '' AND orders_buyer.nickname <> excluded.nickname
            RETURNING id, external_id
        )
        SELECT external_id, id FROM named
        UNION
        SELECT b.external_id, b.id FROM orders_buyer b JOIN stage_buyer USING (external_id) WHERE b.shop_id = %(shop)s
        """,
        {"shop": shop.pk},
    )
    return dict(cursor.fetchall())


def recipients(shop: Any, changed: Sequence[Incoming]) -> None:
    """Give each order its recipient: the stored one where it is the same person and place, else a new row."""
    new = []
    for item in changed:
        person = item.order.recipient
        held = item.stored.recipient if item.stored else None
        if held is not None:
            item.recipient_id = held.pk
        if person is None or not (person.name or person.phone or person.address or person.province):
            continue
        # What a person of ours corrected stays; `difference` tells what the source says instead.
        if held is not None and held.corrects_id is not None:
            continue
        if held is None or not _is_same(held, person):
            new.append((item, vault.merged(held, person) if held else person))
    ids = vault.store_ids(shop, [person for _item, person in new])
    for (item, _person), recipient_id in zip(new, ids, strict=True):
        item.recipient_id = recipient_id


def difference(item: Incoming) -> tuple[str, str, str] | None:
    """(field, ours, theirs), in masks, where the source disagrees with an address that was corrected here: it still
    shows the one from before, or it has changed since, which is for people to look at."""
    held, person = item.stored.recipient if item.stored else None, item.order.recipient
    if held is None or held.corrects is None or person is None or not (person.name or person.phone or person.address):
        return None
    if _is_told_as(held, person):
        return None
    field = "recipient" if _is_told_as(held.corrects, person) else "recipient_since"
    ours = f"{held.name_mask} {held.phone_mask} {held.address_mask}"
    theirs = " ".join(
        (masking.mask_name(person.name), masking.mask_kept_phone(person.phone), masking.mask_address(person.address))
    )
    return field, ours[:200], theirs[:200]


def _is_told_as(held: Recipient, person: Person) -> bool:
    """Word for word the same, where a masked word is compared with the mask."""
    values = {
        "name": (person.name.strip(), masking.normal_name(person.name)),
        "phone": (person.phone.strip(), masking.normal_phone(person.phone).partition("-")[0]),
        "address": (person.address.strip(), "".join(person.address.split())),
    }
    for kind, (said, value) in values.items():
        index = getattr(held, f"{kind}_bidx")
        if not value:
            continue
        if "*" in value or index is None:
            mask = getattr(held, f"{kind}_mask")
            if said != mask and not (kind == "phone" and masking.may_be_same(said, mask)):
                return False
        elif bytes(index) != crypto.blind_index(kind, value):
            return False
    return True


def forget_recipients(met: Sequence[Incoming]) -> None:
    """Take back the rows sealed for orders that somebody else wrote meanwhile: no order points at them."""
    if met:
        Recipient.objects.filter(pk__in=[item.recipient_id for item in met if item.recipient_id]).delete()


def _is_same(held: Recipient, person: Person) -> bool:
    """Whether the source still means the stored recipient. Platforms mask what they once gave in plain: a masked value
    never replaces a sealed one. A virtual number is given anew when it has ended."""
    return (
        vault.has_virtual(held, person)
        and _same_field(
            masking.normal_name(person.name),
            held.name_bidx,
            held.name_mask,
            "name",
            masking.mask_name(person.name)[:40],
        )
        and _same_field(
            masking.normal_phone(person.phone).partition("-")[0],
            held.phone_bidx,
            held.phone_mask,
            "phone",
            masking.mask_kept_phone(person.phone)[:40],
        )
        and _same_field(
            "".join(person.address.split()),
            held.address_bidx,
            held.address_mask,
            "address",
            masking.mask_address(person.address)[:120],
        )
    )


def _same_field(value: str, held_index: Any, held_mask: str, kind: str, mask: str) -> bool:
    if not value:
        return True
    if "*" in value:
        return held_index is not None or mask == held_mask
    return held_index is not None and bytes(held_index) == crypto.blind_index(kind, value)
