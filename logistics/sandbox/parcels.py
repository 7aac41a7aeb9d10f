"""A parcel at the courier: its scans, the interception it is under, the rest of its life. Has no clock of its own."""

import math
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from logistics.sandbox import geography
from logistics.sandbox.lives import LIVES, STARTS, Plan
from logistics.sandbox.words import COURIERS

RUNNING, SUCCESS, CHANGING = "INTERCEPTING", "INTERCEPT_SUCCESS", "PACKAGE_DELIVERYING"
DISCONTINUED, FAILED, CANCELLED = "INTERCEPT_DISCONTINUE", "INTERCEPT_FAIL", "INTERCEPT_CANCEL"
ACTIVE = (RUNNING, SUCCESS, CHANGING)
# What a person or a script may make happen, and what the parcel's state is called afterwards.
VERBS = {
    "picked_up": "picked_up",
    "departed": "in_transit",
    "at_hub": "in_transit",
    "at_far_hub": "in_transit",
    "in_transit": "in_transit",
    "arrived_destination": "arrived_destination",
    "out_for_delivery": "out_for_delivery",
    "locker": "at_locker",
    "signed": "signed",
    "refused": "refused",
    "return": "returning",
    "return_at_hub": "returning",
    "return_at_sender": "returning",
    "return_signed": "returned",
    "problem": "exception",
    "lost": "exception",
    "stop": "returning",
    "fail": "",
    "changing": "",
    "discontinue": "",
    "cancel": "",
    "address_change": "",
}
INTERCEPT_VERBS = {
    "stop": SUCCESS,
    "fail": FAILED,
    "changing": CHANGING,
    "discontinue": DISCONTINUED,
    "cancel": CANCELLED,
    "address_change": CHANGING,
}


class Refusal(Exception):
    """Somebody asked for something this parcel cannot do; the message is for the person at the control page."""


@dataclass
class Intercept:
    """One accepted request to stop the parcel. Times are epoch seconds."""

    biz_no: str
    request_id: str
    reference: str
    destination: int
    status: str
    created_at: float
    changed_at: float


