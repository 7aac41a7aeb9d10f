from typing import Any

from django.conf import settings
from django.http import HttpRequest

from merchant.people.rights import Right, can
from merchant.people.visibility import shops_of


def shop_context(request: HttpRequest) -> dict[str, Any]:
    """What every page knows: whether this is the demo, the reader's shops and the rights they hold in any of them."""
    user = getattr(request, "user", None)
    found: dict[str, Any] = {"is_demo": settings.IS_DEMO}
    if user is not None and user.is_authenticated:
        shops = shops_of(user)
        found["shop_ids"] = shops
        found["shop_rights"] = {str(right) for right in Right if any(can(user, shop, right) for shop in shops)}
    return found
