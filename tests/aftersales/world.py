"""The platform's side of the wire in this process: the sandbox's own shop and its own Kuaishou, without HTTP between.

Signatures, codes and optimistic checks are the sandbox's; only the socket is left out. Faults are told in words.
"""

import json
import re
from typing import Any
from urllib.parse import urlsplit

import requests

from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.sandbox import accounts
from merchant.platforms.sandbox.control import Control
from merchant.platforms.sandbox.douyin_wire import DouyinWire
from merchant.platforms.sandbox.journal import Journal
from merchant.platforms.sandbox.kuaishou_wire import KuaishouWire
from merchant.platforms.sandbox.outbox import Outbox
from merchant.platforms.sandbox.wechat_wire import PayError, WeChatPayWire, error_body
from merchant.platforms.sandbox.world import World
from merchant.platforms.values import number


class PlatformWorld:
    """A platform that lives in the test's process. `faults` are used up one a matching call, oldest first."""

    def __init__(self) -> None:
        self.world = World(Journal(), scale=1.0)
        self.wire = KuaishouWire(self.world)
        self.douyin = DouyinWire(self.world)
        self.wechat = WeChatPayWire(self.world)
        self.control = Control(self.world, Outbox(self.world), self.wechat)
        # Paid as soon as approved, unless a test lets the money travel.
        self.world.set_faults({"pay_delay_s": 0})
        self.calls: list[str] = []
        self.faults: list[tuple[str, str]] = []

    def fail(self, piece: str, how: str, times: int = 1) -> None:
        """`how`: "silent" (not carried out, nobody knows), "lost" (carried out, nobody knows), "down" (certainly not
        sent), "throttled", "short" (balance too low), "garbage" (carried out, the answer is none)."""
        self.faults += [(piece, how)] * times

    def send(
        self, method: str, url: str, *, query: dict[str, str], form: Any, is_write: bool, text: str | None = None
    ) -> str:
        """What `merchant.platforms.wire.send` does, answered from here. Payments under way end before each call."""
        self.world.tick()
        path = urlsplit(url).path
        self.calls.append(path.strip("/").replace("/", "."))
        how = self._fault(path.replace("/", "."))
        if how == "silent":
            raise PlatformError(ErrorClass.TRANSIENT, "timeout", "no answer", is_unknown_outcome=is_write)
        if how == "down":
            raise PlatformError(ErrorClass.TRANSIENT, "connect", "refused")
        if how == "throttled":
            raise PlatformError(ErrorClass.THROTTLED, "802000", "too many")
        if how == "short":
            raise PlatformError(ErrorClass.NOT_ENOUGH, "balance", "the balance is too low")
        if text is not None:
            answer = json.dumps(self.douyin.answer(path, query, text))
        else:
            answer = json.dumps(self.wire.answer(path, method, {**query, **(form or {})}))
        if how == "lost":
            raise PlatformError(ErrorClass.TRANSIENT, "timeout", "no answer", is_unknown_outcome=is_write)
        return "<html>" if how == "garbage" else answer

    def _fault(self, path: str) -> str:
        for position, (piece, how) in enumerate(self.faults):
            if piece in path:
                del self.faults[position]
                return how
        return ""

    def count(self, piece: str) -> int:
        return sum(piece in call for call in self.calls)

    def hold_money(self) -> None:
        """From now on approved money travels until `let_money_arrive`."""
        self.world.set_faults({"pay_delay_s": 86_400})

    def let_money_arrive(self) -> None:
        for key, row in list(self.world.refunds.items()):
            if row["status"] == 50:
                is_failed = row.get("ends") == "failed"
                self.world.change_refund(key, status=55 if is_failed else 60, money=not is_failed)
        for row in list(self.wechat.refunds.values()):
            if row["status"] == "PROCESSING":
                self.wechat._end(row)

    @property
    def paid(self) -> list[tuple[str, int]]:
        """(order or trade number, fen) of every time money went to a buyer."""
        return [(row["order"], row["amount"]) for row in self.world.payments.values()]

    # --- WeChat Pay, as its library answers: (HTTP status, body) -----------------------------------------------

    def refund(self, **values: Any) -> tuple[int, str]:
        body = {name: value for name, value in values.items() if value is not None}
        return self._wechat("refund", lambda: self.wechat.create(body))

    def query_refund(self, out_refund_no: str) -> tuple[int, str]:
        return self._wechat("query", lambda: self.wechat.query(out_refund_no))

    def _wechat(self, name: str, act: Any) -> tuple[int, str]:
        self.wechat.tick()
        self.calls.append(f"wechat.{name}")
        how = self._fault(f"wechat.{name}")
        if how == "silent":
            return 500, '{"code": "SYSTEM_ERROR", "message": "again"}'
        if how == "down":
            raise requests.exceptions.ConnectTimeout("refused")
        if how == "throttled":
            return 429, '{"code": "FREQUENCY_LIMITED", "message": "too many"}'
        if how == "short":
            return 403, '{"code": "NOT_ENOUGH", "message": "the balance is too low"}'
        try:
            answer = act()
        except PayError as refused:
            return refused.status, error_body(refused)
        if how == "lost":
            return 500, '{"code": "SYSTEM_ERROR", "message": "again"}'
        return 200, "<html>" if how == "garbage" else json.dumps(answer)


def as_oid(text: str) -> int:
    """A number the wire takes, from any of our order numbers."""
    return number(re.sub(r"\D", "", text)) or 1


DOUYIN = {"app_key": accounts.DOUYIN_APP_KEY, "secrets": accounts.DOUYIN_SECRETS}
KUAISHOU = {"app_key": accounts.KUAISHOU_APP_KEY, "secrets": accounts.KUAISHOU_SECRETS}
