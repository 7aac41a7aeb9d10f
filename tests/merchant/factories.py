"""Shops, people and accounts for tests, made through the services where a service exists."""

import io
import itertools
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from merchant.people.models import Membership, User
from merchant.people.rights import ensure_default_roles
from merchant.shops import services
from merchant.shops.models import CourierAccount, PlatformAccount, Shop

_count = itertools.count(1)


def make_user(
    role: str | None = None, shop: Shop | None = None, *, name: str = "", password: str | None = None, **fields: Any
) -> User:
    """A person; with `role` and `shop` also a member. Without a password the login is unusable (and the test fast)."""
    number = next(_count)
    user = User(
        username=f"{name or role or 'user'}-{number}", display_name=name or f"{role or 'user'} {number}", **fields
    )
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.save()
    if role is not None and shop is not None:
        Membership.objects.create(user=user, shop=shop, role=ensure_default_roles()[role])
    return user


def make_shop(platform: str = "kuaishou", *, is_signed: bool = True, **fields: Any) -> Shop:
    """A shop in normal operation, with the interception agreement signed unless told otherwise."""
    number = next(_count)
    shop = Shop.objects.create(
        **{"platform": platform, "external_id": f"shop-{number}", "name": f"测试店 {number}", **fields}
    )
    if is_signed:
        services.sign_agreement(shop, by=None)
    return shop


def make_courier_account(shop: Shop, courier: str = "zto", **fields: Any) -> CourierAccount:
    """An account with the platform e-waybill on and the rate card of S1 (fee 300, freight 450)."""
    defaults = {
        "customer_code": f"C{next(_count):06d}",
        "has_ewaybill": True,
        "rate_card": {"intercept_fee_fen": 300, "back_freight_fen": 450},
        "rate_per_second": 1000,
        "secrets": {"app_key": "demo-app", "app_secret": "demo-secret"},
    }
    return CourierAccount.objects.create(shop=shop, courier=courier, **{**defaults, **fields})


def make_platform_account(shop: Shop, platform: str = "kuaishou", **fields: Any) -> PlatformAccount:
    return PlatformAccount.objects.create(shop=shop, platform=platform, **{"app_key": f"app-{next(_count)}", **fields})


def photo_upload(
    name: str = "photo.jpg", *, size: tuple[int, int] = (40, 30), colour: str = "red", **extra: Any
) -> Any:
    """A picture as a form sends it."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", **extra)
    return SimpleUploadedFile(name, out.getvalue())
