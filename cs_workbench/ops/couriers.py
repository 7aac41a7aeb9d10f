"""How each courier account goes: is it asked, how late are we, what came back in the last day, what does it push."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from logistics.couriers.base import ErrorClass
from logistics.watch import circuit_breaker as pulses
from logistics.watch.models import AccountHealth, HealthSlice
from merchant.clock import SHANGHAI, now
from merchant.inbox.models import InboxMessage, InboxTask, InboxVerdict
from merchant.people.models import User
from merchant.people.rights import Right, can
from merchant.shops.models import CourierAccount
from merchant.trail.models import Activity
from merchant.ui.formatting import length_text

DAY = timedelta(days=1)
# A bar of the drawing: half an hour, six of the slices that are counted.
BAR = timedelta(minutes=30)
BARS = DAY // BAR
LATE = timedelta(minutes=5)
ERRORS = {
    ErrorClass.AUTH: gettext_lazy("It does not accept this account's credentials: check them in the settings."),
    ErrorClass.THROTTLED: gettext_lazy("It wants to be asked less often: lower the requests per second."),
    ErrorClass.TRANSIENT: gettext_lazy("It gave no usable answer; it is asked again by itself."),
    ErrorClass.BAD_REQUEST: gettext_lazy(
        "It does not understand the question. If it wants four digits of a phone, write the sender's in the settings."
    ),
    ErrorClass.ANOTHER_PARCEL: gettext_lazy("It answered about another parcel; that lies among the messages."),
    ErrorClass.NOT_SUPPORTED: gettext_lazy("It does not offer this to the account."),
}


def account_rows(shops: Sequence[int], user: User) -> list[dict[str, Any]]:
    """Each account with its backlog (due and waiting), lag (how long the oldest waits), errors and last answer."""
    at = now()
    accounts = list(
        CourierAccount.objects.filter(shop_id__in=shops, is_active=True)
        .select_related("shop", "pulse")
        .order_by("shop_id", "courier", "pk")
    )
    lags = pulses.lags_of(account.pk for account in accounts)
    rows = []
    for account in accounts:
        # An account nobody has asked about yet has no pulse.
        pulse = getattr(account, "pulse", None) or AccountHealth(
            account=account, polled_count=0, error_count=0, streak=0, trips=0, last_error=""
        )
        is_paused = account.paused_until is not None and account.paused_until > at
        lag = lags[account.pk]
        rows.append(
            {
                "account": account,
                "pulse": pulse,
                "due": lag.due,
                "watched": lag.watched,
                "cap": pulses.COUNT_CAP,
                "lag": lag.length,
                "is_late": lag.length > LATE * settings.CLOCK_SCALE,
                "is_paused": is_paused,
                "kind": "hold" if is_paused else "late" if pulse.streak else "done" if pulse.last_ok_at else "shut",
                "may_operate": can(user, account.shop_id, Right.OPERATE_JOBS),
            }
        )
    return rows


def context(shops: Sequence[int], user: User) -> dict[str, Any]:
    """What the page shows: a constant number of statements, whatever the number of accounts."""
    at = now()
    rows = account_rows(shops, user)
    pks = [row["account"].pk for row in rows]
    pauses, drawings, pushes, parked = _pauses(pks), charts(pks, at), _pushes(pks, at), _parked(pks)
    for row in rows:
        account = row["account"]
        row["paused_by"] = pauses.get(account.pk) if row["is_paused"] else None
        row["chart"] = drawings[account.pk]
        row["pushes"] = pushes.get(account.pk, {"received": 0, "refused": 0})
        row["parked"] = parked.get(account.pk, 0)
        row["error"] = in_words(row["pulse"].last_error)
    return {"rows": rows, "at": at}


def in_words(error: str) -> str:
    """What a kept error means to a person; "" when the class is not one of a courier's."""
    code = error.partition(":")[0]
    return str(ERRORS.get(ErrorClass(code), "")) if code in ErrorClass._value2member_map_ else ""


def _pauses(pks: Iterable[int]) -> dict[int, Activity]:
    """By account: the line of the person whose pause holds; a pause without one is the circuit breaker's."""
    until = dict(CourierAccount.objects.filter(pk__in=pks).values_list("pk", "paused_until"))
    lines = (
        Activity.objects.filter(subject_kind="courieraccount", subject_id__in=pks, verb="courier.pause")
        .select_related("by")
        .order_by("subject_id", "-at", "-pk")
        .distinct("subject_id")
    )
    return {
        line.subject_id: line
        for line in lines
        if (held := until[line.subject_id]) is not None and line.detail.get("until") == held.isoformat()
    }


