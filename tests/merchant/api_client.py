"""A program with a token, as tests of the API use it."""

from typing import Any

from django.test import Client

from merchant.api.enums import ApiScope
from merchant.api.models import ApiToken
from merchant.api.services import digest_of
from merchant.clock import now
from merchant.people.models import User
from merchant.shops.models import Shop


def make_api_token(user: User, shop: Shop, *scopes: str, **fields: Any) -> tuple[ApiToken, str]:
    """A token as if made long ago, used just now, for everything unless scopes are named. Not by the service: a person
    gets no scope beyond their role there, and tests ask what the role itself forbids."""
    number = ApiToken.objects.count()
    secret = f"hc_test-{user.pk}-{number}"
    token = ApiToken.objects.create(
        shop=shop,
        user=user,
        name=f"program {number}",
        prefix=secret[:11],
        digest=digest_of(secret),
        scopes=[str(scope) for scope in (scopes or ApiScope)],
        **{"last_used_at": now(), **fields},
    )
    return token, secret


class Program(Client):
    """Speaks JSON and English with one token."""

    def __init__(self, secret: str, *, language: str = "en") -> None:
        super().__init__(headers={"Authorization": f"Bearer {secret}", "Accept-Language": language})

    def tell(self, url: str, content: Any = None, **headers: str) -> Any:
        """A POST with JSON."""
        return self.post(url, content if content is not None else {}, content_type="application/json", headers=headers)


def program(user: User, shop: Shop, *scopes: str, language: str = "en", **fields: Any) -> Program:
    return Program(make_api_token(user, shop, *scopes, **fields)[1], language=language)
