"""Reading the process environment: a wrong value stops the start with a sentence that names it."""

import math
import os
import re
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool = False) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value not in {"0", "1", "true", "false", "yes", "no"}:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")
    return value in {"1", "true", "yes"}


def number(name: str, default: float, *, above: float = 0.0) -> float:
    value = text(name, str(default))
    try:
        found = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {value!r}.") from None
    if not above < found < math.inf:
        raise ImproperlyConfigured(f"{name} must be above {above:g}, not {found:g}.")
    return found


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def postgres(name: str, default: str) -> dict[str, object]:
    """A Django DATABASES entry from `postgres://user:password@host:port/name?option=value`.

    A host written as a percent-encoded path, or given as `?host=/path`, is a unix socket.
    """
    parts = urlsplit(text(name, default))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"{name} must be a postgres:// address; other databases are not supported.")
    options: dict[str, object] = dict(parse_qsl(parts.query))
    # urlsplit's own hostname is in small letters, which spoils the path of a socket.
    host = re.sub(r":\d+$", "", parts.netloc.rpartition("@")[2]).strip("[]")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(host) or str(options.pop("host", "")),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }
