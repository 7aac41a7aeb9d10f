"""The request behind a login, as readers and the type checker should see it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from merchant.people.models import User


class SignedInRequest(HttpRequest):
    """What a view behind `login_required` is given; only a name for types, never made."""

    user: User
    htmx: HtmxDetails
