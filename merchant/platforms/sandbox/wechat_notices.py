"""The sandbox's refund notifications of WeChat Pay: signed outside, sealed inside, repeated until they are taken."""

import asyncio
import base64
import contextlib
import json
import random
import secrets
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from merchant.platforms.sandbox.accounts import WECHAT_PAY_APIV3_KEY, WECHAT_PAY_MCHID
from merchant.platforms.sandbox.journal import Row
from merchant.platforms.sandbox.wechat_wire import WeChatPayWire, rfc3339
from merchant.platforms.sandbox.world import now_ms

# Seconds after each try (the channel's page on notifications); after the last the merchant has to ask.
RETRY_S = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)
ANSWER_TIMEOUT_S = 5.0
ASSOCIATED = "refund"


class WeChatNotices:
    """What the channel has to tell: one row a refund that ended and named an address."""

    def __init__(self, wire: WeChatPayWire) -> None:
        self.wire, self.world = wire, wire.world
        self._jobs: set[asyncio.Task[None]] = set()
        self._flying: set[str] = set()

    @property
    def rows(self) -> dict[str, Row]:
        return self.world.journal.of("wechat_notice")

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Send what is due, for ever."""
        while True:
            for key, row in list(self.rows.items()):
                if row["state"] == "waiting" and row["next_at"] <= now_ms() and key not in self._flying:
                    self._flying.add(key)
                    job = asyncio.create_task(self._deliver(session, key))
                    self._jobs.add(job)
                    job.add_done_callback(self._jobs.discard)
            await asyncio.sleep(0.05)

    async def _deliver(self, session: aiohttp.ClientSession, key: str) -> None:
        row = self.rows[key]
        try:
            error = await self._post(session, row)
        finally:
            self._flying.discard(key)
        row = {**row, "tries": row["tries"] + 1, "error": error}
        if not error and row["repeats"]:
            row |= {"repeats": row["repeats"] - 1, "next_at": self.world.later(random.uniform(0.1, 2.0))}
        elif not error:
            row["state"] = "delivered"
        elif row["tries"] > len(RETRY_S):
            row["state"] = "given_up"
        else:
            row["next_at"] = self.world.later(RETRY_S[row["tries"] - 1])
        self.world.journal.write([("wechat_notice", key, row)])

    async def _post(self, session: aiohttp.ClientSession, row: Row) -> str:
        """Why it was not taken; empty when it was: any 2xx, whatever the body says."""
        body = sealed(row["id"], row["event"], self.wire.refunds[row["number"]])
        headers = {"Content-Type": "application/json", **self.wire.signed_headers(body)}
        with contextlib.suppress(TimeoutError, aiohttp.ClientError, ConnectionError, ValueError):
            async with session.post(
                row["url"],
                data=body.encode(),
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S),
            ) as response:
                return "" if 200 <= response.status < 300 else f"HTTP {response.status}"
        return "no answer"


def sealed(notice_id: str, event: str, refund: Row, *, key: str = WECHAT_PAY_APIV3_KEY, mchid: str = "") -> str:
    """The text of a notice: the refund as a resource under AES-256-GCM."""
    resource: dict[str, Any] = {
        "mchid": mchid or WECHAT_PAY_MCHID,
        "out_trade_no": refund["out_trade_no"],
        "transaction_id": f"4200{refund['created_at']}",
        "out_refund_no": refund["number"],
        "refund_id": refund["refund_id"],
        "refund_status": refund["status"],
        "user_received_account": "支付用户零钱",
        "amount": {
            "total": refund["total"],
            "refund": refund["fen"],
            "payer_total": refund["total"],
            "payer_refund": refund["fen"],
        },
    }
    if refund["success_at"]:
        resource["success_time"] = rfc3339(refund["success_at"])
    nonce = secrets.token_hex(6)
    plain = json.dumps(resource, ensure_ascii=False).encode()
    cipher = AESGCM(key.encode()).encrypt(nonce.encode(), plain, ASSOCIATED.encode())
    return json.dumps(
        {
            "id": notice_id,
            "create_time": rfc3339(now_ms()),
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "退款通知",
            "resource": {
                "original_type": "refund",
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(cipher).decode(),
                "associated_data": ASSOCIATED,
                "nonce": nonce,
            },
        },
        ensure_ascii=False,
    )
