"""Where the papers behind moves are read that are the stock's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from merchant.stock.paper_models import Purchase, Stocktake, Transfer

# The first letters of a number, the paper, its page.
KINDS: tuple[tuple[str, Any, str], ...] = (
    ("ST", Stocktake, "stocktake_detail"),
    ("TR", Transfer, "transfer_detail"),
    ("PU", Purchase, "purchase_detail"),
)


def find(shop_id: int, numbers: Sequence[str]) -> Mapping[str, str]:
    """A delivery is told as `<purchase>/<which>`: it is read on the purchase's page."""
    found: dict[str, str] = {}
    for letters, model, page in KINDS:
        papers = {number: number.partition("/")[0] for number in numbers if number.startswith(letters)}
        if papers:
            known = set(
                model.objects.filter(shop_id=shop_id, number__in=papers.values()).values_list("number", flat=True)
            )
            found |= {told: reverse(page, args=[shop_id, paper]) for told, paper in papers.items() if paper in known}
    return found
