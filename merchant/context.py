from typing import Any

from django.conf import settings
from django.http import HttpRequest

from merchant.people.rights import rights_in
from merchant.people.visibility import shops_of


def shop_context(request: HttpRequest) -> dict[str, Any]:
    """What every page knows: whether this is the demo, the reader's shops and the rights they hold in any of them."""
    user = getattr(request, "user", None)
    found: dict[str, Any] = {"is_demo": settings.IS_DEMO}
    if user is not None and user.is_authenticated:
        shops = shops_of(user)
        found["shop_ids"] = shops
        found["shop_rights"] = rights_in(user, shops)
    return found
