"""Money paid outside the channel: filed with proof by one person, confirmed or refused by another (domain 2.4).

Only a number that certainly cannot pay any more is paid another way, so the channel is asked once more first."""

from collections.abc import Mapping, Sequence
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftersales.channels import registry
from aftersales.channels.base import Receipt
from aftersales.channels.enums import RefundOutcome
from aftersales.paying import sending
from aftersales.refunds import bookings, policies
from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund
from aftersales.refunds.services import lock_with_case
from merchant.attachments.models import Attachment, Purpose
from merchant.attachments.services import attach, files_of
from merchant.clock import SHANGHAI, now
from merchant.money import yuan
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.trail import activity
from orders.payments import services as payments


@transaction.atomic
def file_payout(
    refund: Refund, *, by: Actor, proof: Mapping[str, str], amount_fen: int, paid_on: date, files: Sequence[Attachment]
) -> Refund:
    """线下打款, first person: what was paid, how, when, and the proof. Moves nothing until somebody else confirms.

    `proof` names `method` and `reference` (a bank's or wallet's own number); `files` come from `read_files`.
    Raises Refused RIGHT, REFUND_STATE, REPLACED, PAYOUT (filed already), PROOF."""
    _check_proof(proof, files)
    case, refund = lock_with_case(refund.pk)
    policies.check_can_pay_offline(refund, by)
    if refund.payout_by_id is not None:
        raise Refused("PAYOUT", _("A payout is filed already: it is confirmed or refused first."))
    if amount_fen != refund.amount_fen:
        raise Refused(
            "PROOF", _("What is paid must be the refund itself: ¥%(sum)s.") % {"sum": yuan(refund.amount_fen)}
        )
    if not refund.created_at.astimezone(SHANGHAI).date() <= paid_on <= now().astimezone(SHANGHAI).date():
        raise Refused("PROOF", _("The day of the payment lies between the refund's own day and today."))
    attach(refund, files, by=by, purpose=Purpose.PAYOUT_PROOF)
    refund.payout_by = by
    refund.payout_proof = {
        **{name: str(value).strip()[:200] for name, value in proof.items()},
        "amount_fen": amount_fen,
        "paid_on": paid_on.isoformat(),
        "filed_at": now().isoformat(timespec="seconds"),
        "files": [file.digest for file in files],
    }
    refund.save()
    activity.record(
        refund, "refund.file_payout", by=by, method=refund.payout_proof["method"], amount_fen=amount_fen,
        files=len(files), case=case.number if case else "",
    )  # fmt: skip
    return refund


@transaction.atomic
def reject_payout(refund: Refund, *, by: Actor, reason: str) -> Refund:
    """The second person does not accept what was filed, or the first takes it back: it may be filed anew.

    Raises Refused RIGHT, REFUND_STATE, NO_PAYOUT, REASON."""
    if not reason.strip():
        raise Refused("REASON", _("Say why."))
    _case, refund = lock_with_case(refund.pk)
    if refund.payout_by_id is None:
        raise Refused("NO_PAYOUT", _("Nobody has filed an offline payout for this refund."))
    policies.check_can_reject_payout(refund, by)
    proof, filed_by = refund.payout_proof, refund.payout_by
    refund.payout_by, refund.payout_proof = None, {}
    refund.save()
    activity.record(
        refund, "refund.reject_payout", by=by, reason=reason.strip()[:300], reference=proof.get("reference", ""),
        filed_by=str(filed_by),
    )  # fmt: skip
    return refund


def confirm_payout(refund: Refund, *, by: Actor, shown: str | None = None) -> Refund:
    """线下打款, second person. The channel is asked once more first: only a number that certainly cannot pay any more
    may be paid another way. `shown` is the payment's number the person read; None means that no page was shown.

    Raises Refused RIGHT, SECOND_PERSON, E16 (filed anew meanwhile), MAY_STILL_PAY, PAID."""
    refund.refresh_from_db()
    policies.check_can_confirm_payout(refund, by, shown=shown)
    started = now()
    channel = registry.get(refund.channel)
    receipt = channel.query(refund)
    if receipt.outcome == RefundOutcome.SUCCESS:
        sending.record(refund.pk, receipt, operation="query", started_at=started)
        raise Refused("PAID", _("The channel has paid it after all: nothing is left to pay out."))
    if not proves_dead(receipt, is_platform=channel.is_platform):
        raise _may_still_pay(receipt)
    with transaction.atomic():
        case, refund = lock_with_case(refund.pk)
        policies.check_can_confirm_payout(refund, by, shown=shown)
        before = refund.state
        refund.pay_offline()
        refund.payout_approved_by, refund.settled_at, refund.next_at, refund.due_at = by, now(), None, None
        refund.save()
        payments.settle_money(refund.order, parts=refund.parts, freight_fen=refund.freight_fen)
        bookings.paid_offline(refund)
        activity.record(refund, "refund.pay_offline", by=by, from_state=before, to_state=refund.state)
        bookings.after_payment(refund, case, by=by)
    return refund


