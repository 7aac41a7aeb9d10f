"""WeChat Pay v3's refund calls, the channel's side: real RSA signatures both ways, one refund a number, never two."""

import base64
import hashlib
import json
import random
import re
import secrets
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from merchant.platforms.sandbox import keys
from merchant.platforms.sandbox.accounts import WECHAT_PAY_MCHID, WECHAT_PAY_PUBLIC_KEY_ID, WECHAT_PAY_SERIAL
from merchant.platforms.sandbox.journal import Change, Row
from merchant.platforms.sandbox.world import World, now_ms

SCHEME = "WECHATPAY2-SHA256-RSA2048"
MAX_CLOCK_SKEW_S = 300
REFUNDS_PER_TRADE = 50
GAP_S = 60.0
SHANGHAI = ZoneInfo("Asia/Shanghai")
BILL_HEADER = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
NUMBER = re.compile(r"[0-9A-Za-z_|*@-]{1,64}")


class PayError(Exception):
    """The channel's refusal: HTTP status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(f"{status} {code} {message}")


class WeChatPayWire:
    """Trades, their refunds and the merchant's balance (`None`: never short)."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def trades(self) -> dict[str, Row]:
        return self.world.journal.of("trade")

    @property
    def refunds(self) -> dict[str, Row]:
        return self.world.journal.of("wechat_refund")

    @property
    def balance_fen(self) -> int | None:
        return self.world.journal.of("setting").get("purse", {}).get("balance_fen")

    def set_balance(self, fen: int | None) -> None:
        self.world.journal.write([("setting", "purse", {"balance_fen": fen})])

    def add_trade(self, out_trade_no: str, total_fen: int, ends: str = "") -> list[Change]:
        """`ends` decides how this trade's refunds end: "" is SUCCESS, else "abnormal" or "closed"."""
        row = {"out_trade_no": out_trade_no, "total": total_fen, "ends": ends, "last_at": 0, "count": 0}
        return [("trade", out_trade_no, row)]

    # --- the two calls -----------------------------------------------------------------------------------------

    def create(self, body: Row) -> Row:
        """Apply for a refund. The same number again answers with the refund that number already is."""
        number = str(body.get("out_refund_no") or "")
        amount = body.get("amount") or {}
        fen, total = amount.get("refund"), amount.get("total")
        if not NUMBER.fullmatch(number) or not isinstance(fen, int) or not isinstance(total, int) or fen <= 0:
            raise PayError(400, "PARAM_ERROR", "out_refund_no, amount.refund or amount.total is wrong")
        trade = self.trades.get(str(body.get("out_trade_no") or ""))
        if trade is None:
            raise PayError(404, "RESOURCE_NOT_EXISTS", "the trade does not exist")
        old = self.refunds.get(number)
        if old is not None:
            if (old["out_trade_no"], old["fen"]) != (trade["out_trade_no"], fen):
                raise PayError(400, "INVALID_REQUEST", "this number was used with other values")
            return self._answer(old)
        self._check_new(trade, fen, total)
        if self.balance_fen is not None and self.balance_fen < fen:
            raise PayError(403, "NOT_ENOUGH", "the available balance is not enough")
        return self._answer(self._open(trade, number, fen, str(body.get("notify_url") or "")))

    def query(self, number: str) -> Row:
        row = self.refunds.get(number)
        if row is None:
            raise PayError(404, "RESOURCE_NOT_EXISTS", "the refund does not exist")
        return self._answer(row)

    # --- the fund bill -----------------------------------------------------------------------------------------

    def add_flow(self, fen: int, *, at_ms: int = 0, refund_id: str = "", kind: str = "退款") -> Row:
        """Money that left without a refund of ours, or once more for one: what a statement is compared for."""
        row = {"refund_id": refund_id or f"5030{now_ms()}9", "fen": int(fen), "at": at_ms or now_ms(), "kind": kind}
        self.world.journal.write([("wechat_flow", secrets.token_hex(8), row)])
        return row

    def bill(self, day: str) -> bytes:
        """The day's bill, packed. Raises PayError NO_STATEMENT_EXIST when nothing moved."""
        flows = [
            {"refund_id": row["refund_id"], "fen": row["fen"], "at": row["success_at"], "kind": "退款"}
            for row in self.refunds.values()
            if row["status"] == "SUCCESS"
        ]
        flows += self.world.journal.of("wechat_flow").values()
        mine = [row for row in flows if shanghai_day(row["at"]) == day]
        if not mine:
            raise PayError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        lines = [BILL_HEADER]
        for position, row in enumerate(sorted(mine, key=lambda row: row["at"])):
            moment = datetime.fromtimestamp(row["at"] / 1000, SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
            flow = f"1900{row['at']}{position:04d}"
            cells = (moment, row["refund_id"], flow, "退款", row["kind"], "支出", f"{row['fen'] / 100:.2f}")
            lines.append(",".join(f"`{cell}" for cell in (*cells, "0.00", "system", "", f"REF{row['refund_id']}")))
        total = sum(row["fen"] for row in mine) / 100
        lines += [
            "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额",
            f"`{len(mine)},`0,`0.00,`{len(mine)},`{total:.2f}",
        ]
        return "\r\n".join([*lines, ""]).encode("utf-8-sig")

    def bill_address(self, day: str, site: str) -> Row:
        """Where the bill lies, and the digest of the unpacked file."""
        digest = hashlib.sha1(self.bill(day), usedforsecurity=False).hexdigest()
        url = f"{site}/v3/billdownload/file?token={day}"
        return {"download_url": url, "hash_type": "SHA1", "hash_value": digest}

    def tick(self) -> int:
        """End the refunds whose time has come; returns how many."""
        due = [key for key, row in self.refunds.items() if row["status"] == "PROCESSING" and row["due_at"] <= now_ms()]
        for key in due:
            self._end(self.refunds[key])
        return len(due)

    def _check_new(self, trade: Row, fen: int, total: int) -> None:
        taken = sum(
            row["fen"]
            for row in self.refunds.values()
            if row["out_trade_no"] == trade["out_trade_no"] and row["status"] != "CLOSED"
        )
        if total != trade["total"] or taken + fen > trade["total"]:
            raise PayError(400, "INVALID_REQUEST", "the amount does not fit the trade, or it is refunded already")
        if trade["count"] >= REFUNDS_PER_TRADE:
            raise PayError(400, "INVALID_REQUEST", "more than 50 refunds for one trade")
        if trade["last_at"] and now_ms() - trade["last_at"] < GAP_S * self.world.scale * 1000:
            raise PayError(429, "FREQUENCY_LIMITED", "one refund a minute for one trade")

    def _open(self, trade: Row, number: str, fen: int, notify_url: str) -> Row:
        ends = trade["ends"] or ("abnormal" if self.world.faults.strikes("abnormal") else "")
        row = {
            "number": number,
            "refund_id": f"5030{now_ms()}{random.randint(0, 10**11 - 1):011d}"[:28],
            "out_trade_no": trade["out_trade_no"],
            "fen": fen,
            "total": trade["total"],
            "notify_url": notify_url,
            "status": "PROCESSING",
            "ends": ends,
            "created_at": now_ms(),
            "due_at": self.world.later(self.world.faults.pay_delay_s),
            "success_at": 0,
        }
        changes: list[Change] = [
            ("wechat_refund", number, row),
            ("trade", trade["out_trade_no"], {**trade, "last_at": now_ms(), "count": trade["count"] + 1}),
        ]
        if self.balance_fen is not None:
            changes.append(("setting", "purse", {"balance_fen": self.balance_fen - fen}))
        self.world.journal.write(changes)
        return row

    def _end(self, row: Row) -> None:
        if row["ends"]:
            back = (
                []
                if self.balance_fen is None
                else [("setting", "purse", {"balance_fen": self.balance_fen + row["fen"]})]
            )
            status = "ABNORMAL" if row["ends"] == "abnormal" else "CLOSED"
            ended = {**row, "status": status}
            self.world.journal.write([("wechat_refund", row["number"], ended), *back, *self._notice(ended)])
            return
        at = now_ms()
        payment = {
            "channel": "wechat_pay",
            "refund": row["number"],
            "order": row["out_trade_no"],
            "amount": row["fen"],
            "cause": "merchant",
            "at": at,
        }
        ended = {**row, "status": "SUCCESS", "success_at": at}
        self.world.journal.write(
            [
                ("wechat_refund", row["number"], ended),
                ("payment", f"wechat_pay:{row['number']}:{len(self.world.payments)}", payment),
                *self._notice(ended),
            ]
        )

    def _notice(self, row: Row) -> list[Change]:
        """What will be told about a refund that ended, to the address it named."""
        faults = self.world.faults
        if not row.get("notify_url"):
            return []
        late = faults.strikes("disorder")
        notice = {
            "id": secrets.token_hex(18),
            "number": row["number"],
            "url": row["notify_url"],
            "event": f"REFUND.{row['status']}",
            "tries": 0,
            "repeats": int(faults.strikes("duplicate")),
            "next_at": self.world.later(random.uniform(0, faults.late_s)) if late else now_ms(),
            "state": "lost" if faults.strikes("lose_push") else "waiting",
            "error": "",
        }
        return [("wechat_notice", notice["id"], notice)]

    @staticmethod
    def _answer(row: Row) -> Row:
        answer: dict[str, Any] = {
            "refund_id": row["refund_id"],
            "out_refund_no": row["number"],
            "transaction_id": f"4200{row['created_at']}",
            "out_trade_no": row["out_trade_no"],
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": rfc3339(row["created_at"]),
            "status": row["status"],
            "funds_account": "AVAILABLE",
            "amount": {
                "total": row["total"],
                "refund": row["fen"],
                "payer_total": row["total"],
                "payer_refund": row["fen"],
                "settlement_total": row["total"],
                "settlement_refund": row["fen"],
                "discount_refund": 0,
                "currency": "CNY",
            },
        }
        if row["success_at"]:
            answer["success_time"] = rfc3339(row["success_at"])
        return answer

    # --- signatures --------------------------------------------------------------------------------------------

    def check_signature(self, authorization: str, method: str, path: str, body: str) -> None:
        """The request is signed with the merchant's key, minutes ago at most. Raises PayError SIGN_ERROR."""
        scheme, _, rest = authorization.partition(" ")
        parts = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        wrong = PayError(401, "SIGN_ERROR", "the signature is wrong")
        if scheme != SCHEME or not {"mchid", "nonce_str", "signature", "timestamp", "serial_no"} <= parts.keys():
            raise wrong
        if parts["mchid"] != WECHAT_PAY_MCHID or parts["serial_no"] != WECHAT_PAY_SERIAL:
            raise wrong
        if not parts["timestamp"].isdigit() or abs(time.time() - int(parts["timestamp"])) > MAX_CLOCK_SKEW_S:
            raise wrong
        text = f"{method}\n{path}\n{parts['timestamp']}\n{parts['nonce_str']}\n{body}\n"
        try:
            keys.private_key("merchant").public_key().verify(
                base64.b64decode(parts["signature"]), text.encode(), PKCS1v15(), SHA256()
            )
        except (InvalidSignature, ValueError):
            raise wrong from None

    def signed_headers(self, body: str) -> dict[str, str]:
        """The headers by which the merchant knows that the answer is ours."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        signature = keys.private_key("platform").sign(f"{timestamp}\n{nonce}\n{body}\n".encode(), PKCS1v15(), SHA256())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": WECHAT_PAY_PUBLIC_KEY_ID,
            "Wechatpay-Signature-Type": SCHEME,
        }


def error_body(refused: PayError) -> str:
    return json.dumps({"code": refused.code, "message": refused.message})


def shanghai_day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, SHANGHAI).date().isoformat()


def rfc3339(at_ms: int) -> str:
    """The channel's way of writing an instant."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
