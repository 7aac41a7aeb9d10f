"""What the control page says, in Chinese and English. The sandbox is no Django page, so its few words live here."""

from typing import NamedTuple


class Word(NamedTuple):
    zh: str
    en: str

    def in_(self, lang: str) -> str:
        return self.en if lang == "en" else self.zh


STATES = {
    "labelled": Word("已取号", "Labelled"),
    "picked_up": Word("已揽收", "Picked up"),
    "in_transit": Word("运输中", "In transit"),
    "arrived_destination": Word("已到派件网点", "At the delivering site"),
    "out_for_delivery": Word("派件中", "Out for delivery"),
    "at_locker": Word("待取件", "At a locker"),
    "signed": Word("已签收", "Signed for"),
    "refused": Word("拒收", "Refused"),
    "returning": Word("退回中", "Returning"),
    "returned": Word("已退回", "Returned"),
    "exception": Word("异常", "Trouble"),
}
INTERCEPTS = {
    "INTERCEPTING": Word("拦截中", "stopping"),
    "INTERCEPT_SUCCESS": Word("拦截成功", "stopped"),
    "PACKAGE_DELIVERYING": Word("退改中", "being changed"),
    "INTERCEPT_DISCONTINUE": Word("拦截完结", "closed"),
    "INTERCEPT_FAIL": Word("拦截失败", "not stopped"),
    "INTERCEPT_CANCEL": Word("已取消", "cancelled"),
}
# verb → (button, what the pressing means)
BUTTONS = {
    "picked_up": Word("揽收", "Pick up"),
    "arrived_destination": Word("到达", "Arrive"),
    "out_for_delivery": Word("派件", "Deliver"),
    "signed": Word("签收", "Sign"),
    "stop": Word("快递拦下", "Stop it"),
    "fail": Word("拦截失败", "Fail"),
    "return_signed": Word("退回签收", "Home"),
    "lost": Word("丢件", "Lose"),
}
COURIERS = {
    "zto": Word("中通", "ZTO"),
    "yto": Word("圆通", "YTO"),
    "sto": Word("申通", "STO"),
    "jt": Word("极兔", "J&T"),
    "sf": Word("顺丰", "SF"),
}
# fault → (its name, the value "on" sets)
FAULTS: dict[str, tuple[Word, float]] = {
    "rate_5xx": (Word("报 5xx", "5xx"), 0.3),
    "garbage": (Word("返回乱码", "Garbage"), 0.3),
    "drop": (Word("断开连接", "Dropped"), 0.3),
    "slow_s": (Word("慢 3 秒", "3 s slow"), 3),
    "qps": (Word("限流 5 次/秒", "5 calls/s"), 5),
    "duplicate": (Word("推送重复", "Doubled pushes"), 0.5),
    "disorder": (Word("推送乱序", "Late pushes"), 0.5),
    "push_loss": (Word("推送丢失", "Lost pushes"), 0.5),
}
TEXTS = {
    "title": Word("快递沙盒", "Courier sandbox"),
    "lead": Word(
        "这台机器上的快递公司。点一下按钮，快递那边就发生一件事，回仓会从推送或查询里看到。",
        "The courier on this machine. Press a button and it happens at the courier; Huicang sees it by push or query.",
    ),
    "keys": Word("商家账号：密钥与推送地址", "The merchant's account: keys and push address"),
    "keys_help": Word(
        "快递网站上会给您看的值。在回仓的快递账号页逐项填入，再把那里的推送地址贴回来。",
        "What a courier's site would show you. Type it into Huicang's courier account, and paste its push address.",
    ),
    "push_address": Word("推送地址", "Push address"),
    "save": Word("保存", "Save"),
    "only": Word("仅演示与测试使用", "demo and tests only"),
    "all": Word("全部", "All"),
    "asked": Word("等快递决定", "Waiting for the courier"),
    "search": Word("运单号", "Tracking number"),
    "find": Word("查找", "Find"),
    "parcel": Word("包裹", "Parcel"),
    "state": Word("状态", "State"),
    "last": Word("最近一次扫描", "Last scan"),
    "intercept": Word("拦截", "Interception"),
    "life": Word("剧本与下一步", "Life and next step"),
    "make": Word("现在发生", "Make it happen now"),
    "faults": Word("故障开关", "Faults"),
    "on": Word("开", "on"),
    "off": Word("关", "off"),
    "none": Word(
        "没有包裹。演示数据会自动建立，也可以在上面新建。",
        "No parcels. The demo makes some; make more above.",
    ),
    "not_asked": Word("商家没有发起拦截", "the merchant has not asked to stop it"),
    "is_over": Word("这件包裹已经结束", "this parcel's journey is over"),
    "nothing_next": Word("没有后续安排", "nothing planned"),
    "next": Word("{seconds} 后：{verb}", "in {seconds}: {verb}"),
    "more": Word("还有 {count} 件，请用运单号查找。", "{count} more; search by tracking number."),
    "pushes": Word(
        "推送：{done} 已确认，{open} 待送，{given_up} 放弃",
        "pushes: {done} acknowledged, {open} open, {given_up} given up",
    ),
    "new": Word("新建包裹", "New parcel"),
    "courier": Word("快递", "Courier"),
    "start": Word("现在到哪", "Where it is"),
    "other_lang": Word("English", "中文"),
}
VERBS = {
    "departed": Word("离开", "depart"),
    "at_hub": Word("到达中转", "reach a hub"),
    "at_far_hub": Word("到达目的地中转", "reach the far hub"),
    "in_transit": Word("中转", "in transit"),
    "locker": Word("入柜", "locker"),
    "refused": Word("拒收", "refused"),
    "return": Word("退回", "return"),
    "return_at_hub": Word("退回中转", "hub on the way home"),
    "return_at_sender": Word("退回寄件网点", "sender's site"),
    "problem": Word("问题件", "trouble"),
    "changing": Word("退改", "change"),
    "discontinue": Word("完结", "close"),
    "cancel": Word("取消拦截", "cancel"),
    "address_change": Word("改地址", "new address"),
    **BUTTONS,
}
