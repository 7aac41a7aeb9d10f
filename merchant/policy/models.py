import re
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.models import AgentScope, SecondFactorFor
from merchant.people.querysets import ShopQuerySet
from merchant.policy.columns import DAY, HOUR, MINUTE, count_setting, fen_setting, timer_setting
from merchant.policy.enums import PayWhen, PiiCount, RefundWindow, Release, Warnable
from merchant.policy.fulfilment_settings import FulfilmentSettings
from merchant.policy.road_settings import RoadSettings
from merchant.policy.switches import (
    BENEFITS,
    EVIDENCE,
    REVIEW_RULES,
    benefit_defaults,
    couriers_by_default,
    evidence_defaults,
)


class Policy(FulfilmentSettings, RoadSettings, models.Model):
    """One version of a shop's rules; never updated. A case keeps the version its clock started under.

    A column with a rule's code (`db_comment`) is a setting: its text stands in docs/rules.md, and its default is the
    one there. Amounts are fen (their labels say yuan, as the page does), timers whole seconds."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    version = models.PositiveIntegerField(_("version"), default=0)
    effective_at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    auto_agree = models.BooleanField(
        _("A stopped parcel agrees the refund by itself"), default=True, db_comment="P-AUTO-AGREE"
    )
    pay_when = models.CharField(
        _("The refund is paid"), max_length=16, choices=PayWhen, default=PayWhen.SUCCESS, db_comment="P-PAY-WHEN"
    )
    auto_submit = models.BooleanField(
        _("Submit the interception by itself when a case qualifies"),
        default=False,
        help_text=_("Off by default: a person presses the button."),
        db_comment="P-AUTO-SUBMIT",
    )
    evidence = models.JSONField(
        _("Evidence of a stop that may pay by itself"), default=evidence_defaults, blank=True, db_comment="EV-*"
    )
    intercept_couriers = ArrayField(
        models.CharField(max_length=16),
        verbose_name=_("Couriers that may be asked"),
        default=couriers_by_default,
        blank=True,
        db_comment="E08",
    )
    intercept_limit_fen = fen_setting(_("Refund must be below (yuan)"), 50_000, "E10, M7")
    intercept_limit_on_parcel_sum = models.BooleanField(
        _("The limit also holds for the sum of a parcel's cases"), default=False, db_comment="P-PARCEL-SUM"
    )
    warn_only = ArrayField(
        models.CharField(max_length=8, choices=Warnable),
        verbose_name=_("Only warn, do not refuse"),
        default=list,
        blank=True,
        db_comment="E12, E13, E15",
    )
    unknown_waybill_proves = models.BooleanField(
        _("A courier that does not know the waybill of a test has taken the account"),
        default=True,
        db_comment="P-TEST-WAYBILL",
    )
    second_person_fen = fen_setting(_("A second person approves refunds above (yuan)"), 100_000, "P-SECOND-PERSON")
    claim_cap_fen = fen_setting(_("The most a courier pays for an uninsured parcel (yuan)"), 30_000, "M14", least=1)
    release_manual_refunds = models.CharField(
        _("A refund a person agreed is paid"),
        max_length=16,
        choices=Release,
        default=Release.FINANCE,
        db_comment="P-RELEASE",
    )
    refund_window = models.CharField(
        _("Automatic refunds are paid"),
        max_length=11,
        choices=RefundWindow,
        default=RefundWindow.ANY_HOUR,
        blank=True,
        db_comment="T-REFUND-WINDOW",
    )
    pii_quota_per_day = count_setting(_("Looks at personal data a day"), 100, "PII-QUOTA", most=100_000)
    pii_count = models.CharField(
        _("A look is counted"), max_length=8, choices=PiiCount, default=PiiCount.ORDER, db_comment="PII-COUNT"
    )
    phone_searches_per_day = count_setting(
        _("Searches by phone or name, a person and day (PII-SEARCH)"), 100, "PII-SEARCH", least=1, most=10_000
    )
    forced_reads_per_day = count_setting(
        _("Reads of one parcel's track out of turn a day, through Kuaidi100"), 5, "TRACK-FORCED", least=1, most=50
    )
    bulk_address_limit = count_setting(
        _("Addresses an agent may change at once"), 20, "P-BULK-ADDRESS", least=1, most=1000
    )
    arrive_balance_minutes = count_setting(
        _("WeChat balance: a refund arrives within (minutes)"), 5, "ARRIVE-WECHAT-BALANCE", least=1, most=60
    )
    arrive_card_days = count_setting(
        _("WeChat Pay to a bank card: a refund arrives within (working days)"),
        3,
        "ARRIVE-WECHAT-CARD",
        least=1,
        most=60,
    )
    arrive_platform_days = count_setting(
        _("Platforms: a refund arrives within (working days)"), 3, "ARRIVE-PLATFORM", least=1, most=60
    )
    # Written to the shop as well: whoever asks who sees what reads it there.
    agent_scope = models.CharField(
        _("Agents see"),
        max_length=8,
        choices=AgentScope,
        default=AgentScope.OWN,
        db_comment="P-AGENT-SCOPE",
    )
    second_factor = models.CharField(
        _("Two-step sign-in is asked of (P-SECOND-FACTOR)"),
        max_length=8,
        choices=SecondFactorFor,
        default=SecondFactorFor.NOBODY,
        db_comment="P-SECOND-FACTOR",
    )
    only_assignee_decides = models.BooleanField(
        _("Only the person who has a case decides it"), default=False, db_comment="P-ONLY-ASSIGNEE"
    )
    keep_raw_days = count_setting(_("Keep raw messages (days)"), 90, "P-KEEP-RAW", least=1, most=3650)
    keep_unverified_days = count_setting(
        _("Keep pushes nobody vouches for (days)"), 7, "P-KEEP-UNVERIFIED", least=1, most=3650
    )
    keep_tracks_days = count_setting(_("Keep the words of tracks (days)"), 365, "P-KEEP-TRACKS", least=30, most=3650)
    keep_files_days = count_setting(_("Keep photos and papers (days)"), 365, "P-KEEP-FILES", least=30, most=3650)
    keep_people_days = count_setting(
        _("Keep buyers' plain data after the order has ended (days)"), 1095, "P-KEEP-PEOPLE", least=30, most=3650
    )
    keep_looks_days = count_setting(
        _("Keep who looked at personal data (days)"), 1095, "P-KEEP-LOOKS", least=1095, most=3650
    )
    product_url = models.CharField(
        _("Address of the product page on the platform"),
        max_length=300,
        blank=True,
        default="",
        help_text=_("With {item} where the platform's item number stands, e.g. https://example.com/item/{item}."),
        db_comment="P-PRODUCT-URL",
    )

    fetch_pictures = models.BooleanField(
        _("Fetch pictures of goods from the addresses that sources name"), default=True, db_comment="P-PICTURES"
    )

    # Promises to the buyer.
    benefits = models.JSONField(
        _("Promises the shop makes to every buyer"), default=benefit_defaults, blank=True, db_comment="BEN-*"
    )
    late_ship_percent = count_setting(
        _("Late shipping: per cent of what the goods cost"), 5, "BEN-LATE-SHIP-PERCENT", most=100
    )
    late_ship_min_fen = fen_setting(_("Late shipping: at least (yuan)"), 100, "BEN-LATE-SHIP-MIN")
    late_ship_max_fen = fen_setting(_("Late shipping: at most (yuan)"), 3_000, "BEN-LATE-SHIP-MAX")
    price_match_times = count_setting(
        _("Price match: how many times the difference"), 1, "BEN-PRICE-MATCH-TIMES", least=1, most=100
    )
    counterfeit_times = count_setting(_("Counterfeit: how many times the goods paid"), 9, "M11", least=1, most=100)
    return_freight_cap_fen = fen_setting(_("Return freight: at most (yuan)"), 1_200, "M12")
    refund_no_return_fen = fen_setting(_("Refund without return: up to (yuan)"), 2_000, "BEN-REFUND-NO-RETURN-MAX")
    instant_refund_fen = fen_setting(_("Instant refund: up to (yuan)"), 20_000, "BEN-INSTANT-REFUND-MAX")
    instant_refund_credit = count_setting(
        _("Instant refund: the buyer's credit is at least"), 70, "BEN-INSTANT-REFUND-CREDIT", most=100
    )

    # Only timers something runs on stand here; docs/rules.md holds them all.
    t_pay = timer_setting(30 * MINUTE, "T-PAY")
    t_ship = timer_setting(48 * HOUR, "T-SHIP")
    t_ship_warn = timer_setting(6 * HOUR, "T-SHIP-WARN")
    t_auto_receive = timer_setting(10 * DAY, "T-AUTO-RECEIVE")
    t_as_period = timer_setting(7 * DAY, "T-AS-PERIOD")
    t_as_handle = timer_setting(48 * HOUR, "T-AS-HANDLE")
    t_as_warn = timer_setting(4 * HOUR, "T-AS-WARN")
    t_int_ack = timer_setting(10 * MINUTE, "T-INT-ACK")
    t_int_result = timer_setting(24 * HOUR, "T-INT-RESULT")
    t_return_home = timer_setting(10 * DAY, "T-RETURN-HOME")
    t_inspect = timer_setting(48 * HOUR, "T-INSPECT")
    t_claim_file = timer_setting(72 * HOUR, "T-CLAIM-FILE")
    t_dispute_open = timer_setting(7 * DAY, "T-DISPUTE-OPEN")
    t_nego = timer_setting(24 * HOUR, "T-NEGO")
    t_refund_poll = timer_setting(1 * MINUTE, "T-REFUND-POLL")
    t_funds = timer_setting(7 * DAY, "T-FUNDS")
    t_offline = timer_setting(48 * HOUR, "T-OFFLINE")
    t_track_fresh = timer_setting(60, "T-TRACK-FRESH")
    t_stopped = timer_setting(24 * HOUR, "T-STOPPED")
    t_ben_no_reason = timer_setting(
        7 * DAY,
        "T-BEN-NO-REASON",
        least=7 * DAY,
        why=_("The law gives the buyer seven days; a shop may only give more."),
    )
    t_ben_price = timer_setting(7 * DAY, "T-BEN-PRICE")
    t_ben_match = timer_setting(7 * DAY, "T-BEN-MATCH")
    t_ben_freight = timer_setting(7 * DAY, "T-BEN-FREIGHT")
    t_ben_damage = timer_setting(48 * HOUR, "T-BEN-DAMAGE")
    t_ben_breakage = timer_setting(7 * DAY, "T-BEN-BREAKAGE")
    t_ben_allergy = timer_setting(15 * DAY, "T-BEN-ALLERGY")

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [models.UniqueConstraint(fields=["shop", "version"], name="policy_once")]

    def __str__(self) -> str:
        return f"v{self.version}"

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        policy = super().from_db(*args, **kwargs)
        policy.evidence = EVIDENCE.completed(policy.evidence)
        policy.benefits = BENEFITS.completed(policy.benefits)
        policy.review_rules = REVIEW_RULES.completed(policy.review_rules)
        return policy

    def clean(self) -> None:
        wrong: dict[str, Any] = {}
        for name, switches in SWITCHES.items():
            try:
                switches.validate(getattr(self, name))
            except ValidationError as error:
                wrong[name] = error
        if not is_product_url(self.product_url):
            wrong["product_url"] = _("An address of product pages begins with https:// and holds {item} once.")
        if wrong:
            raise ValidationError(wrong)

    def settings(self) -> dict[str, Any]:
        """Every setting by its column's name."""
        return {name: getattr(self, name) for name in SETTINGS}


# The settings that hold a switch for each rule of a kind.
SWITCHES = {"evidence": EVIDENCE, "benefits": BENEFITS, "review_rules": REVIEW_RULES}
SETTINGS = {field.name: field for field in Policy._meta.local_fields if field.db_comment}
# The column of each timer, by the code of its rule.
TIMERS = {str(field.db_comment): name for name, field in SETTINGS.items() if name.startswith("t_")}
TIMER_COLUMNS = frozenset(TIMERS.values())


def is_product_url(text: str) -> bool:
    """Empty, or an address of the web with one `{item}` behind its host."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    rest = text.replace("{item}", "", 1)
    return not text or (
        parts.scheme == "https"
        and bool(re.fullmatch(r"[A-Za-z0-9.-]+", parts.netloc))
        and rest != text
        and not re.search(r"[\s{}<>\"'\\\x00-\x1f]", rest)
    )
