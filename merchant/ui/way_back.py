"""Where a form leads when it is done: back to the page that sent somebody here, when it named itself."""

from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme, urlencode


def way_back(request: HttpRequest, otherwise: str, *args: object, **kwargs: object) -> str:
    """`?next=` when it is an address of this site, else that of the view named `otherwise`."""
    told = request.GET.get("next", "")
    if told.startswith("/") and url_has_allowed_host_and_scheme(told, allowed_hosts=None):
        return told
    return str(resolve_url(otherwise, *args, **kwargs))


def kept_way(request: HttpRequest) -> str:
    """The query that carries the way back on to another address; "" where none was named."""
    told = request.GET.get("next", "")
    return f"?{urlencode({'next': told})}" if told else ""