def _pushes(pks: Iterable[int], at: datetime) -> dict[int, dict[str, Any]]:
    day = InboxMessage.objects.filter(source__startswith="courier:", account_id__in=pks, received_at__gte=at - DAY)
    rows = day.values("account_id").annotate(
        received=Count("pk", filter=Q(verdict=InboxVerdict.VERIFIED)),
        refused=Count("pk", filter=~Q(verdict=InboxVerdict.VERIFIED)),
    )
    return {row["account_id"]: dict(row) for row in rows if row["account_id"] is not None}


def _parked(pks: Iterable[int]) -> dict[int, int]:
    tasks = InboxTask.objects.filter(is_parked=True, source__startswith="courier:", message__account_id__in=pks)
    return dict(tasks.values_list("message__account_id").annotate(n=Count("pk")))


# --- drawings ---------------------------------------------------------------------------------------------------------

# Units of the drawing: bars of 6 every 8, standing on a line; the words above and below are 12 high.
STEP, WIDTH, TOP, BASE = 8, 6, 18, 66


@dataclass(frozen=True)
class Mark:
    """Half an hour: how high the answers and the errors stand, and the sentence beside them."""

    x: int
    y: int
    height: int
    error_y: int
    error_height: int
    words: str


@dataclass(frozen=True)
class Chart:
    """The last 24 hours of one account, in questions a minute; `words` says the same as the drawing."""

    marks: list[Mark]
    asked: int
    errors: int
    peak: str
    words: str
    first: str
    width: int = STEP * int(BARS)

    @property
    def error_rate(self) -> str:
        return f"{100 * self.errors / self.asked:.1f}%" if self.asked else "–"


def charts(pks: Sequence[int], at: datetime) -> dict[int, Chart]:
    """One drawing an account, from the counted slices of the last day."""
    last = at.replace(minute=at.minute - at.minute % 30, second=0, microsecond=0)
    starts = [last - BAR * back for back in reversed(range(int(BARS)))]
    counts: dict[int, list[list[int]]] = {pk: [[0, 0] for _start in starts] for pk in pks}
    slices = HealthSlice.objects.filter(account_id__in=pks, start_at__gte=starts[0])
    for pk, start, asked, errors in slices.values_list("account_id", "start_at", "asked_count", "error_count"):
        bar = counts[pk][min((start - starts[0]) // BAR, len(starts) - 1)]
        bar[0] += asked
        bar[1] += errors
    return {pk: _draw(starts, bars) for pk, bars in counts.items()}


def _draw(starts: Sequence[datetime], bars: Sequence[Sequence[int]]) -> Chart:
    peak = max(asked for asked, _errors in bars)
    asked, errors = (sum(column) for column in zip(*bars, strict=True))
    marks = []
    for place, (start, (of_bar, failed)) in enumerate(zip(starts, bars, strict=True)):
        if not of_bar:
            continue
        high = max(1, round((BASE - TOP) * of_bar / peak))
        bad = max(1, round(high * failed / of_bar)) if failed else 0
        marks.append(Mark(STEP * place, BASE - high, high, BASE - bad, bad, _bar_words(start, of_bar, failed)))
    rate = _a_minute(peak)
    words = _("The last %(length)s: %(questions)s, %(errors)s; at most %(rate)s a minute.") % {
        "length": length_text(DAY),
        "questions": _questions(asked),
        "errors": _errors(errors),
        "rate": rate,
    }
    return Chart(marks, asked, errors, rate, words, _clock(starts[0]))


def _bar_words(start: datetime, asked: int, errors: int) -> str:
    return _("%(start)s to %(end)s: %(questions)s, %(errors)s, %(rate)s a minute") % {
        "start": _clock(start),
        "end": _clock(start + BAR),
        "questions": _questions(asked),
        "errors": _errors(errors),
        "rate": _a_minute(asked),
    }


def _questions(count: int) -> str:
    return ngettext("%(count)s question", "%(count)s questions", count) % {"count": f"{count:,}"}


def _errors(count: int) -> str:
    return ngettext("%(count)s error", "%(count)s errors", count) % {"count": f"{count:,}"}


def _a_minute(count: int) -> str:
    return f"{count / (BAR / timedelta(minutes=1)):.1f}"


def _clock(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%H:%M}"
