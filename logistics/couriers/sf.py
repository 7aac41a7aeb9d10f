"""SF 顺丰 (open.sf-express.com): one address for everything, JSON inside JSON, pushes that nobody signs."""

import time
import uuid
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote_plus, urlencode

from django.utils.translation import gettext_lazy as _

from logistics.couriers import scans, sf_words, signing
from logistics.couriers.base import (
    PHONE_LAST4,
    Account,
    Address,
    Answer,
    Call,
    Capabilities,
    Carrier,
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
from logistics.couriers.registry import register
from logistics.couriers.wire import garbage
from merchant import incoming

ROUTES, INTERCEPT = "EXP_RECE_SEARCH_ROUTES", "EXP_RECE_WANTED_INTERCEPT"
SERVICE_CODES = {Kind.CHANGE_ADDRESS: "1", Kind.RETURN_TO_SENDER: "2"}
SENDER, MONTHLY = "1", "4"
JSON_TYPE, XML_TYPE = "application/json; charset=UTF-8", "text/xml; charset=UTF-8"
# What a route is made of; JSON and XML name it alike.
ROUTE = "WaybillRoute"


class SF(Courier):
    """Secrets: partner_id, check_word; monthly_card; and where the shop's console says otherwise digest
    (standard|simple), role (1 sender, 2 receiver, 3 third party), pay_mode (1 sender cash, 2 receiver, 3 third-party
    account, 4 the sender's monthly account)."""

    carrier = Carrier(
        "sf",
        en="SF Express",
        zh="顺丰",
        aliases=("顺丰速运", "顺丰快递", "sfexpress", "跨境-顺丰速运"),
        waybills=(r"SF\d{12,13}",),
        kuaidi100="shunfeng",
        can_kuaidi100_stop=True,
        platform_codes={"kuaishou": ("4", "1007"), "douyin": ("shunfeng",), "wechat": ("SF",)},
    )
    hosts = {"": Host("HUICANG_SF_HOST", "https://bspgw.sf-express.com")}
    position = 5
    portal = "open.sf-express.com"
    takes_push_address_on_its_site = True
    secrets = (
        Secret("partner_id", _("Partner id"), is_hidden=False),
        Secret("check_word", _("Check word")),
        Secret("monthly_card", _("Monthly account"), is_required=False, pattern=r"\d{10}"),
        Secret(
            "digest",
            _("Digest"),
            is_required=False,
            is_hidden=False,
            choices=(("", _("standard")), ("simple", _("simple"))),
        ),
        Secret(
            "role",
            _("The shop is the parcel's"),
            is_required=False,
            is_hidden=False,
            choices=(("", _("sender")), ("2", _("receiver")), ("3", _("third party"))),
        ),
        Secret(
            "pay_mode",
            _("Who pays for the stop"),
            is_required=False,
            is_hidden=False,
            choices=(
                ("", _("the sender's monthly account")),
                ("1", _("the sender, in cash")),
                ("2", _("the receiver")),
                ("3", _("a third party's account")),
            ),
        ),
        PHONE_LAST4,
    )
    capabilities = Capabilities(
        kinds=frozenset(SERVICE_CODES),
        # Not on the list of evidence that may pay by itself: whatever looks like a stop asks a person.
        evidence="person",
        can_cancel=True,
        can_query_state=False,
        # Ordered at SF's console, for the whole account.
        can_subscribe=False,
        # Refused once it is delivered, not before.
        intercepts_at_destination=True,
        needs_phone_last4=True,
        signs_pushes=False,
        tells_fee=True,
    )

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
        content = self._order(account, waybill, SERVICE_CODES[kind])
        if new_address is not None and kind is Kind.CHANGE_ADDRESS:
            content["newDestAddress"] = {
                "province": new_address.province,
                "city": new_address.city,
                "county": new_address.district,
                "address": new_address.address,
                "contact": new_address.name,
                "phone": new_address.phone,
            }
        return self._call(account, INTERCEPT, content, is_write=True)

    def parse_create(self, answer: Answer) -> InterceptAnswer:
        told = self._envelope(answer)
        told = told if isinstance(told, dict) else {}
        return InterceptAnswer(str(told.get("cusId") or ""), answer.text, _fen(told.get("amount")))

    def build_cancel(self, account: Account, waybill: str, *, biz_no: str, external_ref: str) -> Call:
        if not external_ref:
            raise CourierError(ErrorClass.NOT_SUPPORTED, "cusId", "SF gave no number of the request")
        # Only returns are ever asked for here; a change of address would be taken back with its own code.
        content = self._order(account, waybill, SERVICE_CODES[Kind.RETURN_TO_SENDER])
        return self._call(account, INTERCEPT, {**content, "cancel": True, "cusId": external_ref}, is_write=True)

    def parse_cancel(self, answer: Answer) -> None:
        self._envelope(answer)

    def build_track(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        content = {"trackingType": "1", "trackingNumber": [waybill], "methodType": "1", "language": "zh-CN"}
        if phone_last4:
            content["checkPhoneNo"] = phone_last4
        return self._call(account, ROUTES, content)

    def parse_track(self, answer: Answer, waybill: str) -> list[Event]:
        """Raises NOT_YET_TRACKABLE for no routes: SF says nothing else about a parcel it does not know, one not scanned
        yet and one whose phone is another, and only of a label that nobody scanned is that an answer."""
        told = self._envelope(answer)
        found = told.get("routeResps") if isinstance(told, dict) else None
        if not isinstance(found or [], list):
            raise garbage(answer, "routeResps is not a list")
        found = found or []
        ours = scans.ours(found, "mailNo", waybill, answer.text)
        told = [one["routes"] for one in ours if isinstance(one.get("routes"), list)]
        rows = [row for routes in told for row in routes if isinstance(row, dict)]
        if not rows:
            words = "no routes: not scanned yet, unknown, or not its phone"
            raise CourierError(ErrorClass.NOT_YET_TRACKABLE, "empty", words, raw=answer.text[:2000])
        try:
            return scans.read_rows(rows, _event)
        except ValueError as error:
            raise garbage(answer, str(error)) from error

    # --- pushes ------------------------------------------------------------------------------------------------

    def verify_push(self, account: Account, headers: Any, raw: bytes, content_type: str) -> bool:
        """No source shows a signature: the address is all a sender has to know, so a push is a hint and no more."""
        if not account.secrets.get("check_word"):
            return False
        try:
            return any(_routes(raw))
        except ValueError:
            return False

    def parse_push(self, account: Account, headers: Any, raw: bytes) -> Push:
        try:
            waybills = list(dict.fromkeys(incoming.short_id(route.get("mailno") or "") for route in _routes(raw)))
        except ValueError as error:
            raise CourierError(ErrorClass.BAD_REQUEST, "push", str(error)) from error
        waybills = [waybill for waybill in waybills if waybill]
        if not waybills:
            raise CourierError(ErrorClass.BAD_REQUEST, "push", "push without a waybill")
        is_json = raw.lstrip()[:1] == b"{"
        ack, kind = (_ack_json(True), JSON_TYPE) if is_json else (_ack_xml(True), XML_TYPE)
        return Push(waybills[0], [], ack, ack_type=kind, is_hint=True, others=tuple(waybills[1:]))

    def ack(self, ok: bool) -> tuple[str, str, int]:
        return _ack_xml(ok), XML_TYPE, 200

    # --- plumbing ----------------------------------------------------------------------------------------------

    def _order(self, account: Account, waybill: str, service_code: str) -> dict[str, Any]:
        secrets = account.secrets
        content = {
            "waybillNo": waybill,
            "serviceCode": service_code,
            "role": str(secrets.get("role") or SENDER),
            "payMode": str(secrets.get("pay_mode") or MONTHLY),
        }
        if card := str(secrets.get("monthly_card") or ""):
            content["monthlyCardNo"] = card
        return content

    def _call(self, account: Account, service: str, content: dict[str, Any], *, is_write: bool = False) -> Call:
        secrets = account.secrets
        partner_id, check_word = str(secrets.get("partner_id") or ""), str(secrets.get("check_word") or "")
        if not (partner_id and check_word):
            raise CourierError(ErrorClass.AUTH, "credentials", "partner_id and check_word are missing")
        data, stamp = signing.as_json(content), str(time.time_ns() // 1_000_000)
        form = {
            "partnerID": partner_id,
            "requestID": str(uuid.uuid4()),
            "serviceCode": service,
            "timestamp": stamp,
            "msgDigest": digest(data + stamp + check_word, str(secrets.get("digest") or "standard")),
            "msgData": data,
        }
        headers = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
        return Call(f"{self.host()}/std/service", urlencode(form).encode(), headers, is_write)

    def _envelope(self, answer: Answer) -> Any:
        """The innermost msgData: behind the gateway's word stands, as text, the service's."""
        outer = _object(answer, answer.text, "apiResultCode")
        code = str(outer["apiResultCode"])
        if code != "A1000":
            raise sf_words.refusal(code, str(outer.get("apiErrorMsg") or ""), answer)
        inner = _object(answer, outer.get("apiResultData"), "success")
        code = str(inner.get("errorCode") or "")
        if str(inner["success"]).lower() != "true" or code not in ("", "S0000"):
            raise sf_words.refusal(code, str(inner.get("errorMsg") or ""), answer)
        told = inner.get("msgData")
        if isinstance(told, str) and told.strip():
            return _object(answer, told)
        return told


def digest(text: str, way: str) -> str:
    """SF's signature. `standard` escapes the text as Java's URLEncoder does, `simple` leaves it."""
    if way == "standard":
        text = quote_plus(text, safe="*").replace("~", "%7E")
    elif way != "simple":
        raise CourierError(ErrorClass.AUTH, "digest", f"no digest is called {way!r}")
    return signing.md5_base64(text)


def _object(answer: Answer, content: Any, *names: str) -> dict[str, Any]:
    try:
        found = incoming.read_json(content) if isinstance(content, str) else content
    except ValueError as error:
        raise garbage(answer, "not JSON") from error
    if not isinstance(found, dict) or not all(name in found for name in names):
        raise garbage(answer, f"no object with {', '.join(names)}")
    return found


def _event(row: dict[str, Any]) -> Event:
    code = str(row.get("opCode") or "").strip()
    remark = str(row.get("remark") or "")
    scan, status = sf_words.scan_of(code, row.get("secondaryStatusName"), row.get("firstStatusName"))
    # One code for "sent back" and "sent on"; the sentence says which, or names both.
    is_address_change = scan == "return" and scans.says_redirected(remark) and "退" not in remark
    if is_address_change:
        status = "redirected"
    if scan == "problem" and scans.says_refused(remark):
        status = "refused"
    site = scans.site_in(remark) or str(row.get("acceptAddress") or "")
    return Event(
        event_at=scans.moment(row.get("acceptTime")),
        status=status,
        raw_code=code,
        site=site,
        city=str(row.get("acceptAddress") or ""),
        text=scans.without_phones(remark),
        is_delivering_site=not scans.is_hub(site) if scan == "arrived" and site else None,
        is_address_change=is_address_change,
        scan=scan,
    )


def _fen(amount: Any) -> int | None:
    """SF's amount in yuan as fen; None when it is no amount."""
    try:
        found = (Decimal(str(amount)) * 100).to_integral_value()
    except (InvalidOperation, ValueError):
        return None
    return int(found) if found.is_finite() and 0 <= found < 10**9 else None


def _routes(raw: bytes) -> Iterator[dict[str, Any]]:
    """The routes of a push, as JSON or as a form around XML. Raises ValueError when it is neither."""
    if raw.lstrip()[:1] == b"{":
        try:
            content = incoming.read_json(raw)
        except ValueError as error:
            raise ValueError("not JSON") from error
        body = content.get("Body", content)
        found = body.get(ROUTE) if isinstance(body, dict) else None
        return (row for row in (found if isinstance(found, list) else [found]) if isinstance(row, dict))
    document = signing.push_fields(raw).get("content") or raw
    try:
        root = incoming.read_xml(document)
    except ValueError as error:
        raise ValueError("not XML") from error
    return ({**{child.tag: child.text for child in route}, **route.attrib} for route in root.iter(ROUTE))


def _ack_xml(ok: bool) -> str:
    return f'<Response service="RoutePushService"><Head>{"OK" if ok else "ERR"}</Head></Response>'


def _ack_json(ok: bool) -> str:
    code, message = ("0000", "成功") if ok else ("1000", "失败")
    return signing.as_json({"return_code": code, "return_msg": message})


register(SF())
