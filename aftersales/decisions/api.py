"""After-sale cases by API: the list with its filters, one of them, and every decision."""

from typing import Any

import django_filters
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from rest_framework import serializers

from aftersales.cases.enums import OPEN_STATES, REFUSAL_REASON_CHOICES, CaseKind, CaseState, CaseTag, OpenedBy, Origin
from aftersales.cases.models import Case, CaseLine
from aftersales.decisions import errands, policies, services
from merchant.api.fields import ROW_ID, Colleague, Fen, Files, PersonSerializer, RowSerializer, Text, Version
from merchant.api.resources import Resource, verb
from merchant.attachments.services import MAX_FILES, read_files
from merchant.errands.api import ErrandSerializer
from merchant.errands.models import Errand
from merchant.people.models import User
from merchant.refusals import Refused
from orders.record.models import Order


class CaseLineSerializer(RowSerializer):
    class Meta:
        model = CaseLine
        fields = ("order_line", "quantity", "amount_fen")
        read_only_fields = fields


class CaseSerializer(RowSerializer):
    """What a buyer asks for and where it stands. A decision names the `version` it was made upon."""

    order = serializers.CharField(source="order.number", read_only=True, help_text="The order's number.")
    buyer = serializers.IntegerField(source="buyer_id", allow_null=True, read_only=True)
    interception = serializers.SlugRelatedField(slug_field="number", read_only=True, allow_null=True)
    assignee = PersonSerializer(read_only=True, allow_null=True)
    lines = CaseLineSerializer(many=True, read_only=True)
    offer_fen = serializers.SerializerMethodField(help_text="What the shop offered instead; null when nothing.")
    tag_sentence = serializers.CharField(read_only=True, help_text="Why it is back with people; empty when it is not.")

    class Meta:
        model = Case
        fields = (
            "shop",
            "number",
            "order",
            "buyer",
            "kind",
            "origin",
            "opened_by",
            "state",
            "tag",
            "tag_sentence",
            "amount_fen",
            "freight_fen",
            "offer_fen",
            "reason",
            "assignee",
            "level",
            "clock",
            "due_at",
            "is_late",
            "is_auto",
            "interception",
            "round_no",
            "applied_at",
            "closed_at",
            "updated_at",
            "lines",
            "version",
        )
        read_only_fields = fields

    def get_offer_fen(self, case: Case) -> int | None:
        return case.offer.get("amount_fen")


class CaseFilters(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=CaseState.choices)
    open = django_filters.BooleanFilter(method="by_openness", label="Cases somebody still owes something on")
    kind = django_filters.MultipleChoiceFilter(choices=CaseKind.choices)
    tag = django_filters.MultipleChoiceFilter(choices=[choice for choice in CaseTag.choices if choice[0]])
    order = django_filters.CharFilter(field_name="order__number", max_length=64)
    mine = django_filters.BooleanFilter(method="by_assignee", label="Cases of the token's person, or of others")
    due_before = django_filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt")

    class Meta:
        model = Case
        fields = ()

    def by_openness(self, rows: Any, _name: str, value: bool) -> Any:
        return rows.open() if value else rows.exclude(state__in=OPEN_STATES)

    def by_assignee(self, rows: Any, _name: str, value: bool) -> Any:
        return rows.filter(assignee=self.request.user) if value else rows.exclude(assignee=self.request.user)


class CaseApplySerializer(serializers.Serializer):
    order = Text(required=True, max_length=64, help_text="The order's number.")
    kind = serializers.ChoiceField(choices=CaseKind.choices)
    amount_fen = Fen()
    reason = Text(required=True, max_length=200, help_text="Why the buyer asks for it.")


class CaseDecisionSerializer(serializers.Serializer):
    version = Version()


class CaseAgreeSerializer(CaseDecisionSerializer):
    reason = Text(help_text="Why, for the trail.")


class CaseRefuseSerializer(CaseDecisionSerializer):
    reason = serializers.ChoiceField(choices=REFUSAL_REASON_CHOICES)
    evidence = Text(help_text="What proves it; some reasons demand it.")
    photos = Files(default=list, max_length=MAX_FILES, help_text="Pictures or PDF, as parts of a form.")


class CaseProposeSerializer(CaseDecisionSerializer):
    amount_fen = Fen(min_value=1)
    note = Text()


class CaseReasonSerializer(serializers.Serializer):
    reason = Text(required=True)


class CaseHandOverSerializer(CaseReasonSerializer):
    to = Colleague(help_text="The colleague's id.")


class CaseEscalateSerializer(CaseReasonSerializer):
    to = Colleague(allow_null=True, default=None, help_text="A colleague a level up; null leaves it open.")


class ReturnedUnitsSerializer(serializers.Serializer):
    line = serializers.IntegerField(**ROW_ID, help_text="The order line's id.")
    units = serializers.IntegerField(min_value=0, max_value=9_999)


