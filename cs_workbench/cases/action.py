"""The right pane: what can be decided about one case now, drawn from the policies that guard the services."""

from dataclasses import dataclass, field
from typing import Any, Literal

from django.db.models import Q, QuerySet, prefetch_related_objects

from aftersales.cases.enums import (
    PAYING_KINDS,
    REASONS_WITH_EVIDENCE,
    REFUSAL_REASONS,
    TO_DECIDE_STATES,
    CaseKind,
    CaseState,
    CaseTag,
)
from aftersales.cases.models import Case
from aftersales.decisions import policies
from aftersales.refunds import arrivals, reasons
from aftersales.refunds.enums import Source
from aftersales.refunds.models import Refund
from aftersales.refunds.policies import needs_second_person
from aftersales.returns.models import Inspection
from cs_workbench.interceptions.checks import Line, lines
from cs_workbench.interceptions.steps import Step, steps
from logistics.couriers.facts import Facts
from logistics.couriers.names import courier_name
from logistics.interception.models import Interception
from logistics.interception.policies import facts_about
from logistics.parcels.enums import PackageState
from logistics.parcels.models import Package
from merchant.attachments.models import Attachment
from merchant.attachments.services import files_of
from merchant.carriers import registry as carriers
from merchant.errands import services as errands
from merchant.errands.models import Errand
from merchant.policy import services as policy
from merchant.prepared import first_of

# Nobody has it yet: the buyer can still turn it away at the door.
BEFORE_THE_BUYER = (
    PackageState.PICKED_UP,
    PackageState.IN_TRANSIT,
    PackageState.ARRIVED_DESTINATION,
    PackageState.OUT_FOR_DELIVERY,
)


@dataclass
class Action:
    """Everything the right pane says. `verbs` by name: is_allowed and the sentence of a refusal."""

    case: Case
    verbs: dict[str, Any]
    checks: list[Line]
    packages: list[Package]
    refund: Refund | None
    steps: list[Step] = field(default_factory=list)
    capabilities: Facts | None = None
    inspection: Inspection | None = None
    photos: list[Attachment] = field(default_factory=list)
    pays_by_itself: bool = True
    pays_when_home: bool = False
    # Agreeing only files the refund: a second person approves it (the shop's second-person limit, the person's own).
    needs_approval: bool = False
    errands: list[Errand] = field(default_factory=list)

    @property
    def stamp(self) -> str:
        return stamp(self.case, self.refund, self.errands)

    @property
    def asked(self) -> str:
        """What the buyer asks for. When this changed under the reader's eyes nothing is swapped: a band says so."""
        case = self.case
        return f"{case.kind}:{case.amount_fen}:{case.freight_fen}:{case.round_no}:{case.reason}"

    @property
    def refund_reason(self) -> reasons.Reason | None:
        """Why its money has not arrived, in words."""
        return reasons.explain(self.refund) if self.refund is not None else None

    @property
    def refund_expected(self) -> arrivals.Arrival | None:
        """When it is expected, once it has left."""
        if self.refund is None or self.refund.sent_at is None:
            return None
        return arrivals.estimate(self.refund, policy.current(self.case.shop_id))

    @property
    def failing(self) -> list[Line]:
        return [line for line in self.checks if line.kind == "no"]

    @property
    def warned(self) -> list[Line]:
        """What a person should weigh. An old track is none: pressing the button reads it again."""
        return [line for line in self.checks if line.kind == "slow" and line.code != "E12"]

    @property
    def passing(self) -> list[Line]:
        return [line for line in self.checks if line.kind == "ok" or (line.kind == "slow" and line.code == "E12")]

    @property
    def failed(self) -> Interception | None:
        """The interception that failed while the case still waits for a decision: what comes next is asked then."""
        is_failed = self.is_to_decide and self.case.tag == CaseTag.INTERCEPTION_FAILED
        return self.case.interception if is_failed else None

    @property
    def courier_says(self) -> str:
        """The courier's own words for the failure, where it used words: a raw answer says nothing to a reader."""
        words = self.failed.courier_words if self.failed else ""
        return "" if words.startswith(("{", "[", "<")) else words

    @property
    def may_be_refused_at_door(self) -> bool:
        """Whether the parcel is still to be handed over, so that the buyer can turn it away."""
        return self.package is not None and self.package.state in BEFORE_THE_BUYER

    @property
    def package(self) -> Package | None:
        return self.packages[0] if self.packages else None

    @property
    def courier(self) -> str:
        return courier_name(self.package.courier) if self.package else ""

    @property
    def is_shipped_kind(self) -> bool:
        return self.case.kind == CaseKind.REFUND_ONLY_SHIPPED

    @property
    def is_to_decide(self) -> bool:
        """The shop owes an answer; elsewhere the verbs would only say that it is too late."""
        return self.case.state in TO_DECIDE_STATES

    @property
    def is_stopping(self) -> bool:
        return self.case.state == CaseState.INTERCEPTING

    @property
    def units(self) -> list[tuple[Any, int]]:
        """(order line, units that came back fine) for the settlement: what the warehouse found is the first offer."""
        fine = {line.order_line_id: line.sellable for line in self.inspection.lines.all()} if self.inspection else {}
        rows = self.case.lines.select_related("order_line__listing").order_by("order_line_id")
        return [(row.order_line, fine.get(row.order_line_id, 0)) for row in rows]

    @property
    def couriers(self) -> list[tuple[str, str]]:
        return [(carrier.code, str(carrier.label)) for carrier in carriers.trackable()]

    @property
    def refusal_reasons(self) -> list[tuple[str, Any, bool]]:
        return [(code, label, code in REASONS_WITH_EVIDENCE) for code, label in REFUSAL_REASONS.items()]


