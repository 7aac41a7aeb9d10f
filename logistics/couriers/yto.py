"""YTO 圆通 (open.yto.net.cn): the courier whose interception result must be read from the track."""

import time
from typing import Any
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from logistics.couriers import scans, signing, yto_words
from logistics.couriers.base import (
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
from logistics.couriers.wire import garbage, stray
from merchant import incoming

VERSION = "v1"
TRACK, SUBSCRIBE = "track_query_adapter", "subscribe_adapter"
REPORT, CANCEL, CHANGE = "wanted_report_adapter", "wanted_cancel_adapter", "wanted_change_adapter"
# Each interface has credentials of its own: (method, its name, whether the account needs it).
METHODS = (
    (TRACK, _("Track"), True),
    (REPORT, _("Interception"), True),
    (CANCEL, _("Withdrawal"), True),
    (CHANGE, _("Change of address"), False),
    (SUBSCRIBE, _("Subscription"), True),
)
_NAMES = ("client_code", "secret", "url_key")
# wantedDesc must not be empty; this is read by YTO's site staff.
DEFAULT_REASON = "买家申请退款，请退回寄件人"


def _credentials(method: str, title: Any, is_required: bool) -> tuple[Secret, ...]:
    """The three that YTO gives out for one interface."""
    return (
        Secret(f"{method}.client_code", format_lazy("{} · {}", title, _("client code")), "", is_required, False),
        Secret(f"{method}.secret", format_lazy("{} · {}", title, _("secret")), "", is_required),
        Secret(f"{method}.url_key", format_lazy("{} · {}", title, _("URL key")), "", is_required, False),
    )


class YTO(Courier):
    """Secrets: one set {client_code, secret, url_key} per method name, and "push": {client_id, secret}.

    The switch body (json|form) says how a call is sent; YTO's sources show both.
    """

    carrier = Carrier(
        "yto",
        en="YTO Express",
        zh="圆通速递",
        aliases=("圆通快递", "圆通", "跨境-圆通快递"),
        waybills=(r"YT\d{13}",),
        kuaidi100="yuantong",
        can_kuaidi100_stop=True,
        platform_codes={"kuaishou": ("6", "1002"), "douyin": ("yuantong",), "wechat": ("YTO",)},
    )
    hosts = {"": Host("HUICANG_YTO_HOST", "https://openapi.yto.net.cn")}
    position = 2
    portal = "open.yto.net.cn"
    secrets = (
        *(secret for method in METHODS for secret in _credentials(*method)),
        Secret("push.client_id", format_lazy("{} · {}", _("Pushes"), _("client id")), is_hidden=False),
        Secret("push.secret", format_lazy("{} · {}", _("Pushes"), _("secret"))),
        Secret(
            "body",
            _("A call is sent as"),
            is_required=False,
            is_hidden=False,
            choices=(("", _("JSON, as delivered")), ("form", _("a form"))),
        ),
    )
    capabilities = Capabilities(
        # One call for "send it back"; YTO does not tell the collecting site from the sender.
        kinds=frozenset({Kind.RETURN_TO_SENDER, Kind.CHANGE_ADDRESS}),
        evidence="return_scan",
        can_cancel=True,
        can_query_state=False,
        can_subscribe=True,
        # Refused from the delivery scan on, not before.
        intercepts_at_destination=True,
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
        # YTO keeps no number of ours; in the sentence its staff can at least quote it.
        described = f"{reason.strip() or DEFAULT_REASON} {biz_no}".strip()
        if kind is not Kind.CHANGE_ADDRESS or new_address is None:
            return self._call(account, REPORT, {"waybillNo": waybill, "wantedDesc": described}, is_write=True)
        content = {
            "waybillNo": waybill,
            "receiverTel": new_address.phone,
            "receiverName": new_address.name,
            "receiveProvName": new_address.province,
            "receiveCityName": new_address.city,
            "receiveCountyName": new_address.district,
            "receiveAddress": new_address.address,
            "wantedDesc": described,
        }
        return self._call(account, CHANGE, content, is_write=True)

    def parse_create(self, answer: Answer) -> InterceptAnswer:
        self._decided(answer)
        return InterceptAnswer("", answer.text)

    def build_cancel(self, account: Account, waybill: str, *, biz_no: str, external_ref: str) -> Call:
        content = {"waybillNo": waybill, "dealRemark": f"商家撤销拦截 {biz_no}".strip()}
        return self._call(account, CANCEL, content, is_write=True)

    def parse_cancel(self, answer: Answer) -> None:
        self._decided(answer)

    def build_track(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        return self._call(account, TRACK, {"NUMBER": waybill})

    def parse_track(self, answer: Answer, waybill: str) -> list[Event]:
        """[] covers both "no such parcel" and "no scan yet": YTO answers them with the same words."""
        content = self._json(answer)
        if isinstance(content, dict):
            # Not the array of a success: an empty result, an error, or (seen in neither source) a filled map.
            found = content.get("map")
            content = scans.under(found, waybill, answer.text) or content
        if isinstance(content, dict):
            if str(content.get("code")) == yto_words.EMPTY_RESULT:
                return []
            raise yto_words.refusal(content, answer)
        if not isinstance(content, list):
            raise garbage(answer, "neither a list nor an object")
        ours = scans.ours(content, "waybill_No", waybill, answer.text)
        try:
            return scans.read_rows(ours, self._queried)
        except ValueError as error:
            raise garbage(answer, str(error)) from error

    def build_subscribe(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        client_id = str((account.secrets.get("push") or {}).get("client_id") or "")
        inner = signing.as_json({"clientId": client_id, "waybillNo": waybill})
        content = {"client_id": client_id, "logistics_interface": inner, "msg_type": "online"}
        return self._call(account, SUBSCRIBE, content, is_write=True)

    def parse_subscribe(self, answer: Answer) -> None:
        self._decided(answer)

    # --- pushes ------------------------------------------------------------------------------------------------

    def verify_push(self, account: Account, headers: Any, raw: bytes, content_type: str) -> bool:
        fields = signing.push_fields(raw)
        document, given = fields.get("logistics_interface"), fields.get("data_digest")
        secret = str((account.secrets.get("push") or {}).get("secret") or "")
        if not (document and given and secret):
            return False
        return signing.is_same(given, signing.md5_base64(document, secret))

    def parse_push(self, account: Account, headers: Any, raw: bytes) -> Push:
        document = signing.push_fields(raw).get("logistics_interface", b"")
        try:
            update = incoming.read_xml(document)
            told = {child.tag: (child.text or "").strip() for child in update}
            waybill = incoming.short_id(told["mailNo"])
            if told.get("logisticProviderID", "").upper() not in ("", "YTO"):
                raise stray(told["logisticProviderID"], raw.decode(errors="replace"))
            event = self._pushed(told)
        except (ValueError, KeyError, TypeError) as error:
            raise CourierError(ErrorClass.BAD_REQUEST, "push", f"unreadable push: {type(error).__name__}") from error
        if not waybill:
            raise CourierError(ErrorClass.BAD_REQUEST, "push", "push without a waybill")
        return Push(waybill, [event], self._ack(True, told.get("txLogisticID", "")))

    def ack(self, ok: bool) -> tuple[str, str, int]:
        return self._ack(ok, ""), "text/xml; charset=UTF-8", 200

    def _ack(self, ok: bool, order_id: str) -> str:
        return (
            "<Response><logisticProviderID>YTO</logisticProviderID>"
            f"<txLogisticID>{escape(order_id)}</txLogisticID>"
            f"<success>{'true' if ok else 'false'}</success><reason>{'' if ok else 'rejected'}</reason></Response>"
        )

    # --- reading -----------------------------------------------------------------------------------------------

    def _queried(self, row: dict[str, Any]) -> Event:
        told = {**row, "remark": row.get("processInfo"), "acceptTime": row.get("upload_Time")}
        # A query names the site only inside its sentence.
        return self._event(told, site=scans.site_in(row.get("processInfo")))

    def _pushed(self, told: dict[str, str]) -> Event:
        return self._event(told, site=told.get("orgName", ""))

    def _event(self, told: dict[str, Any], *, site: str) -> Event:
        code = str(told.get("infoContent") or "").strip().upper()
        scan, status = yto_words.SCANS.get(code, ("", ""))
        if scan == "failed" and scans.says_refused(told.get("questionCause"), told.get("remark")):
            status = "refused"
        return Event(
            event_at=scans.moment(told.get("acceptTime")),
            status=status,
            raw_code=code,
            site=site,
            city=str(told.get("city") or ""),
            text=scans.without_phones(told.get("remark") or told.get("questionCause")),
            is_delivering_site=not scans.is_hub(site) if scan == "arrived" and site else None,
            scan=scan,
        )

    # --- plumbing ----------------------------------------------------------------------------------------------

    def _call(self, account: Account, method: str, content: dict[str, Any], *, is_write: bool = False) -> Call:
        keys = account.secrets.get(method) or {}
        client_code, secret, url_key = (str(keys.get(name) or "") for name in _NAMES)
        if not (client_code and secret and url_key):
            raise CourierError(ErrorClass.AUTH, "credentials", f"no credentials for {method}")
        param = signing.as_json(content)
        body = {
            "timestamp": str(time.time_ns() // 1_000_000),
            "param": param,
            "sign": signing.md5_base64(param, method, VERSION, secret),
            "format": "JSON",
        }
        path = "/".join(quote(part, safe="") for part in (method, VERSION, url_key, client_code))
        url = f"{self.host()}/open/{path}"
        if account.secrets.get("body") == "form":
            headers = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
            return Call(url, urlencode(body).encode(), headers, is_write)
        headers = {"content-type": "application/json; charset=UTF-8"}
        return Call(url, signing.as_json(body).encode(), headers, is_write)

    def _json(self, answer: Answer) -> Any:
        try:
            return incoming.read_json(answer.text)
        except ValueError as error:
            raise garbage(answer, "not JSON") from error

    def _decided(self, answer: Answer) -> None:
        """Pass on statusCode 0. Raises CourierError for a refusal and for anything that is neither."""
        content = self._json(answer)
        if not isinstance(content, dict):
            raise garbage(answer, "not an object")
        if "statusCode" not in content and "success" not in content:
            raise garbage(answer, "neither statusCode nor success")
        if not yto_words.is_success(content):
            raise yto_words.refusal(content, answer)


register(YTO())
