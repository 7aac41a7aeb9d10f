"""Fetching a file whose address somebody outside named: over https, from public addresses only, so much and no more.

The name is resolved here and the connection made to the address that was looked at: a name that answers differently
the second time reaches nothing inside. Every redirect is looked at like the first address. No cookies, no proxy, no
credentials go along.
"""

import ipaddress
import os
import socket
import time
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
from django.conf import settings

from merchant.outside import check_may_call

MAX_REDIRECTS = 3
CONNECT_S, READ_S, TOTAL_S = 3.0, 6.0, 20.0
REDIRECTS = (301, 302, 303, 307, 308)
# Networks that lead elsewhere although they count as public: translated and tunnelled IPv4.
_LEADING_ELSEWHERE = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


class Unfetched(Exception):
    """Nothing came. `code`: address, private, redirects, large, type, missing, silent; `is_final`: it will not come on
    another day either."""

    def __init__(self, code: str, *, is_final: bool) -> None:
        super().__init__(code)
        self.code, self.is_final = code, is_final


def fetch(url: str, *, kind: str, most: int) -> bytes:
    """The body at this address, whose Content-Type begins with `kind`, of at most `most` bytes. Raises Unfetched.

    Never in a request: it may take twenty seconds."""
    check_may_call("a host named by a source")
    ends = time.monotonic() + TOTAL_S
    for _hop in range(MAX_REDIRECTS + 1):
        target, extra = _checked(url)
        try:
            with _client().stream("GET", target, **extra) as response:
                if response.status_code in REDIRECTS:
                    url = urljoin(url, response.headers.get("location", ""))
                    continue
                return _body(response, kind, most, ends)
        except httpx2.InvalidURL as error:
            raise Unfetched("address", is_final=True) from error
        except httpx2.HTTPError as error:
            raise Unfetched("silent", is_final=False) from error
    raise Unfetched("redirects", is_final=True)


def _body(response: httpx2.Response, kind: str, most: int, ends: float) -> bytes:
    status = response.status_code
    if status != 200:
        raise Unfetched("missing", is_final=400 <= status < 500 and status not in (408, 425, 429))
    # Asked for as it is: what comes packed all the same could unpack to anything.
    if not response.headers.get("content-type", "").lower().startswith(kind) or (
        response.headers.get("content-encoding", "identity") != "identity"
    ):
        raise Unfetched("type", is_final=True)
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > most:
            raise Unfetched("large", is_final=True)
        if time.monotonic() > ends:
            raise Unfetched("silent", is_final=False)
    return bytes(body)


def _checked(url: str) -> tuple[str, dict[str, Any]]:
    """(the address to connect to, how to ask there for what was named). Raises Unfetched."""
    if is_sandbox(url):
        return url, {}
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port or 443
    except ValueError as error:
        raise Unfetched("address", is_final=True) from error
    if parts.scheme != "https" or not name or port != 443 or parts.username is not None:
        raise Unfetched("address", is_final=True)
    try:
        found = {str(row[4][0]) for row in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise Unfetched("silent", is_final=False) from error
    # One that leads inside is enough: nobody has both by accident.
    if not found or not all(map(is_public, found)):
        raise Unfetched("private", is_final=True)
    # IPv4 first: a machine without the other has no way to it.
    there = min(found, key=lambda one: (":" in one, one))
    host = f"[{there}]" if ":" in there else there
    target = parts._replace(netloc=host, fragment="").geturl()
    return target, {"headers": {"Host": name}, "extensions": {"sni_hostname": name}}


def is_sandbox(url: str) -> bool:
    """Whether it lies at the sandbox that plays the platforms here, by the environment's word: over http, near by."""
    sandbox = settings.PLATFORM_SANDBOX_URL
    return bool(sandbox) and url.startswith(f"{sandbox}/")


def is_public(address: str) -> bool:
    """Whether this is an address of the internet and of nothing nearer."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    leads = any(found in network for network in _LEADING_ELSEWHERE if network.version == found.version)
    return found.is_global and not found.is_multicast and not found.is_reserved and not leads


_clients: dict[int, Any] = {}


def _client() -> httpx2.Client:
    """One client a process; no connection is kept, since the next address is another host's."""
    client = _clients.get(os.getpid())
    if client is None:
        client = _clients[os.getpid()] = httpx2.Client(
            timeout=httpx2.Timeout(READ_S, connect=CONNECT_S),
            follow_redirects=False,
            trust_env=False,
            headers={"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "huicang"},
            limits=httpx2.Limits(max_keepalive_connections=0),
        )
    client.cookies.clear()
    return client
