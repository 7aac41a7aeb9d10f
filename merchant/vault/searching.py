"""Finding people by what only they should know (PII-SEARCH): counted by person and day, and on record. A mask and a
search that always answers would give the number, guess by guess."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from merchant.clock import today
from merchant.encryption import crypto
from merchant.people.models import User
from merchant.policy import services as policy
from merchant.vault import masking
from merchant.vault.models import PiiSearch, Recipient, SearchKind

MOST = 500


@dataclass(frozen=True)
class People:
    """Ids of recipients, and a sentence where some shop's searches of the day are used up."""

    recipients: list[int]
    refusal: str = ""


def find_by_phone(user: User, shops: Collection[int], phone: str) -> People:
    """By the whole number, or by its last four digits."""
    digits = masking.normal_phone(phone).partition("-")[0]
    kind = SearchKind.LAST_FOUR if len(digits) == 4 else SearchKind.PHONE
    return _find(user, shops, kind, digits, "*" * max(0, len(digits) - 4) + digits[-4:])


def find_by_name(user: User, shops: Collection[int], name: str) -> People:
    """By exactly this name. Any term may be one, so only what found somebody is counted."""
    return _find(user, shops, SearchKind.NAME, masking.normal_name(name), masking.mask_name(name)[:40])


@transaction.atomic
def _find(user: User, shops: Collection[int], kind: SearchKind, asked: str, mask: str) -> People:
    if not shops or not asked:
        return People([])
    # Of two searches at once the second waits and counts the first.
    list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))
    bidx, day = crypto.blind_index(kind, asked), today()
    done = PiiSearch.objects.filter(user=user, day=day, shop_id__in=shops, is_refused=False)
    used: dict[int, int] = {}
    again: set[int] = set()
    for shop_id, kind_done, bidx_done in done.values_list("shop_id", "kind", "bidx"):
        used[shop_id] = used.get(shop_id, 0) + 1
        if kind_done == kind and bytes(bidx_done) == bidx:
            again.add(shop_id)
    limits = {shop: rules.phone_searches_per_day for shop, rules in policy.current_of(shops).items()}
    spent = {shop for shop in shops if shop not in again and used.get(shop, 0) >= limits[shop]}
    rows = Recipient.objects.filter(shop_id__in=set(shops) - spent, **{f"{kind}_bidx": bidx})
    hits = list(rows.values_list("pk", "shop_id")[:MOST])
    found = dict.fromkeys(shops, 0)
    for _pk, shop_id in hits:
        found[shop_id] += 1
    PiiSearch.objects.bulk_create(
        [
            PiiSearch(
                shop_id=shop,
                user=user,
                day=day,
                kind=kind,
                bidx=bidx,
                mask=mask,
                found=found[shop],
                is_refused=shop in spent,
            )
            for shop in shops
            if shop not in again and (kind != SearchKind.NAME or found[shop])
        ],
        ignore_conflicts=True,
    )
    refusal = ""
    if spent and kind != SearchKind.NAME:
        refusal = _("You have searched for %(most)d different phones or names today; more tomorrow.") % {
            "most": max(limits[shop] for shop in spent)
        }
    return People([pk for pk, _shop in hits], refusal)
