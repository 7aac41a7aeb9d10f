"""Where the papers of this room that moved stock are read."""

from collections.abc import Sequence

from django.urls import reverse

from aftersales.returns.models import Inspection, ReturnParcel


def addresses_of(shop_id: int, numbers: Sequence[str]) -> dict[str, str]:
    """Number → page of the inspections and return parcels among these papers."""
    pages = ((ReturnParcel, "return_parcel"), (Inspection, "inspection_detail"))
    return {
        number: reverse(page, args=[shop_id, number])
        for model, page in pages
        for number in model.objects.filter(shop_id=shop_id, number__in=numbers).values_list("number", flat=True)
    }
