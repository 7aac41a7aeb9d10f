"""The vault: the only place that turns personal data into ciphertext and the only door that turns it back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from merchant.clock import today
from merchant.encryption import crypto
from merchant.people.rights import Right, can, check_right
from merchant.personal_data import REGION
from merchant.pg_copy import copy_rows
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.vault import masking
from merchant.vault.models import PiiCounted, PiiQuotaDay, PiiReveal, Recipient, RevealVerdict

FIELDS = ("name", "phone", "address", "virtual_phone")
# What people wrote about the order, shown with its numbers and names hidden: opened through the same door.
REMARKS = "remarks"
# How the file for a buyer stands among the looks.
EXPORT = "export"
# How a printed label stands among them.
LABEL = "label"


@dataclass(frozen=True)
class Person:
    """What a file or a platform says of a recipient. Fields it already masked stay masked and are not sealed."""

    name: str = ""
    phone: str = ""
    address: str = ""
    virtual_phone: str = ""
    virtual_until: datetime | None = None
    province: str = ""
    city: str = ""
    region_code: str = ""


def _sealed(person: Person) -> dict[str, Any]:
    """The columns of one recipient's row."""
    token = uuid4()
    row: dict[str, Any] = {"token": token, "key_id": crypto.current_key_id()}
    for field in FIELDS:
        value = getattr(person, field).strip()
        is_plain = value and "*" not in value
        row[f"{field}_enc"] = crypto.encrypt(value.encode(), aad=_aad(token, field)) if is_plain else None
    row["name_mask"] = masking.mask_name(person.name)[:40]
    row["phone_mask"] = masking.mask_kept_phone(person.phone)[:40]
    row["address_mask"] = masking.mask_address(person.address)[:120]
    row["province"], row["city"], row["region_code"] = person.province[:40], person.city[:40], person.region_code[:12]
    row["virtual_until"] = person.virtual_until if row["virtual_phone_enc"] else None
    phone = masking.normal_phone(person.phone)
    number = "" if "*" in phone else phone.partition("-")[0]
    row["phone_bidx"] = crypto.blind_index("phone", number) if number else None
    row["phone4_bidx"] = crypto.blind_index("phone4", number[-4:]) if number else None
    row["name_bidx"] = crypto.blind_index("name", masking.normal_name(person.name)) if row["name_enc"] else None
    row["address_bidx"] = crypto.blind_index("address", "".join(person.address.split())) if row["address_enc"] else None
    return row


def _aad(token: UUID, field: str) -> bytes:
    return f"{token}.{field}".encode()


def sealed(shop: Any, person: Person) -> Recipient:
    """A sealed row that is not stored yet."""
    return Recipient(shop=shop, **_sealed(person))


def store_many(shop: Any, people: Iterable[Person]) -> list[Recipient]:
    """Seal and insert, in order. One statement per 1,000 people."""
    rows = [sealed(shop, person) for person in people]
    return Recipient.objects.bulk_create(rows, batch_size=1000)


def store_ids(shop: Any, people: Sequence[Person]) -> list[int]:
    """The same by COPY, for imports: the ids, in order. The caller holds the transaction."""
    if not people:
        return []
    table = Recipient._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, len(people)]
        )
        ids = [row[0] for row in cursor.fetchall()]
        rows = [{"id": pk, "shop_id": shop.pk, **_sealed(person)} for pk, person in zip(ids, people, strict=True)]
        copy_rows(cursor, table, tuple(rows[0]), (tuple(row.values()) for row in rows))
    return ids


def store(shop: Any, name: str = "", phone: str = "", address: str = "", **more: Any) -> Recipient:
    """One recipient; `more` takes virtual_phone, virtual_until, province, city, region_code."""
    return store_many(shop, [Person(name=name, phone=phone, address=address, **more)])[0]


def _open(recipient: Recipient, field: str) -> str:
    sealed = getattr(recipient, f"{field}_enc")
    return "" if sealed is None else crypto.decrypt(sealed, aad=_aad(recipient.token, field)).decode()


def words_to_hide(people: Iterable[Recipient]) -> dict[str, str]:
    """{name, address, or what of it names a house: what may be shown instead} of these people, for taking them out of a
    text before anybody sees it. The plain words go nowhere else."""
    found: dict[str, str] = {}
    for row in people:
        name, address = _open(row, "name").strip(), _open(row, "address").strip()
        # A platform's own mask hides nobody more.
        if len(name) > 1 and "*" not in name:
            found[name] = masking.mask_name(name)
        if len(address) > 5 and "*" not in address:
            found[address] = masking.mask_address(address)
            region = REGION.match(address)
            door = address[region.end() :].strip() if region else ""
            if len(door) > 3:
                found[door] = "******"
    return found


def reseal(row: Recipient) -> None:
    """Seal an opened row with the newest key; the caller holds its lock and saves."""
    for field in FIELDS:
        if getattr(row, f"{field}_enc") is not None:
            setattr(row, f"{field}_enc", crypto.encrypt(_open(row, field).encode(), aad=_aad(row.token, field)))
    row.key_id = crypto.current_key_id()