def adopt_refund(refund: Refund, *, by: Actor, number: str) -> Refund:
    """渠道后台已退: the channel refused our number because somebody paid this money back on its own pages. `number` is
    that refund's; the channel is asked, and only its word settles ours: same payment, same sum, paid, nobody else's.

    Raises Refused RIGHT, REFUND_STATE, REPLACED, PAYOUT, MAY_STILL_PAY, NOT_FOUND, NOT_PAID, AMOUNT, TAKEN."""
    number = number.strip()
    refund.refresh_from_db()
    policies.check_can_adopt(refund, by)
    channel = registry.get(refund.channel)
    own = channel.query(refund)
    if not proves_dead(own, is_platform=channel.is_platform):
        raise _may_still_pay(own)
    started = now()
    receipt = channel.find(refund, number)
    _check_is_this_money(refund, receipt, number)
    with transaction.atomic():
        case, refund = lock_with_case(refund.pk)
        policies.check_can_adopt(refund, by)
        _check_is_nobodys(refund, receipt, number)
        sending.write_call(refund, receipt, operation="query", started_at=started)
        refund.adopt()
        refund.channel_number, refund.outcome = receipt.channel_number, receipt.outcome
        refund.settled_at, refund.next_at, refund.due_at, refund.error = now(), None, None, ""
        refund.save()
        payments.settle_money(refund.order, parts=refund.parts, freight_fen=refund.freight_fen)
        bookings.paid(refund)
        activity.record(
            refund, "refund.adopt", by=by, from_state=RefundState.CLOSED, to_state=refund.state, reason=number
        )
        bookings.after_payment(refund, case, by=by)
    return refund


def _check_is_this_money(refund: Refund, receipt: Receipt, number: str) -> None:
    if receipt.outcome == RefundOutcome.UNKNOWN_NUMBER:
        raise Refused("NOT_FOUND", _("The channel knows no refund %(number)s of this payment.") % {"number": number})
    if receipt.outcome != RefundOutcome.SUCCESS:
        raise Refused(
            "NOT_PAID",
            _("The channel does not say that this refund is paid (%(answer)s).")
            % {"answer": RefundOutcome(receipt.outcome).label},
            outcome=str(receipt.outcome),
        )
    if receipt.amount_fen != refund.amount_fen:
        raise Refused(
            "AMOUNT",
            _("That refund paid ¥%(paid)s, this one is for ¥%(sum)s.")
            % {"paid": yuan(receipt.amount_fen or 0), "sum": yuan(refund.amount_fen)},
        )


def _check_is_nobodys(refund: Refund, receipt: Receipt, number: str) -> None:
    """One refund of the channel stands behind one of ours."""
    same = Q(number=number) | Q(channel_number=receipt.channel_number)
    other = Refund.objects.filter(same, shop_id=refund.shop_id, channel=refund.channel).exclude(pk=refund.pk).first()
    if other is not None:
        raise Refused("TAKEN", _("That is our refund %(number)s already.") % {"number": other.number})


def _may_still_pay(receipt: Receipt) -> Refused:
    return Refused(
        "MAY_STILL_PAY",
        _("The channel does not rule out that the old number still pays (%(answer)s). Try again later.")
        % {"answer": RefundOutcome(receipt.outcome).label},
        outcome=str(receipt.outcome),
    )


def proves_dead(receipt: Receipt, *, is_platform: bool) -> bool:
    """The channel's word that this number will not pay: closed, not payable, the buyer's account cannot take it, or
    the number was never taken. On a platform the last is no proof: the buyer's case there may still be paid."""
    dead = (RefundOutcome.CLOSED, RefundOutcome.NOT_PAYABLE, RefundOutcome.ABNORMAL)
    return receipt.outcome in dead or (receipt.outcome == RefundOutcome.UNKNOWN_NUMBER and not is_platform)


def proof_files(refund: Refund) -> list[Attachment]:
    """The papers of the payout that stands now, not those of a refused one."""
    wanted = set(refund.payout_proof.get("files", ()))
    return [row for row in files_of(refund, purpose=Purpose.PAYOUT_PROOF) if row.digest in wanted] if wanted else []


def _check_proof(proof: Mapping[str, str], files: Sequence[Attachment]) -> None:
    missing = [name for name in ("method", "reference") if not str(proof.get(name, "")).strip()]
    if missing:
        raise Refused("PROOF", _("Name the way it was paid and the number of the payment."), missing=missing)
    if not files:
        raise Refused("PROOF", _("Add at least one picture or PDF that proves the payment."), missing=["files"])
