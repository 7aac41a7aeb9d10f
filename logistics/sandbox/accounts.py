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


def sto_secrets(name: str = "demo") -> dict[str, Any]:
    """What an STO account of this name keeps in its secrets."""
    return {"app_key": f"{name}-sto-app", "from_code": f"{name}-sto-code", "secret_key": f"{name}-sto-secret"}


def jt_secrets(name: str = "demo") -> dict[str, Any]:
    """What a J&T account of this name keeps in its secrets."""
    return {"api_account": f"{name}-jt-account", "private_key": f"{name}-jt-private"}


def sf_secrets(name: str = "demo") -> dict[str, Any]:
    """What an SF account of this name keeps in its secrets."""
    return {"partner_id": f"{name}-sf-partner", "check_word": f"{name}-sf-secret", "monthly_card": "7550000000"}


def kuaidi100_secrets(name: str = "demo") -> dict[str, Any]:
    """What an account that asks through Kuaidi100 keeps, whatever its courier."""
    return {
        "key": f"{name}-k100-key",
        "customer": f"{name}-k100-customer",
        "secret": f"{name}-k100-secret",
        "salt": f"{name}-k100-salt",
        "partner_id": f"{name}-partner",
        "pay_type": "MONTHLY",
    }


SECRETS = {
    "zto": zto_secrets,
    "yto": yto_secrets,
    "sto": sto_secrets,
    "jt": jt_secrets,
    "sf": sf_secrets,
    "kuaidi100": kuaidi100_secrets,
}
ZTO_SECRETS = zto_secrets()
YTO_SECRETS = yto_secrets()


def secrets_of(courier: str, name: str = "demo") -> dict[str, Any]:
    """What an account of this name at this courier, or through this way, keeps; {} where the sandbox has none."""
    return SECRETS[courier](name) if courier in SECRETS else {}


def owner_of_zto(app_key: str) -> str:
    """Whose app key this is; "" for a key the sandbox never gave out."""
    return _owner(app_key, "-zto-app")


def owner_of_sto(app_key: str, code: str) -> str:
    """Whose app key this is; "" when key and code do not belong together."""
    name = _owner(app_key, "-sto-app")
    return name if name and code == f"{name}-sto-code" else ""


def owner_of_jt(api_account: str) -> str:
    """Whose account this is; "" for one the sandbox never gave out."""
    return _owner(api_account, "-jt-account")


def owner_of_sf(partner_id: str) -> str:
    """Whose partner id this is; "" for one the sandbox never gave out."""
    return _owner(partner_id, "-sf-partner")


def owner_of_kuaidi100(*, key: str = "", customer: str = "") -> str:
    """Whose key or customer number this is; "" for one the sandbox never gave out."""
    return _owner(key, "-k100-key") or _owner(customer, "-k100-customer")


def owner_of_yto(method: str, client_code: str, url_key: str) -> str:
    """Whose client code this is, for this method; "" when code, method and key do not belong together."""
    short = _YTO_METHODS.get(method)
    is_known = short is not None and url_key == f"{short}Key"
    return _owner(client_code, f"-yto-{short}") if is_known else ""


def _owner(key: str, ending: str) -> str:
    name = key.removesuffix(ending)
    return name if name != key and 0 < len(name) <= 40 and name.replace("-", "").isalnum() else ""