@dataclass
class Parcel:
    """`plan` holds the steps still to come, `next_at` (epoch seconds, None = never) when the first of them is due."""

    courier: str
    waybill: str
    account: str = "demo"
    script: str = "stopped"
    push_url: str = ""
    # Through whom the merchant asks about it ("" for the courier itself), and where the result of a stop is told.
    via: str = ""
    callback_url: str = ""
    sender_city: str = "义乌市"
    receiver_city: str = "杭州市"
    phone_last4: str = ""
    state: str = "labelled"
    scans: list[dict[str, Any]] = field(default_factory=list)
    intercepts: list[Intercept] = field(default_factory=list)
    plan: Plan = field(default_factory=list)
    next_at: float | None = None
    wire: dict[str, Any] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    is_subscribed: bool = False
    created_at: float = 0.0
    changed_at: float = 0.0

    # --- made and kept -----------------------------------------------------------------------------------------

    @classmethod
    def create(cls, told: dict[str, Any], *, now: float, scale: float) -> "Parcel":
        """A new parcel from the control API's words. Raises Refusal for words it does not know."""
        known = {"courier", "waybill", "account", "script", "push_url", "via", "sender_city", "receiver_city"}
        known |= {"phone_last4"}
        start, age_s = str(told.get("start", "in_transit")), float(told.get("age_s", 3600))
        rest = set(told) - known - {"start", "age_s", "hold", "city", "wire", "replace"}
        if rest:
            raise Refusal(f"unknown fields: {', '.join(sorted(rest))}")
        if told.get("courier") not in COURIERS or not str(told.get("waybill") or "").strip():
            raise Refusal(f"courier ({', '.join(COURIERS)}) and waybill are needed")
        words: dict[str, Any] = {name: str(told[name]).strip() for name in known & set(told)}
        parcel = cls(**words, created_at=now, changed_at=now)
        if "city" in told:
            parcel.receiver_city = str(told["city"])
        if parcel.script not in LIVES:
            raise Refusal(f"no life is called {parcel.script!r}")
        if start not in STARTS:
            raise Refusal(f"no parcel starts at {start!r}")
        parcel.sender_city = geography.normal_city(parcel.sender_city)
        parcel.receiver_city = geography.normal_city(parcel.receiver_city)
        life = LIVES[parcel.script]
        parcel.wire = {**life.wire, **dict(told.get("wire") or {})}
        done = min(STARTS[start], len(life.road))
        # The scans behind it are spread over its age, the last of them a little while ago.
        for index in range(done):
            verb = life.road[index][1]
            parcel.act(verb, now=now - age_s * (done - index) / (done + 1), by_script=True)
        parcel.changed_at = now
        if not told.get("hold"):
            parcel.follow(list(life.road[done:]), now=now, scale=scale)
        return parcel

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, not a copy: written away or answered at once, never kept."""
        return {**vars(self), "intercepts": [vars(one) for one in self.intercepts]}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> "Parcel":
        kept = {**kept, "intercepts": [Intercept(**one) for one in kept["intercepts"]]}
        kept["plan"] = [(float(delay), str(verb)) for delay, verb in kept["plan"]]
        return cls(**kept)

    # --- the rest of its life ----------------------------------------------------------------------------------

    def follow(self, plan: Plan, *, now: float, scale: float) -> None:
        """Live this plan from now on, instead of whatever was planned; one led `by_hand` waits to be told each step."""
        self.plan = plan = [] if self.wire.get("by_hand") else plan
        self.next_at = now + plan[0][0] * scale if plan else None

    def step(self, *, now: float, scale: float) -> dict[str, Any] | None:
        """Live the next step. Returns the scan it left, if any."""
        _, verb = self.plan.pop(0)
        # Counted from when the step was due: a process that slept catches up instead of shifting everything.
        self.follow(self.plan, now=max(self.next_at or now, now - 60 * scale), scale=scale)
        return self.act(verb, now=now, by_script=True)

    def act(self, verb: str, *, now: float, by_script: bool = False) -> dict[str, Any] | None:
        """Make something happen. Raises Refusal when it cannot; returns the scan it left, if any."""
        if verb not in VERBS:
            raise Refusal(f"nobody knows how to {verb!r}")
        if verb in INTERCEPT_VERBS:
            open_one = self.active_intercept()
            if open_one is None:
                if by_script:
                    return None
                raise Refusal("nobody has asked to stop this parcel")
            open_one.status, open_one.changed_at = INTERCEPT_VERBS[verb], now
        self.state = VERBS[verb] or self.state
        self.changed_at = now
        scan = self._scan(verb, now)
        if scan is not None:
            self.scans.append(scan)
        return scan

    def _scan(self, verb: str, now: float) -> dict[str, Any] | None:
        seed = self.waybill
        middle = geography.between(self.sender_city, self.receiver_city, seed)
        home = geography.site(self.sender_city, seed)
        away = geography.site(self.receiver_city, seed)
        far_hub, home_hub = geography.hub(self.receiver_city), geography.hub(self.sender_city)
        here = geography.hub(middle)
        # Where it was seen last: whatever happens next, happens there.
        left = geography.Site(**{n: self.scans[-1][n] for n in geography.SITE_FIELDS}) if self.scans else home
        man = geography.staff(seed + verb)
        wording = {
            "picked_up": ("picked_up", home, f"【{home.name}】{man} 已揽收"),
            "departed": ("departed", left, f"快件离开【{left.name}】，发往下一站"),
            "in_transit": ("arrived", here, f"快件到达【{here.name}】"),
            "at_hub": ("arrived", home_hub, f"快件到达【{home_hub.name}】"),
            "at_far_hub": ("arrived", far_hub, f"快件到达【{far_hub.name}】"),
            "arrived_destination": ("arrived", away, f"快件到达【{away.name}】"),
            "out_for_delivery": ("delivering", away, f"【{away.name}】{man} 正在派件"),
            "locker": ("locker", away, f"快件已存放至【{away.city}丰盈驿站】，请凭取件码领取"),
            "signed": ("signed", away, f"快件已在【{away.name}】签收，感谢使用"),
            "refused": ("refused", away, f"【{away.name}】客户拒收，等待处理"),
            "return": ("return", away, f"快件在【{away.name}】退回寄件方"),
            "stop": ("return", left, f"快件在【{left.name}】拦截退回，发往寄件方"),
            "return_at_hub": ("arrived", home_hub, f"退回件到达【{home_hub.name}】"),
            "return_at_sender": ("arrived", home, f"退回件到达【{home.name}】"),
            "return_signed": ("return_signed", home, f"退回件已在【{home.name}】由寄件方签收"),
            "problem": ("problem", left, f"【{left.name}】快件异常，联系不上收件人"),
            "lost": ("problem", left, f"【{left.name}】快件疑似遗失，正在查找"),
            "address_change": ("address_change", left, f"快件在【{left.name}】修改地址，转寄新地址"),
        }
        if verb not in wording:
            return None
        name, site, text = wording[verb]
        # Whole seconds, as YTO prints them, rounded up: no scan may seem older than the request it answers. And no two
        # scans of a parcel share a second; without ids of the courier's they are told apart by it.
        at = max(math.ceil(now), self.scans[-1]["at"] + 1) if self.scans else math.ceil(now)
        return {"id": uuid.uuid4().hex[:16], "at": at, "scan": name, "text": text, "staff": man, **vars(site)}

    # --- interception ------------------------------------------------------------------------------------------

    def active_intercept(self) -> Intercept | None:
        return next((one for one in reversed(self.intercepts) if one.status in ACTIVE), None)

    def untold_result(self) -> dict[str, Any] | None:
        """The word about its interception that whoever asked has not been told yet; telling it counts as told."""
        if not self.callback_url or not self.intercepts:
            return None
        status = self.intercepts[-1].status
        if status in (RUNNING, self.wire.get("told")):
            return None
        self.wire["told"] = status
        return {"scan": "result", "status": status, "at": math.ceil(self.intercepts[-1].changed_at)}

    def why_not_stoppable(self) -> str:
        """Why a request to stop it is refused now, "" when it is taken; each courier says it in words of its own."""
        if not self.scans:
            return "no_scan"
        if self.state in ("signed", "returned"):
            return "signed"
        refuses = LIVES[self.script].refuses
        if self.active_intercept() is not None or refuses == "others":
            return "duplicate"
        if refuses:
            return "not_supported"
        if self.state in ("out_for_delivery", "refused"):
            return "delivering"
        if self.state in ("at_locker", "returning", "exception"):
            return self.state
        return ""

    def accept(self, *, biz_no: str, request_id: str, destination: int, now: float, scale: float) -> Intercept:
        """Register a request to stop. What comes of it is the life's."""
        reference = f"ZT{int(now * 1000)}{random.randrange(1000):03d}"
        intercept = Intercept(biz_no, request_id, reference, destination, RUNNING, now, now)
        self.intercepts.append(intercept)
        self.changed_at = now
        reaction = LIVES[self.script].on_intercept
        if reaction is not None:
            self.follow(list(reaction), now=now, scale=scale)
        return intercept

    def cancel(self, intercept: Intercept, *, now: float, scale: float) -> None:
        """The merchant takes the request back: the parcel goes on as if nobody had asked."""
        intercept.status, intercept.changed_at = CANCELLED, now
        self.changed_at = now
        road = LIVES[self.script].road
        reached = [index for index, (_, verb) in enumerate(road) if VERBS[verb] == self.state]
        self.follow(list(road[reached[-1] + 1 :]) if reached else [], now=now, scale=scale)

    def count(self, call: str) -> None:
        self.calls[call] = self.calls.get(call, 0) + 1

    def use(self, fault: str) -> bool:
        """Whether the parcel's next call misbehaves like this; each is used up by one call."""
        left = int(self.wire.get(fault) or 0)
        if left > 0:
            self.wire[fault] = left - 1
        return left > 0
