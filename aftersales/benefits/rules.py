"""The twelve promises to the buyer as rules over an order's facts. Pure: facts, policy and an instant in, tags out.

Each rule BEN-… of docs/rules.md is one function here. A window is open up to its end and closed from that instant on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from aftersales.benefits.catalogue import BenefitTag, Facts
from merchant.clock import SHANGHAI
from merchant.money import yuan
from merchant.policy import rules as rulebook
from merchant.policy import services as policies
from merchant.policy.models import Policy
from orders.record.enums import Benefit, CategoryClass

# The law's exceptions among the classes we know: what spoils, and what is used up by being delivered.
NO_REASON_EXCLUDED = {CategoryClass.FRESH, CategoryClass.VIRTUAL}
# About goods one can hold: senseless where nothing is sent.
OF_GOODS = {
    Benefit.BREAKAGE_RETURN,
    Benefit.DAMAGE_RETURN,
    Benefit.ALLERGY_RETURN,
    Benefit.RETURN_FREIGHT,
    Benefit.REFUND_NO_RETURN,
}


@dataclass(frozen=True)
class Verdict:
    holds: bool
    why: str
    note: str = ""
    since: datetime | None = None
    until: datetime | None = None
    amount_fen: int | None = None


Judge = Callable[[Facts, Policy, datetime], Verdict]


def evaluate(facts: Facts, rules: Policy, at: datetime) -> list[BenefitTag]:
    """A tag for each promise of the order or of the shop: what is due first, then what holds, then what does not."""
    tags = [
        _tag(benefit, facts, rules, at)
        for benefit in Benefit
        if benefit in facts.words or rules.benefits.get(benefit, False)
    ]
    return sorted(tags, key=lambda tag: (tag.amount_fen is None, not tag.holds))


def plain_words(facts: Facts) -> list[str]:
    """Promises the source names that are none of ours, as it named them."""
    return [word for word in facts.words if word not in list(Benefit)]


def late_ship_fen(goods_paid_fen: int, rules: Policy) -> int:
    """M10: the share of what the goods cost, rounded to the nearest fen, between the least and the most."""
    share = (goods_paid_fen * rules.late_ship_percent + 50) // 100
    return min(max(share, rules.late_ship_min_fen), rules.late_ship_max_fen)


def _tag(benefit: Benefit, facts: Facts, rules: Policy, at: datetime) -> BenefitTag:
    verdict = _owed(benefit, facts, rules, at) or _over(benefit, facts) or JUDGES[benefit](facts, rules, at)
    anchor = rulebook.benefit_code(benefit)
    return BenefitTag(
        code=str(benefit),
        label=rulebook.rule(anchor).title(),
        anchor=anchor,
        holds=verdict.holds,
        why=verdict.why,
        note=verdict.note,
        since=verdict.since,
        until=verdict.until,
        amount_fen=verdict.amount_fen,
    )


def _owed(benefit: Benefit, facts: Facts, rules: Policy, at: datetime) -> Verdict | None:
    """What has fallen due stays so, whatever becomes of the order."""
    if benefit == Benefit.LATE_SHIP:
        return _late(facts, rules, at)
    if benefit == Benefit.RETURN_FREIGHT and facts.is_return_home:
        cap = f"¥{yuan(rules.return_freight_cap_fen)}"
        return Verdict(
            True,
            _("The return is home: the shop pays its freight, up to %(sum)s.") % {"sum": cap},
            note=_("up to %(sum)s") % {"sum": cap},
        )
    return None


def _late(facts: Facts, rules: Policy, at: datetime) -> Verdict | None:
    """M10: once per order, from the promised instant on while it is unsent, or when it was sent after it."""
    promise = facts.ship_by_at
    ended_at = facts.sent_at or facts.closed_at
    if facts.paid_at is None or promise is None or (facts.is_sent and facts.sent_at is None):
        return None
    if not (ended_at > promise if ended_at is not None else not facts.is_closed and at >= promise):
        return None
    due = late_ship_fen(facts.goods_paid_fen, rules)
    words = {"sum": f"¥{yuan(due)}", "promise": _when(promise, at), "time": _when(ended_at or at, at)}
    if facts.sent_at is not None:
        why = _("Sent %(time)s, promised by %(promise)s: %(sum)s is due to the buyer, once.")
    else:
        why = _("Promised by %(promise)s and not sent: %(sum)s is due to the buyer, once.")
    return Verdict(True, why % words, note=_("due %(sum)s") % words, since=promise, amount_fen=due)


def _over(benefit: Benefit, facts: Facts) -> Verdict | None:
    """What ends or forbids every promise alike."""
    if facts.is_closed:
        return Verdict(False, _("The order is closed."), note=_("order closed"), until=facts.closed_at)
    if facts.is_refunded:
        return Verdict(False, _("The whole sum went back to the buyer."), note=_("refunded"))
    if facts.paid_at is None:
        return Verdict(False, _("Begins with the payment."), note=_("not paid"))
    if benefit in OF_GOODS and facts.categories == {CategoryClass.VIRTUAL}:
        return Verdict(False, _("Nothing of this order is shipped."), note=_("not for these goods"))
    return None


# --- one rule each ----------------------------------------------------------------------------------------------------


def _late_ship(facts: Facts, rules: Policy, at: datetime) -> Verdict:
    """Nothing is due (`_late` has said so): not yet, or not any more."""
    if facts.sent_at is not None and facts.ship_by_at is not None:
        why = _("Sent %(time)s, within the promise.") % {"time": _when(facts.sent_at, at)}
        return Verdict(False, why, note=_("sent in time"), until=facts.sent_at)
    if facts.is_sent:
        return Verdict(False, _("Sent; the source does not say when, or by when it was promised."))
    if facts.ship_by_at is None:
        return Verdict(False, _("No shipping time is promised."))
    why = _("Not due: promised by %(time)s.") % {"time": _when(facts.ship_by_at, at)}
    return Verdict(False, why, note=_("not due"), since=facts.ship_by_at)


def _instant_refund(facts: Facts, rules: Policy, at: datetime) -> Verdict:
    most = f"¥{yuan(rules.instant_refund_fen)}"
    if facts.is_handed_over:
        why = _("Only while nothing has been sent.")
        return Verdict(False, why, note=_("ended by shipping"), until=facts.sent_at)
    if facts.paid_fen > rules.instant_refund_fen:
        return Verdict(False, _("Only up to %(sum)s.") % {"sum": most}, note=_("above %(sum)s") % {"sum": most})
    if facts.credit is None:
        return Verdict(False, _("The buyer is not known, and so neither is their credit."), note=_("buyer not known"))
    words = {"credit": facts.credit, "least": rules.instant_refund_credit}
    if facts.credit < rules.instant_refund_credit:
        why = _("The buyer's credit is %(credit)s; %(least)s is needed.") % words
        return Verdict(False, why, note=_("credit too low"))
    why = _("Not sent, credit %(credit)s (%(least)s needed): a refund asked for now should go out at once.") % words
    return Verdict(True, why, since=facts.paid_at)


def _no_reason(facts: Facts, rules: Policy, at: datetime) -> Verdict:
    excluded = facts.categories & NO_REASON_EXCLUDED
    if excluded and excluded == facts.categories:
        why = _("The law leaves fresh and virtual goods out.")
        return Verdict(False, why, note=_("not for these goods"))
    found = _from_receipt(facts, rules, at, "T-BEN-NO-REASON", _("Goods intact."))
    if excluded and found.holds:
        return Verdict(
            True, f"{found.why} {_('Not for the fresh or virtual goods in it.')}", since=found.since, until=found.until
        )
    return found


def _host(facts: Facts, rules: Policy, at: datetime) -> Verdict:
    if not facts.host_name:
        return Verdict(False, _("The source names no host for this order."), note=_("no host"))
    why = _("Bought from %(host)s, who answers for what was promised.") % {"host": facts.host_name}
    return Verdict(True, why, note=facts.host_name, since=facts.paid_at)


def _no_return(facts: Facts, rules: Policy, at: datetime) -> Verdict:
    """The way back is taken to cost what the shop pays for it at most (M12)."""
    if facts.settled_at is not None and facts.settled_at <= at:
        return _ended(facts.settled_at, at)
    most, freight = rules.refund_no_return_fen, rules.return_freight_cap_fen
    words = {"sum": f"¥{yuan(most)}", "freight": f"¥{yuan(freight)}"}
    if facts.paid_fen > most and facts.paid_fen >= freight:
        why = _("Only up to %(sum)s, or where the way back (%(freight)s) costs more than the goods.") % words
        return Verdict(False, why, note=_("above %(sum)s") % words)
    why = _("Up to %(sum)s, or less than the way back (%(freight)s): refunded, and the buyer keeps the goods.") % words
    return Verdict(True, why, since=facts.paid_at, until=facts.settled_at)


def _counterfeit(facts: Facts, rules: Policy, at: datetime) -> Verdict:
    words = {"times": rules.counterfeit_times, "sum": f"¥{yuan(facts.goods_paid_fen * rules.counterfeit_times)}"}
    why = _("If an appraisal says counterfeit: goods paid × %(times)s = %(sum)s and the appraisal fee.") % words
    return Verdict(True, why, since=facts.paid_at)


def _price_protection(facts: Facts, rules: Policy, at: datetime) -> Verdict:
    does = _("If we sell it cheaper, the difference goes back.")
    return _window(facts.paid_at, rules, at, "T-BEN-PRICE", does)


def _price_match(facts: Facts, rules: Policy, at: datetime) -> Verdict:
    does = _("Proven cheaper elsewhere: the difference × %(times)s.") % {"times": rules.price_match_times}
    return _window(facts.paid_at, rules, at, "T-BEN-MATCH", does)


def _damage(facts: Facts, rules: Policy, at: datetime) -> Verdict:
    does = _("With a photo: refund or resend, freight on the shop.")
    return _from_receipt(facts, rules, at, "T-BEN-DAMAGE", does)


def _breakage(facts: Facts, rules: Policy, at: datetime) -> Verdict:
    does = _("Spoiled or broken: refund or resend, freight on the shop.")
    return _from_receipt(facts, rules, at, "T-BEN-BREAKAGE", does)


def _allergy(facts: Facts, rules: Policy, at: datetime) -> Verdict:
    does = _("With a photo or a doctor's paper: return and refund.")
    return _from_receipt(facts, rules, at, "T-BEN-ALLERGY", does)


def _return_freight(facts: Facts, rules: Policy, at: datetime) -> Verdict:
    words = {"sum": f"¥{yuan(rules.return_freight_cap_fen)}"}
    does = _("A return sent now: the shop pays its freight once it is home, up to %(sum)s.") % words
    return _from_receipt(facts, rules, at, "T-BEN-FREIGHT", does)


JUDGES: dict[Benefit, Judge] = {
    Benefit.PRICE_MATCH: _price_match,
    Benefit.HOST_GUARANTEE: _host,
    Benefit.LATE_SHIP: _late_ship,
    Benefit.PRICE_PROTECTION: _price_protection,
    Benefit.REFUND_NO_RETURN: _no_return,
    Benefit.BREAKAGE_RETURN: _breakage,
    Benefit.DAMAGE_RETURN: _damage,
    Benefit.ALLERGY_RETURN: _allergy,
    Benefit.RETURN_FREIGHT: _return_freight,
    Benefit.COUNTERFEIT: _counterfeit,
    Benefit.NO_REASON_RETURN: _no_reason,
    Benefit.INSTANT_REFUND: _instant_refund,
}


# --- windows ----------------------------------------------------------------------------------------------------------


def _window(start: datetime | None, rules: Policy, at: datetime, timer: str, does: str) -> Verdict:
    assert start is not None
    until = start + policies.timer(rules, timer)
    if until <= at:
        return _ended(until, at, start)
    why = _("%(what)s Until %(time)s.") % {"what": does, "time": _when(until, at)}
    return Verdict(True, why, since=start, until=until)


def _from_receipt(facts: Facts, rules: Policy, at: datetime, timer: str, does: str) -> Verdict:
    """Open from the payment on; its end is counted once the buyer has the goods."""
    if facts.received_at is None:
        words = {"what": does, "length": _length(policies.timer(rules, timer))}
        return Verdict(True, _("%(what)s Until %(length)s after receipt.") % words, since=facts.paid_at)
    return _window(facts.received_at, rules, at, timer, does)


def _ended(until: datetime, at: datetime, since: datetime | None = None) -> Verdict:
    words = {"time": _when(until, at)}
    return Verdict(False, _("Ended %(time)s.") % words, note=_("ended %(time)s") % words, since=since, until=until)


def _when(instant: datetime, at: datetime) -> str:
    local = instant.astimezone(SHANGHAI)
    return local.strftime("%m-%d %H:%M" if local.year == at.astimezone(SHANGHAI).year else "%Y-%m-%d %H:%M")


def _length(span: timedelta) -> str:
    hours = round(span / timedelta(hours=1))
    if hours % 24 == 0 and hours >= 72:
        return _("%(n)s days") % {"n": hours // 24}
    return _("%(n)s hours") % {"n": hours}