class CaseSettleReturnSerializer(CaseDecisionSerializer):
    units = ReturnedUnitsSerializer(many=True, default=list, help_text="So many units of each line are paid (M3).")
    amount_fen = Fen(allow_null=True, default=None, help_text="An amount instead.")
    reason = Text()


class CaseApi(Resource):
    """After-sale cases, newest first."""

    area, noun, path = "cases", "case", "cases"
    queryset = Case.objects.select_related("order", "interception", "assignee").prefetch_related("lines")
    serializer_class = CaseSerializer
    filterset_class = CaseFilters

    @verb(CaseApplySerializer, slug="", at_top=True, status=201)
    def apply(self, *, order: str, kind: str, amount_fen: int, reason: str) -> Case:
        """申请售后: open a case on the buyer's behalf."""
        row = self.in_sight(Order.objects.select_related("shop")).filter(number=order).first()
        if row is None:
            raise Refused("ORDER", _("There is no such order in this shop."), field="order")
        policies.check_can_apply(row, self.by)
        if kind not in {one.value for one in policies.kinds_open_to(row)}:
            raise Refused("KIND", _("Choose what the buyer asks for."), field="kind", kind=kind)
        return services.apply_case(
            row,
            kind=kind,
            amount_fen=amount_fen,
            reason=reason,
            by=self.by,
            origin=Origin.OWN,
            opened_by=OpenedBy.AGENT,
        )

    @verb(CaseAgreeSerializer)
    def agree(self, case: Case, *, version: int, reason: str) -> None:
        """同意: a case about money is refunded; above the person's limit the refund waits for a second person (M5)."""
        services.agree_case(case, by=self.by, shown_version=version, reason=reason)

    @verb(CaseRefuseSerializer)
    def refuse(self, case: Case, *, version: int, reason: str, evidence: str, photos: list[UploadedFile]) -> None:
        """拒绝, with a reason of the list and the proof some of them demand; a platform is told."""
        services.refuse_case(
            case,
            by=self.by,
            shown_version=version,
            reason=reason,
            evidence={"note": evidence} if evidence else None,
            files=read_files(photos, allows_pdf=True),
        )

    @verb(CaseProposeSerializer)
    def propose(self, case: Case, *, version: int, amount_fen: int, note: str) -> None:
        """协商: offer another amount; the buyer has T-NEGO to answer."""
        services.propose_case(case, by=self.by, shown_version=version, amount_fen=amount_fen, note=note)

    @verb(CaseDecisionSerializer)
    def intercept(self, case: Case, *, version: int) -> None:
        """拦截: ask the courier to stop the parcel, if all of E01 to E16 pass. Accepted is not stopped."""
        services.intercept_case(case, by=self.by, shown_version=version)

    @verb(gives=ErrandSerializer, status=202)
    def withdraw(self, case: Case) -> Errand:
        """撤销拦截: ask the courier to let the parcel go on."""
        return errands.withdraw_interception(case, by=self.by)

    @verb(CaseDecisionSerializer, gives=ErrandSerializer, status=202)
    def stop_in_house(self, case: Case, *, version: int) -> Errand:
        """The parcel has not left: take it off the bench, void its label, refund."""
        return errands.submit_stop_in_house(case, by=self.by, shown_version=version)

    @verb(gives=ErrandSerializer, status=202)
    def recheck(self, case: Case) -> Errand:
        """Read the tracks of the order's parcels again."""
        return errands.submit_recheck(case, by=self.by)

    @verb(CaseSettleReturnSerializer)
    def settle_return(
        self, case: Case, *, version: int, units: list[dict[str, int]], amount_fen: int | None, reason: str
    ) -> None:
        """协商退款: agreed with the buyer after an inspection that differs, by units (M3) or by an amount."""
        services.settle_return_case(
            case,
            by=self.by,
            shown_version=version,
            units={one["line"]: one["units"] for one in units},
            amount_fen=amount_fen,
            reason=reason,
        )

    @verb(CaseReasonSerializer)
    def clear_alarm(self, case: Case, *, reason: str) -> None:
        """What the tag of the case says has been settled: the queue lets it go."""
        services.clear_alarm(case, by=self.by, reason=reason)

    @verb()
    def claim(self, case: Case) -> None:
        """接手: the case is yours, and its customer too when nobody keeps them yet."""
        services.claim_case(case, by=self.by)

    @verb(CaseHandOverSerializer)
    def hand_over(self, case: Case, *, to: User, reason: str) -> None:
        """转交: a colleague has the case from now on."""
        services.hand_over_case(case, to=to, by=self.by, reason=reason)

    @verb(CaseEscalateSerializer)
    def escalate(self, case: Case, *, to: User | None, reason: str) -> None:
        """升级: one level up, to somebody chosen or to whoever stands there."""
        services.escalate_case(case, to=to, by=self.by, reason=reason)

    @verb()
    def release(self, case: Case) -> None:
        """放回: anybody may take the case."""
        services.release_case(case, by=self.by)


urlpatterns = CaseApi.urls()
