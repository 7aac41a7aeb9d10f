"""Kuaidi100 快递100: a way of asking about any courier's parcels, and of stopping five couriers'. It is not a courier:
the parcel stays its courier's.

It allows one question a parcel in half an hour, tells how an interception ends only by a callback whose body no
source shows, and so proves a stop by the return scan alone.
"""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from logistics.couriers import kuaidi100_words as words
from logistics.couriers import scans, signing, told
from logistics.couriers.base import (
    PHONE_LAST4,
    Account,
    Address,
    Answer,
    Call,
    Capabilities,
    Courier,
    CourierError,
    ErrorClass,
    Event,
    Host,
    InterceptAnswer,
    Kind,
    Push,
    Secret,
)
from logistics.couriers.push_urls import push_address
from logistics.couriers.registry import find, register
from logistics.couriers.wire import garbage, stray
from merchant import incoming
from merchant.carriers import registry as carriers

INTERCEPT_TYPES = {
    Kind.RETURN_TO_SITE: "RETURN_SEND_STATION",
    Kind.RETURN_TO_SENDER: "RETURN_SEND_ADDR",
    Kind.CHANGE_ADDRESS: "MODIFY_ADDR",
}
# The shop's own account with the courier, as Kuaidi100 passes it on: our name → its name.
PARTNER = {
    "partner_id": "partnerId",
    "partner_key": "partnerKey",
    "partner_secret": "partnerSecret",
    "partner_name": "partnerName",
    "net": "net",
    "code": "code",
    "order_role": "orderRole",
    "pay_type": "interceptPayType",
    "app_key": "appKey",
    "app_secret": "appSecret",
}
# Where a callback may name its parcel: no source shows one.
WAYBILL_NAMES = ("kuaidinum", "kuaidiNum", "nu", "num", "number", "waybillNo")
HEADERS = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
HALF_AN_HOUR = 1800
API = "api"


