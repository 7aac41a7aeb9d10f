"""Rows of the sandbox's world as Douyin shows them: list item, detail and order each under their own names."""

from collections.abc import Mapping
from typing import Any

from merchant.carriers import registry as carriers
from merchant.platforms.sandbox.journal import Row

# The world's numbers are Kuaishou's; here are Douyin's for the same.
STATES = {10: 6, 11: 6, 12: 27, 20: 6, 21: 6, 22: 7, 30: 7, 40: 11, 45: 13, 50: 12, 55: 12, 60: 12, 70: 28}
MONEY = {50: 2, 55: 4, 60: 3}
KINDS = {1: 0, 3: 3, 4: 7, 5: 8}
ORDER_STATES = {0: 1, 10: 1, 30: 2, 40: 3, 50: 5, 70: 5, 80: 4}
FAIL_REASON = "收款账户异常，退款失败"


def seconds(milliseconds: Any) -> int:
    return int(milliseconds or 0) // 1000


def kind(row: Row, order: Row) -> int:
    """`aftersale_type`: a refund-only request is another kind before the goods have shipped."""
    if row["handlingWay"] != 10:
        return KINDS[row["handlingWay"]]
    return 1 if order.get("status", 40) >= 40 else 2


def list_item(row: Row, order: Row) -> Row:
    """One item of `/afterSale/List`. An exchange that waits for the buyer is 3 here and 13 everywhere else."""
    status = STATES[row["status"]]
    return {
        "aftersale_info": {
            "aftersale_id": str(row["refundId"]),
            "aftersale_order_type": 1,
            "aftersale_type": kind(row, order),
            "aftersale_status": 3 if status == 13 else status,
            "aftersale_status_to_final_time": seconds(row["endTime"]),
            "related_id": str(row["oid"]),
            "apply_time": seconds(row["submitTime"]),
            "update_time": seconds(row["updateTime"]),
            "status_deadline": seconds(row["expireTime"]) if status == 6 else 0,
            "refund_amount": row["refundFee"],
            "refund_post_amount": 0,
            "aftersale_num": 1,
            "arbitrate_status": _arbitration(row),
            "refund_status": MONEY.get(row["status"], 1),
            "got_pkg": int(row["receiptStatus"] == 2),
            "create_time": seconds(row["createTime"]),
        },
        "order_info": {"shop_order_id": str(row["oid"]), "related_order_info": [_related(order)] if order else []},
        "text_part": {"reason_text": row["refundReasonDesc"]},
        "seller_logs": [],
    }


def detail(row: Row, order: Row) -> Row:
    """`data` of `/afterSale/Detail`."""
    is_paid = row["status"] == 60
    item = order.get("orderItemInfo", {})
    return {
        "process_info": {
            "after_sale_info": {
                "after_sale_id": row["refundId"],
                "after_sale_status": STATES[row["status"]],
                "after_sale_type": kind(row, order),
                "refund_status": MONEY.get(row["status"], 1),
                "refund_total_amount": row["refundFee"],
                "refund_post_amount": 0,
                "real_refund_amount": row["refundFee"] if is_paid else 0,
                "refund_fail_reason": FAIL_REASON if row["status"] == 55 else "",
                "apply_time": seconds(row["submitTime"]),
                "update_time": seconds(row["updateTime"]),
                "status_deadline": seconds(row["expireTime"]) if STATES[row["status"]] == 6 else 0,
                "reason": row["refundReasonDesc"],
                "reason_remark": row["refundDesc"],
                "got_pkg": int(row["receiptStatus"] == 2),
                "after_sale_apply_count": 1,
            },
            "arbitrate_info": {"arbitrate_id": "0", "arbitrate_status": _arbitration(row)},
            "logistics_info": {"order": [_parcel(parcel, order) for parcel in order.get("orderLogisticsInfo", ())]},
        },
        "order_info": {
            "shop_order_id": row["oid"],
            "sku_order_infos": [
                {
                    "sku_order_id": item.get("orderItemId", row["oid"]),
                    "order_status": ORDER_STATES[order.get("status", 40)],
                    "pay_amount": order.get("totalFee", 0),
                    "product_name": item.get("itemTitle", ""),
                }
            ],
        },
    }