@transaction.atomic
def correct(held: Recipient | None, change: Recipient) -> Recipient:
    """A new row: what `change` says, and where it says nothing what `held` keeps. Nobody sees either; `held` stays as
    the record of before. A virtual number belongs to the phone it was given for and goes with it."""
    rows = {field: change for field in ("name", "phone", "address") if getattr(change, f"{field}_mask")}
    says = {field: _said(rows.get(field, held), field) for field in ("name", "phone", "address")}
    place = rows.get("address", held)
    person = Person(
        **says,
        virtual_phone="" if "phone" in rows else _said(held, "virtual_phone"),
        virtual_until=held.virtual_until if held else None,
        province=place.province if place else "",
        city=place.city if place else "",
        region_code=place.region_code if place else "",
    )
    source = None if held is None else held.corrects_id or held.pk
    row = Recipient.objects.create(shop_id=change.shop_id, corrects_id=source, **_sealed(person))
    if held is None:
        row.corrects = row
        row.save(update_fields=["corrects"])
    return row


def read_for_rules(recipient: Recipient | None) -> Person:
    """A recipient in plain, or masked where no more is held, for rules that judge it (orders.review). What they read
    goes no further than the rule: nobody sees it, and it is stored and logged nowhere."""
    if recipient is None:
        return Person()
    return Person(
        name=_said(recipient, "name"),
        phone=_said(recipient, "phone"),
        address=_said(recipient, "address"),
        virtual_phone=_open(recipient, "virtual_phone"),
        province=recipient.province,
        city=recipient.city,
    )


def _said(recipient: Recipient | None, field: str) -> str:
    """A field to be sealed again: its plain value, or the mask where no more than that is held."""
    if recipient is None:
        return ""
    return _open(recipient, field) or getattr(recipient, f"{field}_mask", "")


def has_virtual(held: Recipient, person: Person) -> bool:
    """Whether the virtual number that a source gives, if any, is the one held here, to the same end."""
    said = person.virtual_phone.strip()
    return not said or (said == _open(held, "virtual_phone") and person.virtual_until == held.virtual_until)


def merged(held: Recipient, person: Person) -> Person:
    """What a source says now, and in plain where it masks what it once gave: a mask never takes a sealed value's
    place, as long as it is that value's mask."""
    masks = {
        "name": masking.mask_name(person.name),
        "phone": masking.mask_kept_phone(person.phone),
        "address": masking.mask_address(person.address),
    }
    kept = {
        field: _open(held, field)
        for field, mask in masks.items()
        if getattr(held, f"{field}_enc") is not None
        and (not mask or ("*" in getattr(person, field) and _may_be(field, mask, getattr(held, f"{field}_mask"))))
    }
    if not person.virtual_phone:
        kept |= {"virtual_phone": _open(held, "virtual_phone")}
    return replace(person, **kept, virtual_until=person.virtual_until if person.virtual_phone else held.virtual_until)


def _may_be(field: str, mask: str, ours: str) -> bool:
    if field == "name":
        return mask[:1] == ours[:1]
    return mask == ours or (field == "phone" and masking.may_be_same(mask, ours))


@dataclass(frozen=True)
class Opened:
    """One field in plain and what it cost: 1, or 0 in an after-sale (`is_free`) and for an order counted today."""

    plain: str
    cost: int
    is_free: bool


def reveal(
    user: Any,
    recipient: Recipient,
    *,
    order_number: str,
    field: str,
    is_free: bool,
    is_closed_14d: bool,
    reason: str = "",
    words: str = "",
) -> Opened:
    """One field in plain (docs/rules.md, PII); a virtual number is a field like any other. Always leaves an audit row,
    also when it refuses. The field `remarks` opens `words`, which the caller has read.

    `is_free`: a case opened by the buyer or the platform is open. `is_closed_14d`: the order succeeded 14 days ago.
    Raises Refused: RIGHT, CLOSED_14D, QUOTA_EMPTY, NOT_HELD.
    """
    shop = recipient.shop
    if field not in (*FIELDS, REMARKS):
        raise Refused("FIELD", _("There is no such field."), field=field)
    is_held = bool(words) if field == REMARKS else getattr(recipient, f"{field}_enc") is not None
    # durable: a transaction around this one would take the audit row back together with the refusal.
    with transaction.atomic(durable=True):
        if not can(user, shop, Right.REVEAL_PII):
            verdict, cost = RevealVerdict.RIGHT, 0
        elif not is_held:
            verdict, cost = RevealVerdict.NOT_HELD, 0
        elif is_closed_14d:
            verdict, cost = RevealVerdict.CLOSED_14D, 0
        elif is_free:
            verdict, cost = RevealVerdict.SHOWN, 0
        else:
            verdict, cost = _charge(shop, order_number)
        PiiReveal.objects.create(
            shop=shop,
            user=user,
            recipient=recipient,
            order_number=order_number,
            field=field,
            cost=cost,
            verdict=verdict,
            reason=reason[:200],
        )
    if verdict == RevealVerdict.SHOWN:
        return Opened(words if field == REMARKS else _open(recipient, field), cost, is_free)
    check_right(user, shop, Right.REVEAL_PII)
    raise Refused(
        verdict.upper(),
        {
            RevealVerdict.NOT_HELD: _("The platform gave this field masked; the plain value is not held here."),
            RevealVerdict.CLOSED_14D: _(
                "The order succeeded more than 14 days ago; its personal data can no longer be opened."
            ),
            RevealVerdict.QUOTA_EMPTY: _("Today's quota is used up; ask for more."),
        }[verdict],
    )