class Kuaidi100(Courier):
    """Secrets: key, customer (questions), secret (interceptions), salt (ours, signs pushes); and the shop's account at
    the courier: partner_id, partner_key, partner_secret, partner_name, net, code; pay_type SHIPPER|CONSIGNEE|
    THIRDPARTY|MONTHLY, order_role 1|2|3; ZTO's service providers also app_key, app_secret."""

    code = "kuaidi100"
    label = _("Kuaidi100")
    # Questions and subscriptions at one host, interceptions at the other.
    hosts = {
        "": Host("HUICANG_KUAIDI100_HOST", "https://poll.kuaidi100.com"),
        API: Host("HUICANG_KUAIDI100_API_HOST", "https://api.kuaidi100.com"),
    }
    secrets = (
        Secret("key", _("Key"), is_hidden=False),
        Secret("customer", _("Customer number, for questions")),
        Secret("secret", _("Secret, for interceptions"), is_required=False),
        Secret("salt", _("Salt: our own word, it signs the pushes")),
        Secret("partner_id", _("At the courier: partner id"), is_required=False, is_hidden=False),
        Secret("partner_key", _("At the courier: partner key"), is_required=False),
        Secret("partner_secret", _("At the courier: partner secret"), is_required=False),
        Secret("partner_name", _("At the courier: partner name"), is_required=False, is_hidden=False),
        Secret("net", _("At the courier: site"), is_required=False, is_hidden=False),
        Secret("code", _("At the courier: site code"), is_required=False, is_hidden=False),
        Secret(
            "pay_type",
            _("Who pays for the stop"),
            is_required=False,
            is_hidden=False,
            choices=(
                ("", _("as agreed with the courier")),
                ("MONTHLY", _("the sender's monthly account")),
                ("SHIPPER", _("the sender, in cash")),
                ("CONSIGNEE", _("the receiver")),
                ("THIRDPARTY", _("a third party's account")),
            ),
        ),
        Secret(
            "order_role",
            _("The shop is the parcel's"),
            is_required=False,
            is_hidden=False,
            choices=(("", _("not said")), ("1", _("sender")), ("2", _("receiver")), ("3", _("third party"))),
        ),
        Secret(
            "app_key",
            _("At the courier: app key"),
            _("For a service provider of the courier only."),
            is_required=False,
            is_hidden=False,
        ),
        Secret("app_secret", _("At the courier: app secret"), is_required=False),
        PHONE_LAST4,
    )
    capabilities = Capabilities(
        kinds=frozenset(INTERCEPT_TYPES),
        evidence="return_scan",
        can_cancel=False,
        can_query_state=False,
        can_subscribe=True,
        # "In transit and not signed": one of the couriers behind it refuses at the delivering site.
        intercepts_at_destination=False,
        min_interval_s=HALF_AN_HOUR,
        needs_phone_last4=True,
    )

    def obstacle(self, account: Account) -> Any:
        carrier = carriers.find(account.courier)
        if carrier is None or not carrier.can_kuaidi100_stop:
            return _("Kuaidi100 does not stop this courier's parcels for us.")
        if not push_address(account, for_host=self.host(API)):
            return _(
                "Kuaidi100 answers only by calling us back, and this house has no public address yet "
                "(HUICANG_SITE_URL)."
            )
        return ""

    def evidence_of(self, account: Account | None) -> str:
        # A way round a courier makes its scans no better: Kuaidi100 reads the same ones.
        own = find(account.courier) if account is not None else None
        is_proof = own is None or own.capabilities.evidence != "person"
        return self.capabilities.evidence if is_proof else "person"

    # --- calls -------------------------------------------------------------------------------------------------

    def build_create(
        self,
        account: Account,
        waybill: str,
        *,
        request_id: str,
        biz_no: str,
        kind: Kind,
        reason: str,
        new_address: Address | None = None,
    ) -> Call:
        key, secret, salt = self._secrets(account, "key", "secret", "salt")
        if obstacle := self.obstacle(account):
            raise CourierError(ErrorClass.BAD_REQUEST, "callback", str(obstacle))
        content: dict[str, Any] = {
            "kuaidicom": self._company(account),
            "kuaidinum": waybill,
            "interceptType": INTERCEPT_TYPES[kind],
            "orderId": biz_no,
            **{theirs: str(account.secrets[ours]) for ours, theirs in PARTNER.items() if account.secrets.get(ours)},
            "reason": reason,
            "salt": salt,
            "callbackUrl": push_address(account, for_host=self.host(API)),
        }
        if kind is Kind.CHANGE_ADDRESS and (to := new_address) is not None:
            content["recManInfo"] = {
                "name": to.name,
                "mobile": to.phone,
                "printAddr": f"{to.province}{to.city}{to.district}{to.address}",
            }
        param, stamp = signing.as_json(content), str(time.time_ns() // 1_000_000)
        form = {
            "method": "interceptOrder",
            "key": key,
            "sign": _sign(param, stamp, key, secret),
            "t": stamp,
            "param": param,
        }
        return _post(f"{self.host(API)}/label/order", form, is_write=True)

    def parse_create(self, answer: Answer) -> InterceptAnswer:
        content = _object(answer, "code")
        if str(content["code"]) != "200":
            raise words.refusal(content, answer, {})
        data = content.get("data")
        return InterceptAnswer(str(data) if isinstance(data, str | int) else "", answer.text)

    def build_track(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        key, customer = self._secrets(account, "key", "customer")
        content = {"com": self._company(account), "num": waybill, "resultv2": "4", "order": "desc"}
        if phone_last4:
            content["phone"] = phone_last4
        param = signing.as_json(content)
        form = {"customer": customer, "sign": _sign(param, key, customer), "param": param}
        return _post(f"{self.host()}/poll/query.do", form)

    def read_track(self, account: Account, answer: Answer, waybill: str) -> list[Event]:
        """`parse_track` of an answer that also names the courier this account asks about."""
        events = self.parse_track(answer, waybill)
        _check_company(account, _object(answer, "status", "returnCode"), answer.text)
        return events

    def parse_track(self, answer: Answer, waybill: str) -> list[Event]:
        content = _object(answer, "status", "returnCode")
        if _is_refused(content):
            raise words.refusal(content, answer, words.QUERY_ERRORS)
        if not scans.is_about(content.get("nu"), waybill):
            raise stray(str(content["nu"]), answer.text)
        if "data" not in content:
            raise garbage(answer, "a track without data")
        try:
            return _events(content)
        except ValueError as error:
            raise garbage(answer, str(error)) from error

    def build_subscribe(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        key, salt = self._secrets(account, "key", "salt")
        address = push_address(account, for_host=self.host())
        if not address:
            raise CourierError(ErrorClass.BAD_REQUEST, "callback", "no public address to push to")
        parameters = {"callbackurl": address, "salt": salt, "resultv2": "4"}
        if phone_last4:
            parameters["phone"] = phone_last4
        content = {"company": self._company(account), "number": waybill, "key": key, "parameters": parameters}
        return _post(f"{self.host()}/poll", {"schema": "json", "param": signing.as_json(content)}, is_write=True)

    def parse_subscribe(self, answer: Answer) -> None:
        content = _object(answer, "result")
        if str(content["result"]).lower() != "true":
            raise words.refusal(content, answer, words.SUBSCRIBE_ERRORS)

    # --- pushes ------------------------------------------------------------------------------------------------

    def verify_push(self, account: Account, headers: Any, raw: bytes, content_type: str) -> bool:
        fields = signing.push_fields(raw)
        param, given = fields.get("param"), fields.get("sign")
        salt = str(account.secrets.get("salt") or "")
        if not (param and given and salt):
            return False
        return signing.is_same(given.upper(), _sign(param, salt))

    def parse_push(self, account: Account, headers: Any, raw: bytes) -> Push:
        """A track; or, whatever else it is, a hint: how an interception ends is read from the track alone."""
        try:
            content = incoming.read_json(signing.push_fields(raw).get("param", b""))
            result = content.get("lastResult")
            is_track = isinstance(result, dict) and "data" in result
            waybill = incoming.short_id(result["nu"] if is_track else _waybill_in(content))
            events = _events(result) if is_track else []
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CourierError(ErrorClass.BAD_REQUEST, "push", f"unreadable push: {type(error).__name__}") from error
        if not waybill:
            raise CourierError(ErrorClass.BAD_REQUEST, "push", "push without a waybill")
        for part in (content, result if is_track else {}):
            _check_company(account, part, raw.decode(errors="replace"))
        has_ended = is_track and content.get("status") == "abort"
        return Push(waybill, events, self.ack(True)[0], is_hint=not is_track, has_ended=has_ended)

    def ack(self, ok: bool) -> tuple[str, str, int]:
        code, message = ("200", "成功") if ok else ("500", "失败")
        body = {"result": ok, "returnCode": code, "message": message}
        return signing.as_json(body), "application/json; charset=UTF-8", 200

    # --- plumbing ----------------------------------------------------------------------------------------------

    def _secrets(self, account: Account, *names: str) -> list[str]:
        found = [str(account.secrets.get(name) or "") for name in names]
        if not all(found):
            raise CourierError(ErrorClass.AUTH, "credentials", f"missing one of {', '.join(names)}")
        return found

    def _company(self, account: Account) -> str:
        carrier = carriers.find(account.courier)
        if carrier is None or not carrier.kuaidi100:
            raise CourierError(ErrorClass.NOT_SUPPORTED, "company", f"Kuaidi100's name of {account.courier} is unknown")
        return carrier.kuaidi100


def _check_company(account: Account, told: dict[str, Any], raw: str) -> None:
    """Raises ANOTHER_PARCEL where a track is of another courier than this account's: numbers of two may be alike, and
    Kuaidi100 may have taken a number for another courier's (`comNew`)."""
    carrier = carriers.find(account.courier)
    ours = carrier.kuaidi100.lower() if carrier else ""
    for name in ("com", "comNew", "kuaidicom"):
        company = str(told.get(name) or "").strip().lower()
        if company and company != ours and carriers.code_of(company) != account.courier:
            raise stray(company, raw)


def _sign(content: str | bytes, *more: str) -> str:
    raw = content if isinstance(content, bytes) else content.encode()
    return signing.digest("md5", "hex", raw + "".join(more).encode()).upper()


def _post(url: str, form: dict[str, str], *, is_write: bool = False) -> Call:
    return Call(url, urlencode(form).encode(), HEADERS, is_write)


def _object(answer: Answer, *names: str) -> dict[str, Any]:
    """The answer as an object that holds one of these names."""
    try:
        content = incoming.read_json(answer.text)
    except ValueError as error:
        raise garbage(answer, "not JSON") from error
    if not isinstance(content, dict) or not any(name in content for name in names):
        # A gateway in front of any call may refuse in this form.
        if isinstance(content, dict) and "returnCode" in content:
            raise words.refusal(content, answer, words.QUERY_ERRORS)
        raise garbage(answer, f"none of {', '.join(names)}")
    return content


def _is_refused(content: dict[str, Any]) -> bool:
    """A good answer may carry an empty returnCode, or its 200 under either name."""
    code = str(content.get("returnCode") or "").strip()
    return code not in ("", "200") or str(content.get("status") or code).strip() != "200"


def _events(result: dict[str, Any]) -> list[Event]:
    """Every scan of a result, oldest first. The newest row may leave its state to the verdict on the whole track."""
    data = result.get("data")
    if not data:
        return []
    if not isinstance(data, list):
        raise ValueError("data is not a list")
    rows = [row for row in data if isinstance(row, dict) and words.NO_SCAN not in str(row.get("context"))]
    newest = max(rows, key=lambda row: str(row.get("ftime") or row.get("time") or ""), default=None)
    verdict = str(result.get("state") or "")
    return scans.read_rows(rows, lambda row: _event(row, verdict if row is newest else ""))


def _event(row: dict[str, Any], verdict: str) -> Event:
    at = scans.moment(row.get("ftime") or row.get("time"))
    context = str(row.get("context") or "")
    status_word = str(row.get("status") or "").strip()
    own = str(row.get("statusCode") or "").strip() or words.STATUS_WORDS.get(status_word, status_word)
    code = own or verdict
    scan, status = told.corrected(words.SCANS.get(code, ("", "")), context)
    is_address_change = scan == "return" and scans.says_redirected(context)
    if is_address_change:
        status = "redirected"
    if scan == "problem" and scans.says_refused(context):
        status = "refused"
    return Event(
        event_at=at,
        status=status,
        raw_code=code,
        site=str(row.get("location") or "") or scans.site_in(context),
        city=_city(str(row.get("areaName") or "")),
        text=scans.without_phones(context),
        # A row is pushed again with every later one; what it was called by the verdict of that day is not its own.
        event_id=f"{int(at.timestamp())}|{own}|{context}",
        is_address_change=is_address_change,
        returned_by_sender_side=True if scan == "return_signed" else None,
        scan=scan,
    )


def _city(area: str) -> str:
    """The city of "province,city,district,…"."""
    parts = [part.strip() for part in area.split(",")]
    return parts[1] if len(parts) > 1 else parts[0]


def _waybill_in(content: dict[str, Any]) -> str:
    return next((str(part[name]).strip() for part in _parts(content) for name in WAYBILL_NAMES if part.get(name)), "")


def _parts(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield content
    yield from (value for value in content.values() if isinstance(value, dict))


register(Kuaidi100())
