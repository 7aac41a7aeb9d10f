from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from logistics.couriers.models import CourierCall
from logistics.interception.errands import submit_withdrawal
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from logistics.tracking.errands import submit_refresh
from logistics.watch.models import AccountHealth, Watch
from merchant.admin_base import ReadMostlyAdmin, actor


@admin.register(Package)
class PackageAdmin(ReadMostlyAdmin):
    list_display = ("waybill", "courier", "shop", "state", "last_event_at", "track_checked_at")
    list_filter = ("courier", "state")
    list_select_related = ("shop",)
    search_fields = ("waybill",)
    actions = ("read_track",)

    @admin.action(description=_("Read the track now"))
    def read_track(self, request: HttpRequest, rows: Any) -> None:
        self.each(
            request,
            rows,
            lambda row: submit_refresh(row, by=actor(request)),
            _("%(count)d tracks are being read."),
        )


@admin.register(Interception)
class InterceptionAdmin(ReadMostlyAdmin):
    list_display = ("number", "shop", "courier", "waybill", "state", "is_unknown", "reason", "submitted_at", "due_at")
    list_filter = ("state", "is_unknown", "courier", "reason")
    list_select_related = ("shop",)
    search_fields = ("number", "waybill")
    actions = ("withdraw",)

    @admin.action(description=_("Withdraw at the courier"))
    def withdraw(self, request: HttpRequest, rows: Any) -> None:
        self.each(
            request,
            rows,
            lambda row: submit_withdrawal(row, by=actor(request)),
            _("%(count)d couriers are being asked."),
        )


@admin.register(CourierCall)
class CourierCallAdmin(ReadMostlyAdmin):
    list_display = ("operation", "key", "attempt", "outcome", "error", "started_at", "answered_at")
    list_filter = ("operation", "outcome")
    search_fields = ("key",)
    # The courier's words may name the buyer: the interception's own page shows them masked.
    hidden = ("answer",)


@admin.register(Watch)
class WatchAdmin(ReadMostlyAdmin):
    list_display = ("package", "account", "priority", "next_at", "interval_s", "misses", "subscribed_at")
    list_filter = ("priority",)
    list_select_related = ("package", "account")


@admin.register(AccountHealth)
class AccountPulseAdmin(ReadMostlyAdmin):
    list_display = ("account", "polled_count", "error_count", "streak", "trips", "last_ok_at", "last_error")
    list_select_related = ("account",)
