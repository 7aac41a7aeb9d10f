"""The sandbox's own API: make orders and cases, play buyer and platform, turn faults on, count the money paid."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from merchant.carriers import registry as carriers
from merchant.platforms.sandbox.accounts import APPS, HOUSE
from merchant.platforms.sandbox.journal import Row
from merchant.platforms.sandbox.outbox import Outbox
from merchant.platforms.sandbox.wechat_wire import WeChatPayWire
from merchant.platforms.sandbox.world import (
    APPLIED,
    CLOSED,
    HANDLE_HOURS,
    OPEN,
    PAID,
    PAYING,
    REFUND_ONLY,
    RETURN_APPLIED,
    RefusedError,
    World,
    now_ms,
)

ORDER_EVENTS: dict[int, tuple[str, ...]] = {30: ("kwaishop_order_addOrder", "kwaishop_order_paySuccess")}
ORDER_EVENTS[40] = (*ORDER_EVENTS[30], "kwaishop_order_delivering")
PAGE_ROWS = 40


class Control:
    """Every method takes plain values from JSON and returns what goes back as JSON. ValueError is a wrong value."""

    def __init__(self, world: World, outbox: Outbox, wechat: WeChatPayWire) -> None:
        self.world, self.outbox, self.wechat = world, outbox, wechat

    # --- making things -----------------------------------------------------------------------------------------

    def bulk(self, orders: Any = (), refunds: Any = (), trades: Any = (), push_url: str = "", app_key: str = "") -> Row:
        """Many at once. A row that is here already is left alone, so the same list may be sent again."""
        if push_url:
            self.set_target(push_url, app_key)
        made: Counter[str] = Counter()
        skipped: list[Row] = []
        for kind, rows, make in (
            ("orders", orders, self.add_order),
            ("refunds", refunds, self.add_refund),
            ("trades", trades, self.add_trade),
        ):
            for values in rows or ():
                try:
                    make(**values)
                    made[kind] += 1
                except (RefusedError, ValueError, TypeError) as error:
                    skipped.append({"kind": kind, "row": values, "because": str(error)})
        return {"made": dict(made), "skipped": skipped}

    def add_order(
        self,
        *,
        total_fee: int,
        oid: int | str = 0,
        app_key: str = "",
        status: int = 40,
        express_fee: int = 0,
        discount_fee: int = 0,
        courier: str = "zto",
        waybill: str = "",
        packages: Any = (),
        item: Any = None,
        buyer: Any = None,
        address: Any = None,
        create_time: int = 0,
        pay_time: int = 0,
        send_time: int = 0,
        remark: str = "",
        push: bool = False,
    ) -> Row:
        """An order. Money in fen, times in epoch milliseconds (0: a plausible time before now)."""
        number = _number(oid) or self.world.new_id()
        if str(number) in self.world.orders:
            raise ValueError(f"order {number} is here already")
        if not isinstance(total_fee, int) or total_fee <= 0:
            raise ValueError("total_fee must be fen above 0")
        created = create_time or now_ms() - 30 * 3600 * 1000
        parcels = [*packages, *([{"courier": courier, "waybill": waybill}] if waybill else [])]
        buyer, item = buyer or {}, item or {}
        row: Row = {
            "oid": number,
            "appKey": _app_key(app_key),
            "status": status,
            "createTime": created,
            "payTime": pay_time or (created + 60_000 if status >= 30 else 0),
            "sendTime": send_time or (created + 6 * 3600 * 1000 if status >= 40 else 0),
            "recvTime": 0,
            "refundTime": 0,
            "updateTime": now_ms(),
            "totalFee": total_fee,
            "expressFee": express_fee,
            "discountFee": discount_fee,
            "buyerOpenId": str(buyer.get("open_id") or f"demo-buyer-{number}"),
            "buyerNick": str(buyer.get("nick") or "买***家"),
            "remark": remark,
            "payType": 2,
            "preSale": 0,
            "riskCode": 0,
            "promiseTimeStampOfDelivery": created + 48 * 3600 * 1000,
            "orderItemInfo": _item(item, total_fee - express_fee, number),
            "orderLogisticsInfo": [_parcel(parcel) for parcel in parcels],
            "orderAddress": _address(address or {}),
            "refundIds": [],
        }
        self.world.journal.write(self.world.add_order(row, events=ORDER_EVENTS.get(status, ()) if push else ()))
        return row

    def add_refund(
        self,
        *,
        oid: int | str = 0,
        refund_id: int | str = 0,
        refund_fee: int = 0,
        handling_way: int = REFUND_ONLY,
        status: int = 0,
        receipt_status: int = 1,
        reason: str = "",
        description: str = "",
        submit_time: int = 0,
        plan: Any = (),
        push: bool = True,
        order: Any = None,
        app_key: str = "",
    ) -> Row:
        """An after-sale the buyer opens, on an order that is here or on one made with it (`order`).

        `plan` is what happens by itself: [{"verb": "withdraw"|"edit"|"platform_pay"|"intervene"|"close", "after_s": 5,
        "refund_fee": fen for edit}].
        """
        if order is not None:
            oid = self.add_order(**{"app_key": app_key, **order})["oid"]
        found = self.world.order(str(oid))
        number = _number(refund_id) or self.world.new_id()
        if str(number) in self.world.refunds:
            raise ValueError(f"refund {number} is here already")
        fee = refund_fee or self.world.refundable(str(found["oid"]))
        if not isinstance(fee, int) or not 0 < fee <= self.world.refundable(str(found["oid"])):
            raise ValueError("refund_fee is not within what is left of the order")
        at = now_ms()
        submitted = submit_time or at
        row: Row = {
            "refundId": number,
            "oid": found["oid"],
            "appKey": found["appKey"],
            "sellerId": int(APPS[found["appKey"]].seller_id),
            "buyerOpenId": found["buyerOpenId"],
            "status": status or (APPLIED if handling_way == REFUND_ONLY else RETURN_APPLIED),
            "handlingWay": handling_way,
            "negotiateStatus": 1,
            "receiptStatus": receipt_status,
            "refundFee": fee,
            "refundType": 1,
            "refundReason": 1,
            "refundReasonDesc": reason or "不想要了",
            "refundDesc": description,
            "specialRefundType": 0,
            "skuId": found["orderItemInfo"]["skuId"],
            "itemId": found["orderItemInfo"]["itemId"],
            "skuNick": found["orderItemInfo"]["skuNick"],
            "logisticsId": 0,
            "submitTime": submitted,
            "createTime": submitted,
            "updateTime": at,
            "negotiateUpdateTime": submitted,
            "expireTime": submitted + HANDLE_HOURS * 3600 * 1000,
            "endTime": 0,
            "plan": [_step(self.world, step) for step in plan or ()],
        }
        self.world.journal.write(self.world.add_refund(row, is_told=push))
        return self.world.refund(str(number))

    def add_trade(self, *, out_trade_no: str, total_fen: int, ends: str = "") -> Row:
        """A WeChat payment that can be refunded; `ends`: "", "abnormal" or "closed"."""
        if out_trade_no in self.wechat.trades:
            raise ValueError(f"trade {out_trade_no} is here already")
        if not isinstance(total_fen, int) or total_fen <= 0 or ends not in ("", "abnormal", "closed"):
            raise ValueError("total_fen must be fen above 0, ends one of '', abnormal, closed")
        self.world.journal.write(self.wechat.add_trade(out_trade_no, total_fen, ends))
        return self.wechat.trades[out_trade_no]

    def set_target(self, push_url: str, app_key: str = "") -> Row:
        """Where an app's messages go; an empty address: nowhere any more, and what waits stays waiting."""
        if not push_url:
            self.outbox.forget_target(_app_key(app_key))
            return {"app_key": _app_key(app_key), "push_url": ""}
        if not push_url.startswith(("http://", "https://")):
            raise ValueError("push_url must be http(s)")
        self.outbox.set_target(_app_key(app_key), push_url)
        return {"app_key": _app_key(app_key), "push_url": push_url}

    # --- playing buyer and platform ----------------------------------------------------------------------------

    def act(self, refund_id: str, verb: str, refund_fee: int = 0) -> Row:
        """What a buyer or the platform does to a case now."""
        if verb == "edit":
            return self.world.edit(refund_id, int(refund_fee))
        acts: dict[str, Callable[[str], Row]] = self.world.verbs
        if verb not in acts:
            raise ValueError(f"no verb {verb!r}; there are edit, {', '.join(acts)}")
        return acts[verb](refund_id)

    def ship(self, oid: str, courier: str, waybill: str) -> Row:
        """The merchant has shipped; the platform tells so."""
        return self.world.change_order(
            oid,
            "kwaishop_order_delivering",
            status=40,
            sendTime=now_ms(),
            orderLogisticsInfo=[_parcel({"courier": courier, "waybill": waybill})],
        )

    def receive(self, oid: str) -> Row:
        """The buyer confirms that it arrived."""
        return self.world.change_order(oid, "kwaishop_order_deliverySuccess", status=50, recvTime=now_ms())

    # --- looking -----------------------------------------------------------------------------------------------

    def ledger(self) -> Row:
        """How often and how much was paid, by refund and by order: the proof that nothing was paid twice."""
        by_refund: dict[str, Row] = defaultdict(lambda: {"times": 0, "amount_fen": 0})
        by_order: dict[str, Row] = defaultdict(lambda: {"times": 0, "amount_fen": 0, "refunds": []})
        for payment in self.world.payments.values():
            refund, order = by_refund[payment["refund"]], by_order[payment["order"]]
            refund |= {
                "times": refund["times"] + 1,
                "amount_fen": refund["amount_fen"] + payment["amount"],
                "order": payment["order"],
                "cause": payment["cause"],
                "channel": payment["channel"],
            }
            by_refund[payment["refund"]] = refund
            order["times"] += 1
            order["amount_fen"] += payment["amount"]
            order["refunds"].append(payment["refund"])
        for key, row in self.world.refunds.items():
            if key in by_refund or row.get("asked"):
                by_refund[key] |= {
                    "asked": row.get("asked", 0),
                    "accepted": row.get("accepted", 0),
                    "order": str(row["oid"]),
                }
        for key, order in by_order.items():
            paid = self.world.orders.get(key, {}).get("totalFee") or self.wechat.trades.get(key, {}).get("total", 0)
            order |= {"paid_by_buyer_fen": paid, "is_over": order["amount_fen"] > paid}
            by_order[key] = order
        return {
            "refunds": dict(by_refund),
            "orders": dict(by_order),
            "totals": {
                "payments": len(self.world.payments),
                "amount_fen": sum(row["amount"] for row in self.world.payments.values()),
                "paid_twice": sorted(key for key, row in by_refund.items() if row["times"] > 1),
                "over_paid_orders": sorted(key for key, row in by_order.items() if row["is_over"]),
                "paying": sum(row["status"] == PAYING for row in self.world.refunds.values()),
                "open": sum(row["status"] in OPEN for row in self.world.refunds.values()),
                "closed": sum(row["status"] == CLOSED for row in self.world.refunds.values()),
                "paid": sum(row["status"] == PAID for row in self.world.refunds.values()),
            },
        }

    def state(self) -> Row:
        """What the page shows: newest cases and messages first."""
        refunds = sorted(self.world.refunds.values(), key=lambda row: row["updateTime"], reverse=True)
        counts = Counter(row["status"] for row in refunds)
        pushes = Counter(row["state"] for row in self.outbox.pushes.values())
        ids = sorted(self.outbox.pushes, reverse=True)[:PAGE_ROWS]
        return {
            "now": now_ms(),
            "scale": self.world.scale,
            "counts": {
                "open": sum(count for status, count in counts.items() if status in OPEN),
                "paying": counts[PAYING],
                "paid": counts[PAID],
                "closed": counts[CLOSED],
                "paid_fen": sum(row["amount"] for row in self.world.payments.values()),
                "pushes_waiting": pushes["waiting"],
                "pushes_delivered": pushes["delivered"],
                "pushes_given_up": pushes["given_up"] + pushes["lost"],
            },
            "refunds": [self._brief(row) for row in refunds[:PAGE_ROWS]],
            "pushes": [{"key": key, **self._brief_push(self.outbox.pushes[key])} for key in ids],
            "wechat_refunds": sorted(self.wechat.refunds.values(), key=lambda row: -row["created_at"])[:PAGE_ROWS],
            "faults": self.world.faults.as_row(),
            "targets": self.outbox.targets,
            "balance_fen": self.wechat.balance_fen,
        }

    def _brief(self, row: Row) -> Row:
        order = self.world.orders.get(str(row["oid"]), {})
        parcel = (order.get("orderLogisticsInfo") or [{}])[0]
        return {
            # As text: a browser would round them.
            "refund_id": str(row["refundId"]),
            "oid": str(row["oid"]),
            "platform": APPS[row["appKey"]].platform,
            "title": order.get("orderItemInfo", {}).get("itemTitle", ""),
            "waybill": parcel.get("expressNo", ""),
            "express_code": parcel.get("expressCode", 0),
            "refund_fee": row["refundFee"],
            "total_fee": order.get("totalFee", 0),
            "status": row["status"],
            "handling_way": row["handlingWay"],
            "closed_by": row.get("closedBy", ""),
            "cause": row.get("cause", ""),
            "asked": row.get("asked", 0),
            "is_open": row["status"] in OPEN,
            "update_time": row["updateTime"],
            "plan": row.get("plan", []),
        }

    @staticmethod
    def _brief_push(row: Row) -> Row:
        names = ("event", "state", "attempts", "error", "createTime", "nextAt", "eventId")
        return {**{name: row[name] for name in names}, "bizId": str(row["bizId"])}


