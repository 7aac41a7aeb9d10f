"""The lives a parcel can lead. A plan is a list of (seconds after the step before, what happens).

Seconds are nominal: the process multiplies them by its scale, so a day passes in a minute in tests.
"""

from dataclasses import dataclass, field
from typing import Any

MINUTE, HOUR = 60, 3600
Plan = list[tuple[float, str]]

ROAD: Plan = [
    (20 * MINUTE, "picked_up"),
    (2 * HOUR, "departed"),
    (3 * HOUR, "at_hub"),
    (1 * HOUR, "departed"),
    (9 * HOUR, "at_far_hub"),
    (4 * HOUR, "arrived_destination"),
    (3 * HOUR, "out_for_delivery"),
    (3 * HOUR, "signed"),
]
HOME: Plan = [(2 * HOUR, "return_at_hub"), (9 * HOUR, "return_at_sender"), (2 * HOUR, "return_signed")]
STOPPED: Plan = [(25, "stop"), *HOME]


@dataclass(frozen=True)
class Life:
    """`road` is led without an interception, `on_intercept` replaces the rest of it once a request is accepted.

    None for `on_intercept` leaves the road as it was: the courier does nothing about the request. `wire` says how the
    parcel's calls and pushes misbehave; `refuses` is the answer to a request to stop.
    """

    label: str
    label_en: str
    road: Plan = field(default_factory=lambda: ROAD)
    on_intercept: Plan | None = None
    wire: dict[str, Any] = field(default_factory=dict)
    refuses: str = ""


LIVES: dict[str, Life] = {
    "delivered": Life("正常签收，不理会拦截", "delivered, the stop is ignored"),
    "stopped": Life("拦截成功并退回", "stopped and sent home", on_intercept=STOPPED),
    "too_late": Life(
        "已受理，但派件在先",
        "accepted, but delivered first",
        on_intercept=[(20, "arrived_destination"), (20, "out_for_delivery"), (30, "fail"), (30, "signed")],
    ),
    "refused_by_courier": Life("快递拒绝受理", "the courier refuses", refuses="not_supported"),
    "others": Life("已被他人发起拦截", "somebody else asked first", refuses="others"),
    "refused": Life(
        "买家拒收后退回",
        "refused at the door, sent home",
        road=[*ROAD[:-1], (1 * HOUR, "refused"), (1 * HOUR, "return"), *HOME],
    ),
    "lost": Life("受理后丢件", "accepted, then lost", on_intercept=[(6 * HOUR, "lost")]),
    "silent": Life("受理后再无消息", "accepted, then nothing more", on_intercept=[]),
    "late_stop": Life("三十小时后才拦下", "stopped after thirty hours", on_intercept=[(30 * HOUR, "stop"), *HOME]),
    "delivered_anyway": Life(
        "报拦截成功却仍派送",
        "reported stopped, delivered all the same",
        on_intercept=[(25, "stop"), (5 * HOUR, "out_for_delivery"), (2 * HOUR, "signed")],
    ),
    "stopped_then_lost": Life(
        "拦下后退回途中丢失", "stopped, lost on the way home", on_intercept=[(25, "stop"), (2 * HOUR, "return_at_hub")]
    ),
    "changing": Life(
        "先退改中，后拦截成功",
        "being changed, then stopped",
        on_intercept=[(20, "changing"), (2 * MINUTE, "stop"), *HOME],
    ),
    "discontinued": Life("拦截完结，原因不明", "closed without saying how", on_intercept=[(25, "discontinue")]),
    "cancelled_by_courier": Life("快递自行取消拦截", "the courier cancels it", on_intercept=[(25, "cancel")]),
    "address_change": Life(
        "退件扫描其实是改地址", "the return scan is an address change", on_intercept=[(25, "address_change")]
    ),
    "slow": Life("接口缓慢", "slow answers", on_intercept=STOPPED, wire={"slow": 2}),
    "5xx": Life("接口报 5xx（已受理）", "5xx although taken", on_intercept=STOPPED, wire={"5xx": 2}),
    "garbage": Life("接口返回乱码（已受理）", "garbage although taken", on_intercept=STOPPED, wire={"garbage": 2}),
    "throttled": Life("接口限流", "throttled calls", on_intercept=STOPPED, wire={"throttle": 2}),
    "duplicate": Life("推送重复", "every push twice", on_intercept=STOPPED, wire={"duplicate_push": 1}),
    "disorder": Life("推送乱序", "pushes out of order", on_intercept=STOPPED, wire={"disorder_push": 1}),
    "no_push": Life("没有推送，只能查询", "no pushes, only queries", on_intercept=STOPPED, wire={"no_push": 1}),
}

# Where on the road a new parcel stands: everything up to and including this step has happened already.
STARTS = {
    "labelled": 0,
    "picked_up": 1,
    "in_transit": 3,
    "far_hub": 5,
    "arrived_destination": 6,
    "out_for_delivery": 7,
    "signed": 8,
}
