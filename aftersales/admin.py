"""Cases and refunds in the admin: everything shown, nothing typed in; the button calls the desk's own service."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case, CaseLine
from aftersales.paying.errands import submit_ask
from aftersales.refunds.models import Refund, RefundCall, RefundLine
from merchant.admin_base import ReadMostlyAdmin, actor


class Rows(admin.TabularInline):
    """Rows that belong to the one shown; only read."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.model._meta.fields]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CaseLines(Rows):
    model = CaseLine
    fields = ("order_line", "quantity", "amount_fen", "is_open")


@admin.register(Case)
class CaseAdmin(ReadMostlyAdmin):
    list_display = ("number", "shop", "kind", "state", "tag", "amount_fen", "due_at", "is_late", "applied_at")
    list_filter = ("shop", "state", "kind", "origin", "tag", "is_late")
    list_select_related = ("shop",)
    search_fields = ("number",)
    ordering = ("-applied_at", "-pk")
    inlines = (CaseLines,)


class RefundLines(Rows):
    model = RefundLine
    fields = ("order_line", "amount_fen")


class RefundCalls(Rows):
    model = RefundCall
    # Not what was said on the wire: it is sealed for the rare enquiry and may name the buyer.
    fields = ("attempt", "operation", "outcome", "at", "answered_at")
    ordering = ("attempt",)


@admin.register(Refund)
class RefundAdmin(ReadMostlyAdmin):
    list_display = ("number", "shop", "state", "source", "channel", "amount_fen", "attempts", "next_at", "error")
    list_filter = ("shop", "state", "source", "channel")
    list_select_related = ("shop",)
    search_fields = ("number", "channel_number")
    ordering = ("-pk",)
    inlines = (RefundLines, RefundCalls)
    actions = ("ask_now",)

    @admin.action(description=_("Ask the channel now how these stand"))
    def ask_now(self, request: HttpRequest, queryset: Any) -> None:
        """Pull the poll forward; nothing is sent that the sweep would not send itself."""
        done = _("%(count)d refunds are being asked about.")
        self.each(request, queryset, lambda refund: submit_ask(refund, by=actor(request)), done)
