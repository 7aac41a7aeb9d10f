"""What a token may be used for: one area of the shop's work, to look or to act."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from merchant.people.rights import Right


class ApiScope(models.TextChoices):
    """`write` is for the verbs of an area; it never gives what the person's role does not."""

    ORDERS_READ = "orders:read", _("see orders and imports")
    ORDERS_WRITE = "orders:write", _("import, note, flag, take and re-address orders")
    CUSTOMERS_READ = "customers:read", _("see customers")
    CUSTOMERS_WRITE = "customers:write", _("say whose customer a buyer is")
    PARCELS_READ = "parcels:read", _("see parcels and their tracks, have a track read again")
    CASES_READ = "cases:read", _("see after-sale cases")
    CASES_WRITE = "cases:write", _("open and decide after-sale cases")
    INTERCEPTIONS_READ = "interceptions:read", _("see interceptions")
    INTERCEPTIONS_WRITE = "interceptions:write", _("withdraw and settle interceptions, enter the courier's bill")
    REFUNDS_READ = "refunds:read", _("see refunds")
    REFUNDS_WRITE = "refunds:write", _("approve, release and pay out refunds")
    RETURNS_READ = "returns:read", _("see parcels that came home and inspections")
    RETURNS_WRITE = "returns:write", _("receive, match and inspect parcels")
    CLAIMS_READ = "claims:read", _("see claims on couriers")
    CLAIMS_WRITE = "claims:write", _("draft, file and settle claims on couriers")
    STOCK_READ = "stock:read", _("see products and stock")
    STOCK_WRITE = "stock:write", _("keep products, listings and warehouses, count, transfer and take in stock")
    STATEMENTS_READ = "statements:read", _("see statements and differences")
    STATEMENTS_WRITE = "statements:write", _("upload statements and settle differences")
    NOTICES_READ = "notices:read", _("see what one was told")
    NOTICES_WRITE = "notices:write", _("mark notices as read")


S, R = ApiScope, Right
# A scope is open to whoever holds one of these rights in the shop; to look takes no more than seeing the shop.
RIGHTS_OF_SCOPE: dict[str, tuple[Right, ...]] = {
    S.ORDERS_WRITE: (R.IMPORT_ORDERS, R.REMARK_ORDER, R.AGREE_CASE, R.EDIT_ADDRESS),
    S.CUSTOMERS_WRITE: (R.ASSIGN_WORK,),
    S.CASES_WRITE: (R.AGREE_CASE, R.REFUSE_CASE, R.SUBMIT_INTERCEPTION, R.RELEASE_REFUND),
    S.INTERCEPTIONS_WRITE: (R.SUBMIT_INTERCEPTION, R.WITHDRAW_INTERCEPTION, R.SETTLE_STATEMENT),
    S.REFUNDS_WRITE: (R.AGREE_CASE, R.APPROVE_REFUND, R.RELEASE_REFUND, R.OFFLINE_PAYOUT),
    S.RETURNS_WRITE: (R.RECEIVE_PARCEL, R.AGREE_CASE),
    S.CLAIMS_WRITE: (R.DRAFT_CLAIM, R.FILE_CLAIM, R.BOOK_CLAIM),
    S.STOCK_WRITE: (R.RECEIVE_PARCEL, R.EDIT_COST, R.EDIT_CATALOG, R.COUNT_STOCK, R.APPROVE_STOCK),
    S.STATEMENTS_WRITE: (R.SETTLE_STATEMENT,),
    S.NOTICES_WRITE: (R.SEE_ORDERS,),
}
