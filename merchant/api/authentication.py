"""`Authorization: Bearer hc_…`: whose program asks, for which shop, and what it may ask for."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from merchant.api import services
from merchant.api.models import ApiToken
from merchant.clock import now
from merchant.people.client_ip import client_address
from merchant.people.models import User
from merchant.wakeups import count


class TokenAuthentication(BaseAuthentication):
    """`request.user` is the token's person, `request.auth` the token."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        token = services.find_token(words[1].decode("latin-1")) if len(words) == 2 else None
        if token is None:
            raise AuthenticationFailed(_("This token is not known, or it has been revoked or is past its day."))
        services.note_use(token, ip=client_address(request._request))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class HasScope(BasePermission):
    """The token was made for what this address does; without any scope named, every token is."""

    def has_permission(self, request: Request, view: Any) -> bool:
        wanted = view.scope
        self.message = _("This token was not made for %(scope)s.") % {"scope": wanted}
        return isinstance(request.auth, ApiToken) and (not wanted or wanted in request.auth.scopes)


class PerToken(BaseThrottle):
    """So many requests a minute for each token (HUICANG_API_PER_MINUTE). Without Redis nobody counts and all pass."""

    def allow_request(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiToken):
            return True
        self.at = now()
        key = f"huicang:api:{request.auth.digest[:16]}:{int(self.at.timestamp()) // 60}"
        return count(key, 60) <= settings.API_PER_MINUTE

    def wait(self) -> float:
        return 60 - self.at.timestamp() % 60
