"""STO 申通 (open.sto.cn): one gateway for everything, answers in JSON or XML, the result read from the track."""

from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from logistics.couriers import scans, signing, sto_words
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
from logistics.couriers.wire import garbage
from merchant import incoming

# api_name → to_appkey, which is to_code too
TRACK, SUBSCRIBE = "STO_TRACE_QUERY_COMMON", "STO_TRACE_PLATFORM_SUBSCRIBE"
CREATE, CANCEL = "INTERCEPT_CREATE_STANDARD", "INTERCEPT_DEL_STANDARD"
TO = {TRACK: "sto_trace_query", SUBSCRIBE: "sto_trace_platform", CREATE: "reverse-center", CANCEL: "reverse-center"}
VERDICT = ("success", "errorCode", "errorMsg")
HEADERS = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}


class STO(Courier):
    """Secrets: app_key, secret_key, and from_code where STO gave one that is not the app key."""

    carrier = Carrier(
        "sto",
        en="STO Express",
        zh="申通快递",
        aliases=("申通", "跨境-申通快递"),
        waybills=(r"77\d{13}",),
        kuaidi100="shentong",
        can_kuaidi100_stop=True,
        platform_codes={"kuaishou": ("3", "1003"), "douyin": ("shentong",), "wechat": ("STO",)},
    )
    hosts = {"": Host("HUICANG_STO_HOST", "https://cloudinter-linkgateway.sto.cn")}
    position = 3
    portal = "open.sto.cn"
    secrets = (
        Secret("app_key", _("App key"), is_hidden=False),
        Secret(
            "from_code",
            _("From code"),
            _("Where STO gave one that is not the app key."),
            is_required=False,
            is_hidden=False,
        ),
        Secret("secret_key", _("Secret key")),
    )
    capabilities = Capabilities(
        # One call for "send it back"; STO does not tell the collecting site from the sender.
        kinds=frozenset({Kind.RETURN_TO_SENDER, Kind.CHANGE_ADDRESS}),
        evidence="return_scan",
        can_cancel=True,
        can_query_state=False,
        can_subscribe=True,
        # No source says that STO refuses there; its own answer decides.
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
        # There is no field for a number of ours, nor for a reason.
        content = {"waybillNo": waybill, "interceptForAct": "DEFAULT"}
        if kind is Kind.CHANGE_ADDRESS and new_address is not None:
            content |= {
                "receiverName": new_address.name,
                "receiverTel": new_address.phone,
                "receiverProvince": new_address.province,
                "receiverCity": new_address.city,
                "receiverArea": new_address.district,
                "receiverAddress": new_address.address,
            }
        return self._call(account, CREATE, content, is_write=True)

    def parse_create(self, answer: Answer) -> InterceptAnswer:
        self._envelope(answer)
        return InterceptAnswer("", answer.text)

    def build_cancel(self, account: Account, waybill: str, *, biz_no: str, external_ref: str) -> Call:
        return self._call(account, CANCEL, {"waybillNo": waybill}, is_write=True)

    def parse_cancel(self, answer: Answer) -> None:
        self._envelope(answer)

    def build_track(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        return self._call(account, TRACK, {"order": "asc", "waybillNoList": [waybill]})

    def parse_track(self, answer: Answer, waybill: str) -> list[Event]:
        """[] covers both "no such parcel" and "no scan yet": STO answers both with nothing."""
        envelope = self._envelope(answer)
        if "data" not in envelope:
            # XML_WITHOUT_DATA: what a track looks like in XML no source shows; "no scans" would be a lie.
            raise garbage(answer, "a success without data")
        data = envelope["data"]
        rows = scans.under(data, waybill, answer.text) if isinstance(data, dict) else data
        if not rows:
            return []
        if not isinstance(rows, list):
            raise garbage(answer, "data is neither a map of lists nor empty")
        ours = scans.ours(rows, "waybillNo", waybill, answer.text)
        try:
            return scans.read_rows(ours, self._event)
        except ValueError as error:
            raise garbage(answer, str(error)) from error

    def build_subscribe(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        content = {"subscribeInfoList": [{"waybillNo": waybill}]}
        return self._call(account, SUBSCRIBE, content, is_write=True)

    def parse_subscribe(self, answer: Answer) -> None:
        """The envelope speaks of the call, each row of one parcel."""
        data = self._envelope(answer).get("data")
        for row in data if isinstance(data, list) else ():
            if isinstance(row, dict) and sto_words.is_no(row.get("status")):
                raise sto_words.refusal({"errorMsg": row.get("message")}, answer)

    # --- pushes ------------------------------------------------------------------------------------------------

    def verify_push(self, account: Account, headers: Any, raw: bytes, content_type: str) -> bool:
        fields = signing.push_fields(raw)
        content, given = fields.get("content"), fields.get("data_digest")
        secret = str(account.secrets.get("secret_key") or "")
        if not (content and given and secret):
            return False
        return signing.is_same(given, signing.md5_base64(content, secret))

    def parse_push(self, account: Account, headers: Any, raw: bytes) -> Push:
        try:
            content = incoming.read_json(signing.push_fields(raw).get("content", b""))
            waybill, trace = incoming.short_id(content["waybillNo"]), content["trace"]
            scans.ours([trace], "waybillNo", waybill, raw.decode(errors="replace"))
            event, event_id = self._event(trace), str(trace.get("outBizCode") or "")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CourierError(ErrorClass.BAD_REQUEST, "push", f"unreadable push: {type(error).__name__}") from error
        if not waybill:
            raise CourierError(ErrorClass.BAD_REQUEST, "push", "push without a waybill")
        return Push(waybill, [event], self.ack(True)[0], event_id)

    def ack(self, ok: bool) -> tuple[str, str, int]:
        body = {"success": ok, "errorCode": "", "errorMsg": "" if ok else "rejected"}
        return signing.as_json(body), "application/json; charset=UTF-8", 200

    # --- reading -----------------------------------------------------------------------------------------------

    def _event(self, row: dict[str, Any]) -> Event:
        """A scan, the same in a query and in a push; a push only says more about it."""
        code, site = str(row.get("scanType") or "").strip(), str(row.get("opOrgName") or "")
        scan, status = sto_words.SCANS.get(code, ("", ""))
        texts = (row.get("issueName"), row.get("memo"), row.get("remark"))
        if scan == "problem" and scans.says_refused(*texts):
            status = "refused"
        return Event(
            event_at=scans.moment(row.get("opTime")),
            status=status,
            raw_code=code,
            site=site,
            city=str(row.get("opOrgCityName") or ""),
            text=scans.without_phones(row.get("memo") or row.get("issueName")),
            is_delivering_site=self._is_delivering(row, site) if scan == "arrived" else None,
            is_address_change=scan == "address_change",
            scan=scan,
        )

    def _is_delivering(self, row: dict[str, Any], site: str) -> bool | None:
        kind = str(row.get("opOrgType") or "")
        if kind in (sto_words.SITE, sto_words.HUB):
            return kind == sto_words.SITE
        return not scans.is_hub(site) if site else None

    # --- plumbing ----------------------------------------------------------------------------------------------

    def _call(self, account: Account, api: str, content: dict[str, Any], *, is_write: bool = False) -> Call:
        app_key, secret = (str(account.secrets.get(name) or "") for name in ("app_key", "secret_key"))
        if not (app_key and secret):
            raise CourierError(ErrorClass.AUTH, "credentials", "app_key and secret_key are missing")
        text = signing.as_json(content)
        form = {
            "content": text,
            "data_digest": signing.md5_base64(text, secret),
            "api_name": api,
            "from_appkey": app_key,
            "from_code": str(account.secrets.get("from_code") or app_key),
            "to_appkey": TO[api],
            "to_code": TO[api],
        }
        url = f"{self.host()}/gateway/link.do"
        return Call(url, urlencode(form).encode(), dict(HEADERS), is_write)

    def _envelope(self, answer: Answer) -> dict[str, Any]:
        envelope = self._xml(answer) if answer.text.lstrip()[:1] == "<" else self._json(answer)
        if not isinstance(envelope, dict) or "success" not in envelope:
            raise garbage(answer, "not STO's envelope")
        if not sto_words.is_true(envelope["success"]):
            raise sto_words.refusal(envelope, answer)
        return envelope

    def _json(self, answer: Answer) -> Any:
        try:
            return incoming.read_json(answer.text)
        except ValueError as error:
            raise garbage(answer, "neither JSON nor XML") from error

    def _xml(self, answer: Answer) -> dict[str, Any] | None:
        """The verdict of a <response>; how it would carry data no source shows, so that is left out."""
        try:
            root = incoming.read_xml(answer.text)
            told = {child.tag: (child.text or "").strip() for child in root if child.tag in VERDICT}
            return told if root.tag == "response" else None
        except ValueError as error:
            raise garbage(answer, "unreadable XML") from error


register(STO())
