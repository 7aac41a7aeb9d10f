"""J&T 极兔 (open.jtexpress.com.cn): signs in the headers, has no call to withdraw, the result read from the track."""

import time
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.translation import gettext_lazy as _

from logistics.couriers import jt_words, scans, signing
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
    Scan,
    Secret,
)
from logistics.couriers.registry import register
from logistics.couriers.wire import garbage
from merchant import incoming

TRACK, SUBSCRIBE, INTERCEPT = "logistics/trace", "trace/subscribe", "waybill/intercept"
RETURN, NEW_ADDRESS = 4, 5


class JT(Courier):
    """Secrets: api_account, private_key; uuid where J&T's test host wants one in the address."""

    carrier = Carrier(
        "jt",
        en="J&T Express",
        zh="极兔速递",
        aliases=("极兔快递", "极兔", "J&T"),
        waybills=(r"JT\d{13}",),
        kuaidi100="jtexpress",
        can_kuaidi100_stop=True,
        platform_codes={"kuaishou": ("109",), "douyin": ("jtexpress", "JTSD"), "wechat": ("JTSD",)},
    )
    hosts = {"": Host("HUICANG_JT_HOST", "https://openapi.jtexpress.com.cn")}
    position = 4
    portal = "open.jtexpress.com.cn"
    secrets = (
        Secret("api_account", _("API account"), is_hidden=False),
        Secret("private_key", _("Private key")),
        Secret("uuid", "uuid", _("Only J&T's test host wants one."), is_required=False, is_hidden=False),
    )
    capabilities = Capabilities(
        # One call for "send it back"; J&T does not tell the collecting site from the sender.
        kinds=frozenset({Kind.RETURN_TO_SENDER, Kind.CHANGE_ADDRESS}),
        evidence="return_scan",
        can_cancel=False,
        can_query_state=False,
        can_subscribe=True,
        # No source says that J&T refuses there; its own answer decides.
        intercepts_at_destination=True,
        # Ten are what its users suggest; no quota is published.
        batch_size=10,
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
        if kind is not Kind.CHANGE_ADDRESS or new_address is None:
            content: dict[str, Any] = {"mailNo": waybill, "applyTypeCode": RETURN}
            return self._call(account, INTERCEPT, content, is_write=True)
        content = {
            "mailNo": waybill,
            "applyTypeCode": NEW_ADDRESS,
            "receivePhone": new_address.phone,
            "receiveUsername": new_address.name,
            "receiveProvince": new_address.province,
            "receiveCity": new_address.city,
            "receiveDistrict": new_address.district,
            "receiveAddress": new_address.address,
        }
        return self._call(account, INTERCEPT, content, is_write=True)

    def parse_create(self, answer: Answer) -> InterceptAnswer:
        self._envelope(answer)
        return InterceptAnswer("", answer.text)

    def build_track(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        return self._call(account, TRACK, {"billCodes": waybill})

    def parse_track(self, answer: Answer, waybill: str) -> list[Event]:
        """Empty when J&T has no scan yet; a number it does not know is an error of its own."""
        data = self._envelope(answer).get("data")
        if not data:
            return []
        if not isinstance(data, list):
            raise garbage(answer, "data is not a list")
        ours = scans.ours(data, "billCode", waybill, answer.text)
        told = [row for one in ours if isinstance(one.get("details"), list) for row in one["details"]]
        rows = scans.ours(told, "billCode", waybill, answer.text)
        try:
            return scans.read_rows(rows, self._event)
        except ValueError as error:
            raise garbage(answer, str(error)) from error

    def build_subscribe(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        wanted = [{"waybillCode": waybill, "traceNode": jt_words.ALL_NODES}]
        content = {"id": str(account.secrets.get("api_account") or ""), "list": wanted}
        return self._call(account, SUBSCRIBE, content, is_write=True)

    def parse_subscribe(self, answer: Answer) -> None:
        self._envelope(answer)

    # --- pushes ------------------------------------------------------------------------------------------------

    def verify_push(self, account: Account, headers: Any, raw: bytes, content_type: str) -> bool:
        content, given = signing.push_fields(raw).get("bizContent"), headers.get("digest")
        key = str(account.secrets.get("private_key") or "")
        if not (content and given and key):
            return False
        return signing.is_same(given, signing.md5_base64(content, key))

    def parse_push(self, account: Account, headers: Any, raw: bytes) -> Push:
        try:
            content = incoming.read_json(signing.push_fields(raw).get("bizContent", b""))
            waybill = incoming.short_id(content["billCode"])
            rows = scans.ours(content["details"], "billCode", waybill, raw.decode(errors="replace"))
            events = scans.read_rows(rows, self._event)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CourierError(ErrorClass.BAD_REQUEST, "push", f"unreadable push: {type(error).__name__}") from error
        if not (waybill and events):
            raise CourierError(ErrorClass.BAD_REQUEST, "push", "push without a waybill or a scan")
        return Push(waybill, events, self.ack(True)[0])

    def ack(self, ok: bool) -> tuple[str, str, int]:
        # The only refusal that J&T's sources show; whatever is not code "1" is repeated.
        no = {"code": jt_words.FORGED, "msg": "headers signature verification failed"}
        body = {"code": jt_words.SUCCESS, "msg": "success", "data": "SUCCESS"} if ok else no
        return signing.as_json(body), "application/json; charset=UTF-8", 200

    # --- reading -----------------------------------------------------------------------------------------------

    def _event(self, row: dict[str, Any]) -> Event:
        """A scan, the same in a query and in a push."""
        code, site = str(row.get("scanType") or "").strip(), str(row.get("scanNetworkName") or "")
        scan, status = jt_words.scan_of(code)
        problem = str(row.get("problemType") or "").strip()
        if scan == "problem":
            status = self._trouble(row, problem)
        elif scan == "let_go" and scans.is_hub(site):
            # HUB_LETS_GO: sources disagree whether 出仓 is a delivery scan; a hub delivers nothing.
            status = Scan.IN_TRANSIT.value
        return Event(
            event_at=scans.moment(row.get("scanTime")),
            status=status,
            raw_code=f"{code} {problem}".strip(),
            site=site,
            city=str(row.get("scanNetworkCity") or ""),
            text=scans.without_phones(row.get("desc")),
            is_delivering_site=not scans.is_hub(site) if scan == "arrived" and site else None,
            is_address_change=status == Scan.REDIRECTED.value,
            scan=scan,
        )

    def _trouble(self, row: dict[str, Any], problem: str) -> str:
        if problem.upper() in jt_words.PROBLEMS:
            return jt_words.PROBLEMS[problem.upper()]
        return Scan.REFUSED.value if scans.says_refused(problem, row.get("desc")) else Scan.EXCEPTION.value

    # --- plumbing ----------------------------------------------------------------------------------------------

    def _call(self, account: Account, path: str, content: dict[str, Any], *, is_write: bool = False) -> Call:
        secrets = account.secrets
        api_account, key = (str(secrets.get(name) or "") for name in ("api_account", "private_key"))
        if not (api_account and key):
            raise CourierError(ErrorClass.AUTH, "credentials", "api_account and private_key are missing")
        text = signing.as_json(content)
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "apiAccount": api_account,
            "timestamp": str(time.time_ns() // 1_000_000),
            "digest": signing.md5_base64(text, key),
        }
        uuid = f"?uuid={quote(str(secrets['uuid']), safe='')}" if secrets.get("uuid") else ""
        url = f"{self.host()}/webopenplatformapi/api/{path}{uuid}"
        return Call(url, urlencode({"bizContent": text}).encode(), headers, is_write)

    def _envelope(self, answer: Answer) -> dict[str, Any]:
        try:
            envelope = incoming.read_json(answer.text)
        except ValueError as error:
            raise garbage(answer, "not JSON") from error
        if not isinstance(envelope, dict) or "code" not in envelope:
            raise garbage(answer, "not J&T's envelope")
        if str(envelope["code"]).strip() != jt_words.SUCCESS:
            raise jt_words.refusal(envelope, answer)
        return envelope


register(JT())
