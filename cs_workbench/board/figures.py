"""The board as one page: six figures with their last seven days, two drawings, the tables behind them."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cs_workbench.board import load, shipping, times
from cs_workbench.board import money as money_of
from cs_workbench.board.asked import PERIODS, Asked
from cs_workbench.board.times import Service, Times
from merchant.shops.models import Shop
from merchant.ui import charts
from merchant.ui.formatting import length, money

HOUR = timedelta(hours=1)
WEEK = 7


@dataclass
class Figure:
    """`value` in words, `""` where there is nothing to say it of; `note` below it, `spark` the last seven days."""

    label: str
    value: str
    note: str
    href: str
    about: str
    window: str = ""
    is_bad: bool = False
    spark: dict[str, str] = field(default_factory=dict)


def hours(span: timedelta | None) -> float | None:
    return None if span is None else span / HOUR


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}%"


def _said(span: timedelta | None) -> str:
    return "" if span is None else length(span)


def context(asked: Asked) -> dict[str, Any]:
    """Everything the page shows, in a fixed number of statements."""
    rows = load.by_person(asked)
    service = times.read(asked)
    figures = [_open(asked, rows, service), _reply(asked, service), _end(asked, service)]
    earned = None if asked.is_own else money_of.read(asked)
    if not asked.is_own:
        figures += _promises(asked)
    return {
        "asked": asked,
        "periods": PERIODS,
        "shops": Shop.objects.filter(pk__in=asked.shops).order_by("name", "pk") if len(asked.shops) > 1 else [],
        "figures": figures,
        "money": earned,
        "money_figures": [] if earned is None else _money(asked, earned),
        "load": rows,
        "urgency": load.URGENCY,
        "nearest": load.nearest(asked),
        "service": service,
        "kinds": [
            (name, key, service.kinds.get(is_only, Times()))
            for name, key, is_only in ((_("Refund only"), "1", True), (_("Everything else"), "0", False))
        ],
        "days": [(day, service.days.get(day, Times()), _kinds_of(service, day)) for day in reversed(asked.all_days)],
        "arrived": _arrived(asked, service),
        "waits": _waits(asked, service),
    }


def _kinds_of(service: Service, day: Any) -> tuple[int, int]:
    return tuple(service.day_kinds.get((day, is_only), Times()).cases for is_only in (True, False))  # type: ignore[return-value]


def _cases(asked: Asked, **query: Any) -> str:
    pairs = {**query, **({"shop": asked.shop} if asked.shop else {})}
    return f"{reverse('board_cases')}?" + "&".join(f"{name}={value}" for name, value in pairs.items())


def _open(asked: Asked, rows: list[load.Row], service: Service) -> Figure:
    late = sum(row.counts["overdue"] for row in rows)
    return Figure(
        _("Open cases"),
        str(sum(row.total for row in rows)),
        _("%(n)s overdue") % {"n": late},
        _cases(asked, open=1),
        _("Cases that are not over, now. The line: cases applied a day."),
        is_bad=late > 0,
        window=_("now"),
        spark=charts.spark([service.days.get(day, Times()).cases for day in asked.all_days[-WEEK:]]),
    )


def _reply(asked: Asked, service: Service) -> Figure:
    days = [hours(service.days.get(day, Times()).reply) for day in asked.all_days[-WEEK:]]
    found = service.total
    return Figure(
        _("First decision"),
        _said(found.reply),
        _("90%% within %(span)s, %(n)s cases") % {"span": _said(found.reply_p90), "n": found.decided}
        if found.decided
        else _("no case decided by a person"),
        _cases(asked, days=asked.days, decided=1),
        _("Median from applied to the first decision of a person; rules and clocks do not count."),
        window=_since(asked),
        spark=charts.spark(days),
    )


def _end(asked: Asked, service: Service) -> Figure:
    only, others = (service.kinds.get(kind, Times()) for kind in (True, False))
    days = [hours(service.day_kinds.get((day, True), Times()).end) for day in asked.all_days[-WEEK:]]
    return Figure(
        _("Refund-only settled in"),
        _said(only.end),
        _("others %(span)s") % {"span": _said(others.end) or "–"},
        _cases(asked, days=asked.days, only=1, ended=1),
        _("Median from applied to closed, of the refund-only cases that are over and were not taken back."),
        window=_since(asked),
        spark=charts.spark(days),
    )


def _promises(asked: Asked) -> list[Figure]:
    week, orders = asked.all_days[-WEEK:], reverse("board_orders")
    shipped, stopped = shipping.shipped_by_day(asked), shipping.stopped_by_day(asked)
    kept, decided = shipping.total(shipped), shipping.total(stopped)
    late, soon = shipping.overdue_now(asked)
    return [
        Figure(
            _("Shipped on time"),
            _percent(kept.percent),
            _("%(n)s of %(of)s due") % {"n": kept.good, "of": kept.of},
            f"{orders}?what=due&days={asked.days}{asked.more}",
            _("Shipped by the promised time, of the paid orders whose promise fell due in the period."),
            window=_since(asked),
            spark=charts.spark(list(shipping.percents(shipped, week))),
        ),
        Figure(
            _("Overdue to ship"),
            f"{shipping.CAP}+" if late > shipping.CAP else str(late),
            _("%(n)s more within 6 hours") % {"n": f"{shipping.CAP}+" if soon > shipping.CAP else soon},
            f"{orders}?what=overdue{asked.more}",
            _("Orders past their promise and not wholly shipped, now. The line: promises broken a day."),
            is_bad=late > 0,
            window=_("now"),
            spark=charts.spark([shipped.get(day, shipping.Share()).bad for day in week]),
        ),
        Figure(
            _("Interceptions stopped"),
            _percent(decided.percent),
            _("%(ok)s stopped, %(bad)s not") % {"ok": decided.good, "bad": decided.bad},
            f"{reverse('interceptions')}?days={30 if asked.days > WEEK else WEEK}",
            _("Stopped, of those made in the period that the courier has decided."),
            window=_since(asked),
            spark=charts.spark(list(shipping.percents(stopped, week))),
        ),
    ]


def _money(asked: Asked, found: money_of.Money) -> list[Figure]:
    since, tried = _since(asked), f"{reverse('interceptions')}?days={30 if asked.days > WEEK else WEEK}"
    return [
        Figure(
            _("Goods saved"),
            money(found.saved_fen),
            _("%(n)s parcels came home or are on their way") % {"n": sum(row.stopped for row in found.couriers)},
            f"{tried}&group=stopped",
            _("What the cases of stopped parcels are worth, without those lost or delivered after all."),
            window=since,
        ),
        Figure(
            _("Interception fees"),
            money(found.cost_fen),
            _("%(n)s of them estimated") % {"n": found.estimated} if found.estimated else _("as the couriers billed"),
            tried,
            _("Fees and freight home of the interceptions made in the period; estimated until the courier bills."),
            window=since,
        ),
        Figure(
            _("Refund rate"),
            _percent(found.refund_rate),
            _("%(back)s of %(paid)s") % {"back": money(found.refunded_fen), "paid": money(found.paid_fen)},
            f"{reverse('refunds')}?tab=paid",
            _("Money refunded in the period, of what buyers paid for orders placed in it."),
            window=since,
        ),
    ]


def _since(asked: Asked) -> str:
    return ngettext("last %(n)s day", "last %(n)s days", asked.days) % {"n": asked.days}


def _arrived(asked: Asked, service: Service) -> charts.Chart | None:
    days = []
    for day in asked.all_days:
        only, others = _kinds_of(service, day)
        said = _("%(day)s: refund only %(only)s, everything else %(others)s") % {
            "day": f"{day:%m-%d}",
            "only": only,
            "others": others,
        }
        days.append((day, said, [("b1", only), ("b2", others)]))
    return charts.bars(days)


def _waits(asked: Asked, service: Service) -> charts.Chart | None:
    found = [service.days.get(day, Times()) for day in asked.all_days]
    days = [
        (
            day,
            _("%(day)s: first decision %(reply)s, settled %(end)s")
            % {"day": f"{day:%m-%d}", "reply": _said(one.reply) or "–", "end": _said(one.end) or "–"},
        )
        for day, one in zip(asked.all_days, found, strict=True)
    ]
    return charts.lines(days, [("s1", [hours(one.reply) for one in found]), ("s2", [hours(one.end) for one in found])])
