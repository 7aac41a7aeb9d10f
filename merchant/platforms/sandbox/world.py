"""The sandbox's shop: orders, after-sales, money paid, and what buyers and the platform do to them by themselves.

Rows are kept with the wire's own field names. All methods are synchronous, so each happens as a whole.
"""

import heapq
import random
import time
from collections.abc import Callable, Iterable
from typing import Any

from merchant.platforms.sandbox.accounts import APPS
from merchant.platforms.sandbox.faults import Faults
from merchant.platforms.sandbox.journal import Change, Journal, Row

APPLIED, RETURN_APPLIED, REFUSED, PLATFORM, PAYING, PAID, CLOSED = 10, 11, 12, 20, 50, 60, 70
# Agreed, and the buyer's account did not take the money. Douyin has a word for it, Kuaishou none.
FAILED = 55
REFUND_ONLY, RETURN_REFUND, EXCHANGE = 10, 1, 3
OPEN = frozenset({10, 11, 12, 20, 21, 22, 30, 40, 45})
ADD_REFUND, UPDATE_REFUND = "kwaishop_aftersales_addRefund", "kwaishop_aftersales_updateRefund"
HANDLE_HOURS = 48


class RefusedError(Exception):
    """The sandbox will not do this; `code` and `message` are the wire's."""

    def __init__(self, code: int | str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code} {message}")


