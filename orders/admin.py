from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from merchant.admin_base import ReadMostlyAdmin, actor
from orders.buyers.models import Buyer
from orders.intake.models import ImportFile, MissedOrder, OrderPayload, SyncCursor
from orders.payments.models import OrderDiscount, Payment
from orders.record import services
from orders.record.enums import BlockKind, Stop
from orders.record.listing_models import Listing
from orders.record.models import Block, Order, OrderLine, SourceDiff
from orders.remarks.models import Note

# What a hold from here is called; the desk names holds by their reason.
HOLD_DOCUMENT = "admin"


@admin.register(Order)
class OrderAdmin(ReadMostlyAdmin):
    list_display = ("number", "shop", "state", "paid_fen", "refunding_fen", "refunded_fen", "placed_at", "shipped_at")
    list_filter = ("state", "shop")
    list_select_related = ("shop",)
    search_fields = ("number",)
    hidden = ("source_hash",)
    actions = ("hold", "resume", "receive", "complete")

    @admin.action(description=_("Hold: no picking and no shipping"))
    def hold(self, request: HttpRequest, rows: Any) -> None:
        def place(order: Order) -> None:
            services.place_block(
                order, kind=BlockKind.HOLD, document=HOLD_DOCUMENT, stops=[Stop.PICK, Stop.SHIP], by=actor(request)
            )

        self.each(request, rows, place, _("%(count)d orders are held."))

    @admin.action(description=_("Lift the hold"))
    def resume(self, request: HttpRequest, rows: Any) -> None:
        def lift(order: Order) -> None:
            for block in order.blocks.open().filter(kind=BlockKind.HOLD):
                services.lift_hold(block, by=actor(request))

        self.each(request, rows, lift, _("%(count)d orders go on."))

    @admin.action(description=_("Received by the buyer"))
    def receive(self, request: HttpRequest, rows: Any) -> None:
        self.each(
            request,
            rows,
            lambda row: services.receive_order(row, by=actor(request)),
            _("%(count)d orders are received."),
        )

    @admin.action(description=_("Complete"))
    def complete(self, request: HttpRequest, rows: Any) -> None:
        self.each(
            request,
            rows,
            lambda row: services.complete_order(row, by=actor(request)),
            _("%(count)d orders are complete."),
        )


@admin.register(OrderLine)
class OrderLineAdmin(ReadMostlyAdmin):
    list_display = ("order", "line_no", "listing", "quantity", "net_fen", "refunding_fen", "refunded_fen")
    list_select_related = ("order", "listing")
    search_fields = ("order__number", "external_id")


@admin.register(Listing)
class ListingAdmin(ReadMostlyAdmin):
    list_display = ("title", "spec", "shop", "external_id", "sku_code", "category_class")
    list_filter = ("category_class", "shop")
    list_select_related = ("shop",)
    search_fields = ("title", "external_id", "sku_code")
    hidden = ("title_hash", "bigrams")


@admin.register(Payment)
class PaymentAdmin(ReadMostlyAdmin):
    list_display = ("channel_number", "channel", "order", "amount_fen", "state", "paid_at")
    list_filter = ("channel", "state")
    list_select_related = ("order",)
    search_fields = ("channel_number", "order__number")


@admin.register(OrderDiscount)
class OrderDiscountAdmin(ReadMostlyAdmin):
    list_display = ("order", "kind", "bearer", "amount_fen", "restored_at")
    list_filter = ("kind", "bearer")
    list_select_related = ("order",)
    search_fields = ("order__number",)


@admin.register(Block)
class BlockAdmin(ReadMostlyAdmin):
    list_display = ("order", "kind", "document", "stops", "opened_at", "opened_by", "closed_at")
    list_filter = ("kind",)
    list_select_related = ("order", "opened_by")
    search_fields = ("order__number", "document")
    actions = ("lift",)

    @admin.action(description=_("Lift"))
    def lift(self, request: HttpRequest, rows: Any) -> None:
        self.each(
            request,
            rows.select_related("order"),
            lambda row: services.lift_hold(row, by=actor(request)),
            _("%(count)d blocks were lifted."),
        )


@admin.register(Buyer)
class BuyerAdmin(ReadMostlyAdmin):
    list_display = ("nickname", "external_id", "shop", "credit_score", "banned_until")
    list_filter = ("shop",)
    list_select_related = ("shop",)
    search_fields = ("external_id", "nickname")


@admin.register(Note)
class NoteAdmin(ReadMostlyAdmin):
    list_display = ("order", "text", "flag", "by_name", "at")
    list_filter = ("flag",)
    list_select_related = ("order",)
    search_fields = ("order__number",)


@admin.register(SourceDiff)
class SourceDiffAdmin(ReadMostlyAdmin):
    list_display = ("order", "field", "ours", "theirs", "source_updated_at", "at")
    list_filter = ("field",)
    list_select_related = ("order",)
    search_fields = ("order__number",)


@admin.register(ImportFile)
class ImportFileAdmin(ReadMostlyAdmin):
    list_display = ("name", "shop", "job", "size", "uploaded_at", "purged_at")
    list_select_related = ("shop", "job")
    search_fields = ("name",)
    hidden = ("body",)


@admin.register(SyncCursor)
class SyncCursorAdmin(ReadMostlyAdmin):
    list_display = (
        "account",
        "shop",
        "stream",
        "watermark_at",
        "lag_s",
        "last_pull_at",
        "last_ok_at",
        "taken",
        "error",
    )
    list_filter = ("stream",)
    list_select_related = ("account", "shop")


@admin.register(MissedOrder)
class MissedOrderAdmin(ReadMostlyAdmin):
    list_display = ("number", "account", "shop", "reason", "tries", "next_at", "first_at", "last_at")
    list_select_related = ("account", "shop")
    search_fields = ("number",)


@admin.register(OrderPayload)
class OrderPayloadAdmin(ReadMostlyAdmin):
    list_display = ("number", "shop", "source", "received_at")
    list_filter = ("source",)
    list_select_related = ("shop",)
    search_fields = ("number",)
    hidden = ("body", "digest")
