from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from merchant.admin_base import ReadMostlyAdmin, actor
from merchant.clock import now
from merchant.inbox import services as inbox
from merchant.models import (
    Activity,
    Agreement,
    CourierAccount,
    InboxMessage,
    InboxTask,
    Job,
    LedgerEntry,
    Membership,
    PiiReveal,
    PlatformAccount,
    Policy,
    ProcessBeat,
    Recipient,
    Role,
    Shop,
    Team,
    User,
)
from merchant.people.rights import Right
from merchant.refusals import Refused
from merchant.shops import services as shops
from merchant.trail import activity

admin.site.site_header = _("Huicang administration")
admin.site.site_title = _("Huicang administration")
admin.site.index_title = _("Everything, read-mostly")
admin.site.enable_nav_sidebar = True
admin.site.unregister(Group)


class RecordedAdmin(admin.ModelAdmin):
    """Rows an administrator does edit here; every save leaves a line in the trail with the fields that changed."""

    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        verb = f"{obj._meta.model_name}.{'change' if change else 'add'}"
        activity.record(
            obj, verb, by=actor(request), shop=obj if isinstance(obj, Shop) else None, fields=sorted(form.changed_data)
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("shop",)


@admin.register(User)
class PeopleAdmin(UserAdmin):
    list_display = ("username", "display_name", "is_active", "is_platform_admin", "is_staff", "last_login")
    list_filter = ("is_active", "is_platform_admin", "is_staff")
    search_fields = ("username", "display_name")
    fieldsets = (
        (None, {"fields": ("username", "password", "display_name")}),
        (_("Access"), {"fields": ("is_active", "is_platform_admin", "is_staff", "is_superuser")}),
        (_("Times"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "display_name", "usable_password", "password1", "password2")}),)
    filter_horizontal = ()
    inlines = (MembershipInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People are deactivated: their name stands in the trail."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        activity.record(
            obj, "user.change" if change else "user.add", by=actor(request), fields=sorted(form.changed_data)
        )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        for row in (*formset.new_objects, *(row for row, _fields in formset.changed_objects)):
            activity.record(row, "membership.set", by=actor(request), role=row.role.slug, user=row.user.username)


@admin.register(Shop)
class ShopAdmin(RecordedAdmin):
    list_display = ("name", "platform", "external_id", "state", "is_cross_border")
    list_filter = ("platform", "state")
    search_fields = ("name", "external_id")


@admin.register(Team)
class TeamAdmin(RecordedAdmin):
    list_display = ("name", "shop")


@admin.register(Role)
class RoleAdmin(RecordedAdmin):
    list_display = ("name", "slug", "shop", "rights_in_words")

    @admin.display(description=_("rights"))
    def rights_in_words(self, role: Role) -> str:
        known = dict(Right.choices)
        return "、".join(str(known.get(right, right)) for right in role.rights)


@admin.register(Agreement)
class AgreementAdmin(ReadMostlyAdmin):
    list_display = ("shop", "kind", "version", "signed_at", "signed_by", "revoked_at")


@admin.register(CourierAccount)
class CourierAccountAdmin(ReadMostlyAdmin):
    hidden = ("secrets", "push_seed", "push_digest")
    list_display = ("__str__", "shop", "courier", "via", "customer_code", "has_ewaybill", "is_active", "paused_until")
    list_filter = ("courier", "via", "is_active")
    actions = ("resume",)

    @admin.action(description=_("Resume polling now"))
    def resume(self, request: HttpRequest, rows: Any) -> None:
        self.each(request, rows, lambda row: shops.resume_courier(row, by=actor(request)), _("%(count)d resumed."))


@admin.register(PlatformAccount)
class PlatformAccountAdmin(ReadMostlyAdmin):
    hidden = ("secrets", "push_seed", "push_digest")
    list_display = ("__str__", "shop", "platform", "app_key", "is_active", "last_pull_at", "last_error")


@admin.register(Policy)
class PolicyAdmin(ReadMostlyAdmin):
    list_display = ("shop", "version", "effective_at", "by", "reason")


@admin.register(Recipient)
class RecipientAdmin(ReadMostlyAdmin):
    """Masks only. The door to plain values is on the order, with quota, reason and audit."""

    hidden = tuple(
        f"{field}_{kind}"
        for field in ("name", "phone", "phone4", "address", "virtual_phone")
        for kind in ("enc", "bidx")
    )
    list_display = ("id", "shop", "name_mask", "phone_mask", "address_mask", "key_id", "shredded_at")


@admin.register(PiiReveal)
class PiiRevealAdmin(ReadMostlyAdmin):
    list_display = ("at", "shop", "user", "order_number", "field", "verdict", "cost", "reason")
    list_filter = ("verdict",)


@admin.register(Activity)
class ActivityAdmin(ReadMostlyAdmin):
    list_display = ("at", "shop", "verb", "subject_kind", "subject_id", "by", "from_state", "to_state", "reason")
    search_fields = ("verb",)
    list_select_related = ("shop", "by")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadMostlyAdmin):
    list_display = (
        "book_date",
        "shop",
        "kind",
        "document",
        "debit",
        "credit",
        "amount_fen",
        "order_number",
        "is_estimated",
    )
    search_fields = ("document", "order_number")


@admin.register(InboxMessage)
class InboxMessageAdmin(ReadMostlyAdmin):
    hidden = ("body",)
    list_display = ("received_at", "source", "shop", "verdict", "size", "event_key")
    list_filter = ("verdict", "source")


@admin.register(InboxTask)
class InboxTaskAdmin(ReadMostlyAdmin):
    list_display = ("message", "source", "attempts", "is_parked", "next_at", "error")
    list_filter = ("is_parked", "source")
    actions = ("retry",)

    @admin.action(description=_("Try again now"))
    def retry(self, request: HttpRequest, rows: Any) -> None:
        def again(task: InboxTask) -> None:
            if task.message.shop is None:
                raise Refused("SHOP", _("This message belongs to no shop."))
            inbox.retry(task.message, by=actor(request))

        self.each(request, rows.select_related("message__shop"), again, _("%(count)d will be tried again."))


@admin.register(Job)
class JobAdmin(ReadMostlyAdmin):
    list_display = ("number", "shop", "kind", "state", "done", "refused", "total", "by", "created_at")
    list_filter = ("kind", "state")


@admin.register(ProcessBeat)
class ProcessBeatAdmin(ReadMostlyAdmin):
    list_display = ("name", "last_ok_at", "backlog", "silence")

    @admin.display(description=_("silent for (s)"))
    def silence(self, beat: ProcessBeat) -> int:
        return int((now() - beat.last_ok_at).total_seconds())