class World:
    """Everything that exists at the sandbox. `scale` multiplies every waiting time."""

    def __init__(self, journal: Journal, scale: float = 1.0) -> None:
        self.journal = journal
        self.scale = scale
        self.faults = Faults().changed(journal.of("setting").get("faults", {}))
        # Told of every event: (app key, event name, business id, info).
        self.tell: Callable[[str, str, str, Row], list[Change]] = lambda *_: []
        self._due: list[tuple[int, str, str]] = []
        self._last_id = max((int(key) for kind in ("order", "refund") for key in journal.of(kind)), default=0)
        for row in self.refunds.values():
            self._schedule(row)

    @property
    def orders(self) -> dict[str, Row]:
        return self.journal.of("order")

    @property
    def refunds(self) -> dict[str, Row]:
        return self.journal.of("refund")

    @property
    def payments(self) -> dict[str, Row]:
        """Every time money went to a buyer, for ever."""
        return self.journal.of("payment")

    def set_faults(self, values: dict[str, Any]) -> Faults:
        self.faults = self.faults.changed(values)
        self.journal.write([("setting", "faults", self.faults.as_row())])
        return self.faults

    def later(self, seconds: float) -> int:
        """The instant `seconds` of sandbox time from now, milliseconds."""
        return now_ms() + int(seconds * self.scale * 1000)

    # --- orders ------------------------------------------------------------------------------------------------

    def add_order(self, row: Row, *, events: Iterable[str] = ()) -> list[Change]:
        """The changes that put a new order here; the caller writes them."""
        changes: list[Change] = [("order", str(row["oid"]), row)]
        for event in events:
            info = {"oid": row["oid"], "sellerId": int(APPS[row["appKey"]].seller_id), "createTime": row["createTime"]}
            changes += self.tell(row["appKey"], event, str(row["oid"]), info)
        return changes

    def change_order(self, oid: str, event: str, **fields: Any) -> Row:
        old = self.order(oid)
        row = {**old, **fields, "updateTime": max(now_ms(), old["updateTime"] + 1)}
        info = {"oid": row["oid"], "sellerId": int(APPS[row["appKey"]].seller_id), "updateTime": row["updateTime"]}
        self.journal.write([("order", oid, row), *self.tell(row["appKey"], event, oid, info)])
        return row

    def move_order(self, oid: str, verb: str, *, total_fee: int = 0) -> Row:
        """What a buyer or the platform does to an order: pay, reprice (to `total_fee` fen), complete or close it."""
        at = now_ms()
        if verb == "reprice" and total_fee > 0:
            return self.change_order(oid, "kwaishop_order_totalFeeChange", totalFee=total_fee)
        if verb == "pay":
            return self.change_order(oid, "kwaishop_order_paySuccess", status=30, payTime=at)
        if verb == "complete":
            return self.change_order(oid, "kwaishop_order_orderSuccess", status=70)
        if verb == "close":
            return self.change_order(oid, "kwaishop_order_orderFail", status=80)
        raise ValueError(f"no verb {verb!r}; there are pay, reprice with a total_fee above 0, complete and close")

    def order(self, oid: str) -> Row:
        try:
            return self.orders[str(oid)]
        except KeyError:
            # The real code of an unknown order is not public: this one is ours (and unknown to our client on purpose).
            raise RefusedError(200011, "ORDER NOT FOUND") from None

    # --- after-sales -------------------------------------------------------------------------------------------

    def refund(self, refund_id: str) -> Row:
        try:
            return self.refunds[str(refund_id)]
        except KeyError:
            raise RefusedError(300011, "REFUND ORDER NOT FOUND") from None

    def refundable(self, oid: str, *, besides: str = "", planned: int = 0) -> int:
        """What may still be asked back on an order, fen: paid, less every case that is open, paying or paid."""
        taken = sum(
            row["refundFee"]
            for key in self.order(oid).get("refundIds", ())
            if key != besides and (row := self.refunds.get(key)) and row["status"] != CLOSED
        )
        return int(self.order(oid)["totalFee"]) - taken - planned

    def add_refund(self, row: Row, *, is_told: bool = True) -> list[Change]:
        """The changes that open an after-sale on an order that is here; the caller writes them."""
        refund_id, oid = str(row["refundId"]), str(row["oid"])
        if not row.get("plan"):
            row["plan"] = self._own_plan(row)
        self._schedule(row)
        order = self.order(oid)
        changes: list[Change] = [
            ("refund", refund_id, row),
            ("order", oid, {**order, "refundIds": [*order.get("refundIds", ()), refund_id]}),
        ]
        if is_told:
            changes += self.tell(row["appKey"], ADD_REFUND, refund_id, _refund_info(row))
        return changes

    def change_refund(self, refund_id: str, *, money: bool = False, is_told: bool = True, **fields: Any) -> Row:
        """Move an after-sale: its version grows, everybody is told, and with `money` the buyer is paid, once."""
        old = self.refund(refund_id)
        # Strictly growing: two changes in one millisecond are two versions.
        at = max(now_ms(), old["updateTime"] + 1)
        row = {**old, **fields, "updateTime": at}
        changes: list[Change] = [("refund", refund_id, row)]
        if money:
            row["endTime"] = at
            changes.append(self._payment(row))
        if is_told:
            changes += self.tell(row["appKey"], UPDATE_REFUND, refund_id, _refund_info(row, updated=True))
        self.journal.write(changes)
        self._schedule(row)
        return row

    def withdraw(self, refund_id: str) -> Row:
        """The buyer takes the request back."""
        row = self._open(refund_id)
        return self.change_refund(refund_id, status=CLOSED, closedBy="buyer", plan=[], endTime=row["updateTime"] + 1)

    def edit(self, refund_id: str, refund_fee: int) -> Row:
        """The buyer asks for another amount, fen."""
        row = self._open(refund_id)
        if not 0 < refund_fee <= self.refundable(str(row["oid"]), besides=refund_id):
            raise RefusedError(300009, "refund_fee is not within what is left of the order")
        return self.change_refund(refund_id, refundFee=refund_fee, status=APPLIED, negotiateStatus=1)

    def pay_by_platform(self, refund_id: str) -> Row:
        """The platform decides for the buyer and pays without asking the merchant."""
        self._open(refund_id)
        return self.start_paying(refund_id, cause="platform")

    def intervene(self, refund_id: str) -> Row:
        """The buyer calls the platform in."""
        self._open(refund_id)
        return self.change_refund(refund_id, status=PLATFORM, plan=[])

    def close(self, refund_id: str) -> Row:
        """The platform closes the case without paying."""
        self._open(refund_id)
        return self.change_refund(refund_id, status=CLOSED, closedBy="platform", plan=[])

    def start_paying(self, refund_id: str, *, cause: str, ends: str = "") -> Row:
        """From here on the money goes out by itself after `pay_delay_s`, or `ends` "failed"."""
        return self.change_refund(
            refund_id,
            status=PAYING,
            ends=ends,
            negotiateStatus=2,
            negotiateUpdateTime=now_ms(),
            cause=cause,
            plan=[],
            payAt=self.later(self.faults.pay_delay_s),
        )

    def count_call(self, refund_id: str, *, accepted: bool) -> None:
        """Remember that somebody asked us to pay this."""
        row = self.refund(refund_id)
        counts = {"asked": row.get("asked", 0) + 1, "accepted": row.get("accepted", 0) + int(accepted)}
        self.journal.write([("refund", refund_id, {**row, **counts})])

    # --- time --------------------------------------------------------------------------------------------------

    def tick(self) -> int:
        """Do what is due; returns how many rows moved by themselves."""
        moved, at = 0, now_ms()
        while self._due and self._due[0][0] <= at:
            _, refund_id, verb = heapq.heappop(self._due)
            moved += self._happen(refund_id, verb, at)
        return moved

    def new_id(self) -> int:
        """A number as long as the platform's, never given out twice, also after a restart."""
        self._last_id = max(self._last_id + 1, now_ms() * 1000)
        return self._last_id

    def _happen(self, refund_id: str, verb: str, at: int) -> bool:
        row = self.refunds.get(refund_id)
        if row is None:
            return False
        if verb == "pay":
            if row["status"] != PAYING or row.get("payAt", 0) > at:
                return False
            if row.get("ends") == "failed":
                self.change_refund(refund_id, status=FAILED)
            else:
                self.change_refund(refund_id, status=PAID, money=True)
            return True
        step = next((step for step in row.get("plan", ()) if step["verb"] == verb and step["at"] <= at), None)
        if step is None or row["status"] not in OPEN:
            return False
        rest = [other for other in row["plan"] if other is not step]
        self.journal.write([("refund", refund_id, {**row, "plan": rest})])
        try:
            if verb == "edit":
                self.edit(refund_id, int(step["refund_fee"]))
            else:
                self.verbs[verb](refund_id)
        except RefusedError:
            return False
        return True

    @property
    def verbs(self) -> dict[str, Callable[[str], Row]]:
        """What buyers and the platform can do to a case, by name."""
        return {
            "withdraw": self.withdraw,
            "platform_pay": self.pay_by_platform,
            "intervene": self.intervene,
            "close": self.close,
        }

    def _open(self, refund_id: str) -> Row:
        row = self.refund(refund_id)
        if row["status"] not in OPEN:
            raise RefusedError(300018, "REFUND ORDER STATUS NOT ALLOW")
        return row

    def _payment(self, row: Row) -> Change:
        platform = APPS[row["appKey"]].platform
        key = f"{platform}:{row['refundId']}:{len(self.payments)}"
        payment = {
            "channel": platform,
            "refund": str(row["refundId"]),
            "order": str(row["oid"]),
            "amount": row["refundFee"],
            "cause": row.get("cause", ""),
            "at": now_ms(),
        }
        return ("payment", key, payment)

    def _schedule(self, row: Row) -> None:
        refund_id = str(row["refundId"])
        if row["status"] == PAYING:
            heapq.heappush(self._due, (row.get("payAt", 0), refund_id, "pay"))
        if row["status"] in OPEN:
            for step in row.get("plan", ()):
                heapq.heappush(self._due, (step["at"], refund_id, step["verb"]))

    def _own_plan(self, row: Row) -> list[Row]:
        """What will happen to this case by itself, by the switches."""
        for name, verb in (("withdraw", "withdraw"), ("edit", "edit"), ("platform_pay", "platform_pay")):
            if self.faults.strikes(name):
                step: Row = {"verb": verb, "at": self.later(random.uniform(0, self.faults.self_change_s))}
                if verb == "edit":
                    step["refund_fee"] = max(1, row["refundFee"] * 9 // 10)
                return [step]
        return []


def now_ms() -> int:
    return int(time.time() * 1000)


def _refund_info(row: Row, *, updated: bool = False) -> Row:
    info = {
        "orderId": row["oid"],
        "refundId": row["refundId"],
        "handlingWay": row["handlingWay"],
        "specialRefundType": 0,
        "status": row["status"],
        "createTime": row["createTime"],
    }
    if updated:
        # The numbers of eventType are not public; 0 says nothing.
        info |= {"eventType": 0, "updateTime": row["updateTime"]}
    return info