def order_detail(order: Row) -> Row:
    """`shop_order_detail` of `/order/orderDetail`, and a row of `/order/searchList`."""
    item, place = order["orderItemInfo"], order["orderAddress"]
    goods = item["price"] * item["num"]
    return {
        "order_id": str(order["oid"]),
        "order_level": 2,
        "order_status": ORDER_STATES[order["status"]],
        "order_status_desc": "",
        "create_time": seconds(order["createTime"]),
        "pay_time": seconds(order["payTime"]),
        "ship_time": seconds(order["sendTime"]),
        "finish_time": seconds(order["updateTime"]) if order["status"] in (70, 80) else 0,
        "update_time": seconds(order["updateTime"]),
        "exp_ship_time": seconds(order["promiseTimeStampOfDelivery"]),
        "order_amount": goods + order["expressFee"],
        "pay_amount": order["totalFee"],
        "post_amount": order["expressFee"],
        "promotion_platform_amount": 0,
        "channel_payment_no": f"DY{order['oid']}" if order["payTime"] else "",
        "doudian_open_id": order["buyerOpenId"],
        "mask_post_receiver": place["desensitiseConsignee"],
        "mask_post_tel": place["desensitiseMobile"],
        "mask_post_addr": {
            "province": {"name": place["province"], "id": str(place["provinceCode"])},
            "city": {"name": place["city"], "id": str(place["cityCode"])},
            "town": {"name": place["district"], "id": str(place["districtCode"])},
            "detail": place["desensitiseAddress"],
        },
        "buyer_words": "",
        "seller_words": order["remark"],
        "logistics_info": [_order_parcel(parcel, order) for parcel in order["orderLogisticsInfo"]],
        "sku_order_list": [
            {
                "order_id": str(item["orderItemId"]),
                "parent_order_id": str(order["oid"]),
                "order_level": 3,
                "product_id": item["itemId"],
                "product_name": item["itemTitle"],
                "product_pic": item.get("itemPicUrl", ""),
                "sku_id": item["skuId"],
                "code": item["skuNick"],
                "spec": [{"name": "规格", "value": item["skuDesc"]}] if item["skuDesc"] else [],
                "item_num": item["num"],
                "order_amount": goods,
                "pay_amount": order["totalFee"],
                "post_amount": order["expressFee"],
                "goods_type": 0,
                "confirm_receipt_time": seconds(order["recvTime"]),
            }
        ],
    }


def _arbitration(row: Row) -> int:
    return 1 if row["status"] in (20, 21) else 0


def _related(order: Row) -> Row:
    item = order["orderItemInfo"]
    return {
        "sku_order_id": str(item["orderItemId"]),
        "order_status": ORDER_STATES[order["status"]],
        "pay_amount": order["totalFee"],
        "post_amount": order["expressFee"],
        "item_num": item["num"],
        "create_time": seconds(order["createTime"]),
        "product_name": item["itemTitle"],
        "price": item["price"],
    }


def _company(parcel: Mapping[str, Any]) -> tuple[str, str]:
    carrier = carriers.find(carriers.code_on("kuaishou", parcel["expressCode"]))
    return (carriers.platform_code("douyin", carrier.code), carrier.zh) if carrier else ("", "")


def _parcel(parcel: Mapping[str, Any], order: Row) -> Row:
    code, name = _company(parcel)
    return {
        "tracking_no": parcel["expressNo"],
        "company_code": code,
        "company_name": name,
        "logistics_time": seconds(order["sendTime"]),
        "logistics_state": 1,
    }


def _order_parcel(parcel: Mapping[str, Any], order: Row) -> Row:
    code, name = _company(parcel)
    return {
        "tracking_no": parcel["expressNo"],
        "company": code,
        "company_name": name,
        "ship_time": seconds(order["sendTime"]),
        "product_info": [{"sku_order_id": str(order["orderItemInfo"]["orderItemId"])}],
    }