def _app_key(app_key: str) -> str:
    if not app_key:
        return HOUSE.app_key
    if app_key not in APPS:
        raise ValueError(f"no app {app_key!r}; there are {', '.join(APPS)}")
    return app_key


def _number(value: int | str) -> int:
    """An id of the caller's choice; 0 means "make one"."""
    if value in (0, "", None):
        return 0
    number = int(value)
    if not 0 < number < 2**63:
        raise ValueError("ids are positive 64 bit numbers")
    return number


def _step(world: World, step: Row) -> Row:
    if step.get("verb") not in {*world.verbs, "edit"}:
        raise ValueError(f"no verb {step.get('verb')!r}")
    found: Row = {"verb": step["verb"], "at": world.later(float(step.get("after_s", 0)))}
    if step["verb"] == "edit":
        found["refund_fee"] = int(step["refund_fee"])
    return found


def _parcel(parcel: Row) -> Row:
    courier = parcel.get("courier", "zto")
    code = courier if isinstance(courier, int) else carriers.platform_code("kuaishou", str(courier))
    if code == "":
        raise ValueError(f"no courier {courier!r}")
    return {"logisticsId": 0, "expressNo": str(parcel["waybill"]), "expressCode": int(code)}


def _item(item: Row, net_fee: int, number: int) -> Row:
    quantity = int(item.get("num", 1))
    price = int(item.get("price", net_fee // max(1, quantity)))
    return {
        "skuId": int(item.get("sku_id", number % 10**12)),
        "itemId": int(item.get("item_id", number % 10**11)),
        "relSkuId": 0,
        "relItemId": 0,
        "orderItemId": int(item.get("order_item_id", number % 10**14)),
        "itemTitle": str(item.get("title", "演示商品")),
        "skuDesc": str(item.get("spec", "")),
        "skuNick": str(item.get("seller_code", "")),
        "num": quantity,
        "price": price,
        "originalPrice": int(item.get("original_price", price)),
        "discountFee": int(item.get("discount_fee", 0)),
        "itemType": 1,
        "itemPicUrl": str(item.get("picture_url", "")),
        "goodsCode": str(item.get("goods_code", "")),
        "itemExtra": {"categoryInfo": {"itemCid": 0, "categoryName": str(item.get("category", ""))}},
    }


def _address(address: Row) -> Row:
    """The recipient as the platform shows one: masked, with cipher text that nobody here can open."""
    mark = f"demo-{time.time_ns():x}"
    return {
        "desensitiseConsignee": str(address.get("name", "张**")),
        "desensitiseMobile": str(address.get("mobile", "138******00")),
        "desensitiseAddress": str(address.get("address", "****路**号")),
        "encryptedConsignee": str(address.get("encrypted_name", f"{mark}-name")),
        "encryptedMobile": str(address.get("encrypted_mobile", f"{mark}-mobile")),
        "encryptedAddress": str(address.get("encrypted_address", f"{mark}-address")),
        "province": str(address.get("province", "浙江省")),
        "city": str(address.get("city", "杭州市")),
        "district": str(address.get("district", "西湖区")),
        "town": str(address.get("town", "")),
        "provinceCode": int(address.get("province_code", 330000)),
        "cityCode": int(address.get("city_code", 330100)),
        "districtCode": int(address.get("district_code", 330106)),
        "townCode": int(address.get("town_code", 0)),
    }