def inspection_of(case: Case) -> Inspection | None:
    """What the warehouse found in the goods of this case, once it has looked."""
    told = {"interception_id": case.interception_id} if case.interception_id is not None else {}
    found = first_of("inspection_of", _inspections_of, case_id=case.pk, **told)
    if found is not None:
        prefetch_related_objects([found], "lines")
    return found


def _inspections_of(case_id: int, interception_id: int | None = None) -> QuerySet[Inspection]:
    about = Q(parcel__case=case_id)
    if interception_id is not None:
        about |= Q(parcel__package__interceptions=interception_id)
    rows = Inspection.objects.filter(about, done_at__isnull=False).select_related("done_by")
    return rows.order_by("-pk")[:1]


def refund_of(case: Case) -> Refund | None:
    """The newest refund of the case: its money as it stands."""
    refund = first_of("refund_of", _refunds_of, case_id=case.pk)
    if refund is not None:
        refund.order = case.order
    return refund


def errands_of(case: Case) -> list[Errand]:
    """What was asked outside about the case and its interception, as far as it is still told."""
    return errands.about(case, case.interception)


def _refunds_of(case_id: int) -> QuerySet[Refund]:
    return Refund.objects.filter(case_id=case_id).order_by("-pk")[:1]


def stamp(case: Case, refund: Refund | Literal[False] | None = False, called: list[Errand] | None = None) -> str:
    """Changes when anything the case's panes show may have changed; a statement each for what is not given."""
    money = refund_of(case) if refund is False else refund
    tried = case.interception
    parts = [case.version, case.state, case.tag, case.due_at]
    if tried is not None:
        parts += [tried.version, tried.state, tried.is_unknown, tried.package.version, tried.package.last_event_at]
    if money:
        parts += [money.pk, money.state, money.updated_at]
    parts += [f"{one.pk}{one.state}{one.starts}" for one in (errands_of(case) if called is None else called)]
    return "-".join(str(part) for part in parts).replace(" ", "T")


def build(case: Case, user: Any) -> Action:
    """Read once, for this person, as of now."""
    refund = refund_of(case)
    rules = policy.current(case.shop_id)
    found = policies.eligibility(case, order=case.order)
    verbs = {verb.name: verb for verb in policies.open_verbs(case, user, found=found)}
    packages = list(found.packages)
    is_stoppable_kind = case.kind == CaseKind.REFUND_ONLY_SHIPPED
    inspection = inspection_of(case)
    return Action(
        case=case,
        verbs=verbs,
        checks=lines(found.checks, case.order.shipped_at)
        if is_stoppable_kind and case.state == CaseState.APPLIED
        else [],
        packages=packages,
        refund=refund,
        steps=steps(case.interception, refund) if case.interception else [],
        capabilities=facts_about(packages[0]) if packages and is_stoppable_kind else None,
        inspection=inspection,
        photos=files_of(inspection) if inspection else [],
        pays_by_itself=rules.auto_agree,
        pays_when_home=rules.pay_when == "returned",
        needs_approval=case.kind in PAYING_KINDS
        and verbs["agree_case"].is_allowed
        and bool(needs_second_person(case.order, case.amount_fen, source=Source.MANUAL, by=user, rules=rules)),
        errands=errands_of(case),
    )
