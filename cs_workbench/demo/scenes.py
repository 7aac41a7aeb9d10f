"""The refund cases the demo opens with: what a morning's queue looks like, one scene a rule."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scene:
    """One case and the order under it. Money in fen. `life` is how the courier's sandbox leads the parcel (its lives),
    `start` how far the parcel is, `hours_ago` when the buyer asked: the platform gives the shop 48 hours."""

    good: int
    paid_fen: int
    courier: str = "zto"
    life: str = "stopped"
    start: str = "in_transit"
    hours_ago: float = 6.0
    refund_fen: int = 0
    parcels: int = 1
    reason: int = 0
    plan: tuple[dict[str, object], ...] = field(default=())
    is_shipped: bool = True
    is_own: bool = False
    is_douyin: bool = False
    # Pressed before the visitor comes: an interception that is under way, failed or silent.
    is_pressed: bool = False
    # Whose case and customer it is already: the agent's or her colleague's.
    held_by: str = ""


SCENES = (
    # The first thing a visitor meets: everything passes, the courier stops it.
    Scene(0, 8_800, "zto", "stopped", hours_ago=47.2),
    Scene(3, 4_580, "yto", "stopped", hours_ago=43.1, reason=1),
    Scene(8, 12_900, "zto", "too_late", hours_ago=41.5, reason=4),
    Scene(13, 25_900, "yto", "stopped", hours_ago=39.0, reason=5),
    # Compensation, not a refund: E13.
    Scene(2, 12_488, "zto", "stopped", hours_ago=37.2, refund_fen=500, reason=2, held_by="agent"),
    # 499.99 passes, 549.00 does not: E10.
    Scene(15, 49_999, "zto", "stopped", hours_ago=36.0),
    Scene(15, 54_900, "sto", "stopped", hours_ago=35.4, reason=3),
    # A courier that is not on the list: E08.
    Scene(10, 8_800, "sf", "delivered", hours_ago=33.7, reason=4),
    # On the list, but its e-waybill is not enabled in this shop yet: E09.
    Scene(9, 3_990, "jt", "stopped", hours_ago=31.0),
    # Two parcels: E07.
    Scene(14, 32_800, "zto", "stopped", hours_ago=29.6, parcels=2, reason=2),
    # Out for delivery: E11.
    Scene(17, 4_900, "zto", "delivered", start="out_for_delivery", hours_ago=27.3),
    # Fresh goods: E06.
    Scene(20, 8_900, "yto", "stopped", hours_ago=25.8, reason=5),
    # The courier says no; the courier says nothing; the courier says yes and delivers all the same.
    Scene(18, 7_900, "yto", "refused_by_courier", hours_ago=22.4),
    Scene(11, 3_280, "zto", "silent", hours_ago=20.1, reason=1),
    Scene(5, 7_680, "zto", "delivered_anyway", hours_ago=18.6),
    Scene(7, 6_900, "zto", "changing", hours_ago=16.2, reason=3),
    # The buyer changes their mind ten minutes from now.
    Scene(1, 5_490, "zto", "stopped", hours_ago=12.0, reason=2, plan=({"verb": "withdraw", "after_s": 600},)),
    # Not shipped yet: no parcel to stop, the order is closed and paid back.
    Scene(6, 2_980, hours_ago=9.5, is_shipped=False),
    Scene(4, 39_400, "zto", "stopped", hours_ago=5.0, reason=4, held_by="colleague"),
    Scene(16, 2_580, "sto", "stopped", hours_ago=2.2, held_by="colleague"),
    Scene(12, 1_990, "zto", "stopped", hours_ago=0.4, reason=5),
    # Own channel: T-AS-HANDLE really agrees by itself there.
    Scene(0, 8_800, "zto", "stopped", hours_ago=46.3, is_own=True),
    Scene(10, 8_500, "jt", "stopped", hours_ago=20.0, is_own=True, reason=4),
    # The other platform, beside the first: stopped and paid there, nothing to stop, and too late.
    Scene(4, 39_400, "yto", "stopped", hours_ago=44.6, is_douyin=True, reason=2),
    Scene(9, 3_990, "zto", "too_late", hours_ago=24.0, is_douyin=True, reason=1),
    Scene(6, 2_980, hours_ago=8.0, is_shipped=False, is_douyin=True, held_by="colleague"),
    # Already under way when the visitor comes.
    Scene(3, 4_580, "zto", "late_stop", hours_ago=30.0, is_pressed=True),
    # A courier that takes nothing back: the withdraw button says so.
    Scene(7, 6_900, "jt", "silent", hours_ago=26.0, is_own=True, is_pressed=True, reason=1),
    Scene(17, 4_900, "yto", "silent", hours_ago=28.0, is_pressed=True, reason=1),
    Scene(2, 16_800, "zto", "refused_by_courier", hours_ago=45.4, is_pressed=True, reason=2),
)

# Interceptions of the past weeks, behind the figures: (how many, life, courier).
PAST = (
    (9, "stopped", "zto"),
    (6, "stopped", "yto"),
    (4, "stopped", "sto"),
    (3, "refused_by_courier", "zto"),
    (2, "refused_by_courier", "yto"),
    (2, "fail", "zto"),
)
