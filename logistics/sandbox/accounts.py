"""The sandbox's well-known accounts. They open nothing but the sandbox, which runs in the demo and in tests only."""

from typing import Any

_YTO_METHODS = {
    "track_query_adapter": "track",
    "subscribe_adapter": "subscribe",
    "wanted_report_adapter": "report",
    "wanted_change_adapter": "change",
    "wanted_cancel_adapter": "cancel",
}


def zto_secrets(name: str = "demo") -> dict[str, Any]:
    """What a ZTO account of this name keeps in its secrets."""
    return {"app_key": f"{name}-zto-app", "app_secret": f"{name}-secret"}


def yto_secrets(name: str = "demo") -> dict[str, Any]:
    """What a YTO account of this name keeps: a set per method, and the pair that signs pushes."""
    methods = {
        method: {"client_code": f"{name}-yto-{short}", "secret": f"{name}-{short}-secret", "url_key": f"{short}Key"}
        for method, short in _YTO_METHODS.items()
    }
    return {"push": {"client_id": f"{name}-yto", "secret": f"{name}-push-secret"}, **methods}


ZTO_SECRETS = zto_secrets()
YTO_SECRETS = yto_secrets()


def owner_of_zto(app_key: str) -> str:
    """Whose app key this is; "" for a key the sandbox never gave out."""
    name = app_key.removesuffix("-zto-app")
    return name if name != app_key and _is_name(name) else ""


def owner_of_yto(method: str, client_code: str, url_key: str) -> str:
    """Whose client code this is, for this method; "" when code, method and key do not belong together."""
    short = _YTO_METHODS.get(method)
    name = client_code.removesuffix(f"-yto-{short}")
    is_known = short is not None and name != client_code and url_key == f"{short}Key"
    return name if is_known and _is_name(name) else ""


def _is_name(name: str) -> bool:
    return 0 < len(name) <= 40 and name.replace("-", "").isalnum()