def check_can_export(user: Any, shop: Any) -> None:
    """Raise Refused RIGHT unless this person may hand a buyer's data out: who looks, and answers for looks."""
    for right in (Right.REVEAL_PII, Right.APPLY_QUOTA):
        check_right(user, shop, right)


def export_people(user: Any, shop: Any, people: Iterable[Recipient], *, order_number: str) -> list[dict[str, Any]]:
    """Everything held in plain of these recipients, for the file the law lets a buyer ask for. Each is a look on record
    that costs nothing: no quota stands between a person and their own data.

    Raises Refused RIGHT."""
    check_can_export(user, shop)
    found = list(people)
    with transaction.atomic(durable=True):
        PiiReveal.objects.bulk_create(
            PiiReveal(
                shop=shop,
                user=user,
                recipient=recipient,
                order_number=order_number,
                field=EXPORT,
                cost=0,
                verdict=RevealVerdict.SHOWN,
                reason="person file",
            )
            for recipient in found
        )
    return [
        {
            "created_at": recipient.created_at,
            "province": recipient.province,
            "city": recipient.city,
            "virtual_until": recipient.virtual_until,
            **{field: _open(recipient, field) or getattr(recipient, f"{field}_mask", "") for field in FIELDS},
        }
        for recipient in found
    ]


@dataclass(frozen=True)
class Addressee:
    """Whom a parcel is for, as it is printed: what is held in plain, else the mask."""

    name: str
    phone: str
    address: str


def open_for_labels(user: Any, people: Sequence[tuple[Recipient, str]]) -> list[Addressee]:
    """The recipients of parcels that are being packed, each with its order's number, for their labels (PII-LABEL). Each
    is a look on record that costs nothing.

    Raises Refused RIGHT."""
    for shop_id in {recipient.shop_id for recipient, _number in people}:
        check_right(user, shop_id, Right.PACK_ORDER)
    with transaction.atomic(durable=True):
        PiiReveal.objects.bulk_create(
            PiiReveal(
                shop_id=recipient.shop_id,
                user=user,
                recipient=recipient,
                order_number=order_number,
                field=LABEL,
                cost=0,
                verdict=RevealVerdict.SHOWN,
                reason="label",
            )
            for recipient, order_number in people
        )
    return [_addressee(recipient) for recipient, _number in people]


def _addressee(recipient: Recipient) -> Addressee:
    contact = _open(recipient, recipient.contact_field) or recipient.contact_mask
    return Addressee(
        _open(recipient, "name") or recipient.name_mask,
        contact,
        _open(recipient, "address") or recipient.address_mask,
    )


def open_day(shop: Any, day: date, *, quota: int) -> None:
    """The shop's row of this day is there and allows at least `quota`."""
    PiiQuotaDay.objects.bulk_create([PiiQuotaDay(shop=shop, day=day, quota=quota)], ignore_conflicts=True)
    # A quota that the owner raised counts at once, one that was lowered counts from tomorrow.
    PiiQuotaDay.objects.filter(shop=shop, day=day, quota__lt=quota).update(quota=quota)


def _charge(shop: Any, order_number: str) -> tuple[RevealVerdict, int]:
    rules = policy.current(shop)
    day = today()
    open_day(shop, day, quota=rules.pii_quota_per_day)
    try:
        # The savepoint undoes the count when the quota refuses it; otherwise the order would be free next time.
        with transaction.atomic():
            if rules.pii_count == "order" and not _count(shop, day, order_number):
                return RevealVerdict.SHOWN, 0
            room = PiiQuotaDay.objects.filter(shop=shop, day=day, used__lt=F("quota") + F("extra"))
            if not room.update(used=F("used") + 1):
                raise IntegrityError("quota")
    except IntegrityError:
        return RevealVerdict.QUOTA_EMPTY, 0
    return RevealVerdict.SHOWN, 1


def _count(shop: Any, day: date, order_number: str) -> bool:
    with connection.cursor() as cursor:
        table = PiiCounted._meta.db_table
        cursor.execute(
            f"INSERT INTO {table} (shop_id, day, order_number) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",  # noqa: S608
            [shop.pk, day, order_number],
        )
        return cursor.rowcount == 1
