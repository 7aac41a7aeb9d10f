"""ZTO 中通 (open.zto.com): the courier whose interception result can be asked."""

import time
from typing import Any

from django.utils.translation import gettext_lazy as _

from logistics.couriers import scans, signing, zto_words
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
    InterceptState,
    InterceptStatus,
    Kind,
    Push,
    Secret,
)
from logistics.couriers.registry import register
from logistics.couriers.wire import garbage, stray
from merchant import incoming

DESTINATIONS = {
    Kind.RETURN_TO_SITE: 1,
    Kind.RETURN_TO_SENDER: 2,
    Kind.CHANGE_ADDRESS: 3,
    Kind.RETURN_TO_ADDRESS: 4,
}


class ZTO(Courier):
    """Secrets: app_key, app_secret; switches digest (md5|sha256|hmac_sha256), encoding (base64|hex), secret_key
    (for hmac), with_timestamp (bool)."""

    carrier = Carrier(
        "zto",
        en="ZTO Express",
        zh="中通快递",
        aliases=("中通", "中通速递", "跨境-中通快递"),
        waybills=(r"7[3-9]\d{12}",),
        kuaidi100="zhongtong",
        can_kuaidi100_stop=True,
        platform_codes={"kuaishou": ("9", "1001"), "douyin": ("zhongtong",), "wechat": ("ZTO",)},
    )
    hosts = {"": Host("HUICANG_ZTO_HOST", "https://japi.zto.com")}
    position = 1
    portal = "open.zto.com"
    secrets = (
        Secret("app_key", _("App key"), is_hidden=False),
        Secret("app_secret", _("App secret")),
        Secret(
            "digest",
            _("Digest"),
            is_required=False,
            is_hidden=False,
            choices=(("", _("MD5, as delivered")), ("sha256", "SHA256"), ("hmac_sha256", "HmacSHA256")),
        ),
        Secret(
            "encoding",
            _("The digest is written in"),
            is_required=False,
            is_hidden=False,
            choices=(("", _("Base64, as delivered")), ("hex", "Hex")),
        ),
        Secret("secret_key", _("Key of the HmacSHA256 digest"), is_required=False),
        Secret(
            "with_timestamp",
            _("The time is signed too"),
            is_required=False,
            is_hidden=False,
            choices=(("", _("no")), ("1", _("yes"))),
        ),
        PHONE_LAST4,
    )
    capabilities = Capabilities(
        kinds=frozenset(DESTINATIONS),
        evidence="status",
        can_cancel=True,
        can_query_state=True,
        can_subscribe=True,
        # ZTO refuses once the delivering site has scanned the parcel (E23137).
        intercepts_at_destination=False,
        needs_phone_last4=True,
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
        # ZTO has no field for a reason; the document number is what its site staff can quote.
        content: dict[str, Any] = {
            "billCode": waybill,
            "requestId": request_id,
            "thirdBizNo": biz_no,
            "destinationType": DESTINATIONS[kind],
        }
        if new_address is not None:
            content |= {
                "receivePhone": new_address.phone,
                "receiveUsername": new_address.name,
                "receiveProvince": new_address.province,
                "receiveCity": new_address.city,
                "receiveDistrict": new_address.district,
                "receiveAddress": new_address.address,
            }
        return self._call(account, "thirdcenter.createIntercept", content, is_write=True)

    def parse_create(self, answer: Answer) -> InterceptAnswer:
        data = self._envelope(answer).get("data")
        reference = data.get("centerBizNo") if isinstance(data, dict) else data
        return InterceptAnswer(str(reference or ""), answer.text)

    def build_cancel(self, account: Account, waybill: str, *, biz_no: str, external_ref: str) -> Call:
        content = {"billCode": waybill, "thirdBizNo": biz_no}
        return self._call(account, "thirdcenter.cancelIntercept", content, is_write=True)

    def parse_cancel(self, answer: Answer) -> None:
        self._envelope(answer)

    def build_query(self, account: Account, waybill: str) -> Call:
        return self._call(account, "thirdcenter.queryInterceptAndReturnStatus", {"billCode": waybill})

    def parse_query(self, answer: Answer, waybill: str) -> InterceptStatus:
        """UNKNOWN means that ZTO knows no interception of this parcel."""
        try:
            data = self._envelope(answer).get("data")
        except CourierError as error:
            if error.error_class is not ErrorClass.UNKNOWN_WAYBILL:
                raise
            return InterceptStatus(InterceptState.UNKNOWN, raw=answer.text, code=error.code)
        if not isinstance(data, dict) or not data.get("status"):
            return InterceptStatus(InterceptState.UNKNOWN, raw=answer.text)
        if not scans.is_about(data.get("billCode"), waybill):
            raise stray(str(data["billCode"]), answer.text)
        code = str(data["status"]).strip().upper()
        # A word we do not know decides nothing: the watch goes on, and in the end a person looks.
        state = zto_words.INTERCEPT_STATES.get(code, InterceptState.RUNNING)
        reason = ""
        if state is InterceptState.FAILED:
            reason = zto_words.failure_reason(str(data.get("statusName") or ""))
        return InterceptStatus(state, reason=reason, raw=answer.text, code=code)

    def build_track(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        content = {"billCode": waybill}
        if phone_last4:
            content["mobilePhone"] = phone_last4
        return self._call(account, "zto.merchant.waybill.track.query", content)

    def parse_track(self, answer: Answer, waybill: str) -> list[Event]:
        rows = self._envelope(answer).get("result")
        if rows is None:
            return []
        if not isinstance(rows, list):
            raise garbage(answer, "result is not a list")
        ours = scans.ours(rows, "billCode", waybill, answer.text)
        try:
            return scans.read_rows(ours, self._queried)
        except ValueError as error:
            raise garbage(answer, str(error)) from error

    def build_subscribe(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        # The misspelling is ZTO's own.
        content = {"billCode": waybill, "mobilePhone": phone_last4}
        return self._call(account, "zto.merchant.waybill.track.subsrcibe", content, is_write=True)

    def parse_subscribe(self, answer: Answer) -> None:
        self._envelope(answer)

    # --- pushes ------------------------------------------------------------------------------------------------

    def verify_push(self, account: Account, headers: Any, raw: bytes, content_type: str) -> bool:
        fields = signing.push_fields(raw)
        data, given = fields.get("data"), fields.get("data_digest")
        secret = str(account.secrets.get("app_secret") or "")
        if not (data and given and secret):
            return False
        return signing.is_same(given, signing.md5_base64(data, secret))

    def parse_push(self, account: Account, headers: Any, raw: bytes) -> Push:
        try:
            trace = incoming.read_json(signing.push_fields(raw).get("data", b""))
            waybill = incoming.short_id(trace["billCode"])
            event = self._pushed(trace)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CourierError(ErrorClass.BAD_REQUEST, "push", f"unreadable push: {type(error).__name__}") from error
        if not waybill:
            raise CourierError(ErrorClass.BAD_REQUEST, "push", "push without a waybill")
        return Push(waybill, [event], self.ack(True)[0])

    def ack(self, ok: bool) -> tuple[str, str, int]:
        # Only `status` counts for ZTO; anything else is repeated, up to 16 times.
        body = {"status": ok, "message": "" if ok else "rejected", "result": None, "statusCode": ""}
        return signing.as_json(body), "application/json; charset=UTF-8", 200

    # --- reading -----------------------------------------------------------------------------------------------

    def _queried(self, row: dict[str, Any]) -> Event:
        code = str(row.get("scanType") or "").strip()
        told = row.get("scanSite")
        site: dict[str, Any] = told if isinstance(told, dict) else {}
        name = str(site.get("name") or "")
        word = zto_words.QUERY_SCANS.get(code)
        is_delivering = None
        if name and word and word[0] == "arrived":
            is_center = str(site.get("isCenter") or "").upper() in ("T", "Y", "TRUE", "1") or scans.is_hub(name)
            is_delivering = not is_center
        return self._event(
            row,
            code,
            word,
            at=row.get("scanDate"),
            site=name,
            city=str(site.get("city") or ""),
            is_delivering_site=is_delivering,
        )

    def _pushed(self, trace: dict[str, Any]) -> Event:
        code = str(trace.get("action") or "").strip().upper()
        name = str(trace.get("facilityName") or "")
        return self._event(
            trace,
            code,
            zto_words.PUSH_SCANS.get(code),
            at=trace.get("actionTime"),
            site=name,
            city=str(trace.get("city") or ""),
            is_delivering_site=not scans.is_hub(name) if name else None,
        )

    def _event(
        self,
        row: dict[str, Any],
        code: str,
        word: tuple[str, str] | None,
        *,
        at: Any,
        site: str,
        city: str,
        is_delivering_site: bool | None,
    ) -> Event:
        scan, status = word or ("", "")
        is_address_change = False
        if scan in ("problem", "return"):
            texts = (row.get("desc"), row.get("remark"), row.get("problemCode"))
            if scan == "problem" and scans.says_refused(*texts):
                status = "refused"
            elif scan == "return":
                # One scan for two things: a return, or a new address for the same receiver.
                is_address_change = scans.says_redirected(row.get("returnUpdateType"), row.get("returnType"), *texts)
                status = "redirected" if is_address_change else status
        return Event(
            event_at=scans.moment(at),
            status=status,
            raw_code=code,
            site=site,
            city=city,
            text=scans.without_phones(row.get("desc") or row.get("remark")),
            is_delivering_site=is_delivering_site if scan == "arrived" else None,
            is_address_change=is_address_change,
            returned_by_sender_side=True if scan == "return_signed" else None,
            scan=scan,
        )

    # --- plumbing ----------------------------------------------------------------------------------------------

    def _call(self, account: Account, api: str, content: dict[str, Any], *, is_write: bool = False) -> Call:
        secrets = account.secrets
        app_key, app_secret = str(secrets.get("app_key") or ""), str(secrets.get("app_secret") or "")
        if not (app_key and app_secret):
            raise CourierError(ErrorClass.AUTH, "credentials", "app_key and app_secret are missing")
        text = signing.as_json(content)
        headers = {"content-type": "application/json; charset=UTF-8", "x-companyid": app_key}
        signed = text + app_secret
        if secrets.get("with_timestamp"):
            headers["x-timestamp"] = stamp = str(time.time_ns() // 1_000_000)
            signed = stamp + signed
        headers["x-datadigest"] = signing.digest(
            str(secrets.get("digest") or "md5"),
            str(secrets.get("encoding") or "base64"),
            signed,
            key=str(secrets.get("secret_key") or ""),
        )
        return Call(f"{self.host()}/{api}", text.encode(), headers, is_write)

    def _envelope(self, answer: Answer) -> dict[str, Any]:
        try:
            envelope = incoming.read_json(answer.text)
        except ValueError as error:
            raise garbage(answer, "not JSON") from error
        if not isinstance(envelope, dict) or "status" not in envelope:
            raise garbage(answer, "not ZTO's envelope")
        # Success has had several codes; `status` is the one that counts.
        if str(envelope["status"]).lower() == "true":
            return envelope
        raise zto_words.refusal(envelope, answer)


register(ZTO())
