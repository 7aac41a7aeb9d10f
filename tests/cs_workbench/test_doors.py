"""Every address of the house × every role, a stranger and nobody: what each gets, written down by hand.

A refused POST says its rule's code in a sentence on the next page and changes nothing. A GET changes nothing at all.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from aftersales.decisions import services as cases
from aftersales.returns.services import keep_unknown_parcel, receive_parcel
from aftersales.statements.models import Difference, StatementFile
from cs_workbench.replies.models import QuickReply
from logistics.claims.services import draft_claim
from merchant.attachments.models import Purpose
from merchant.attachments.services import attach, read_files
from merchant.catalog.services import ensure_sku
from merchant.clock import SHANGHAI, now
from merchant.errands import services as errands
from merchant.errands.models import Errand
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxTask
from merchant.jobs.models import Job
from merchant.people.models import Membership, Role
from merchant.people.rights import ROLES, ensure_default_roles
from merchant.platforms.sandbox import accounts as sandbox
from merchant.shops.models import Agreement
from merchant.stock import counting, purchases, transfers, warehouses
from merchant.stock.services import Change, move_stock
from merchant.vault.models import PiiReveal
from merchant.vault.quota import ask_quota
from orders.assignment.models import AssignmentRule
from orders.buyers.models import Buyer
from orders.intake import jobs
from orders.reservation.models import Shortage
from tests.aftersales.factories import case_of, intercepting, own_shop, refund_of, shipped_order
from tests.logistics.factories import account_of, make_package
from tests.merchant.api_client import make_api_token
from tests.merchant.factories import make_courier_account, make_shop, make_user, photo_upload
from tests.orders.factories import make_order
from tests.orders.test_importer import sheet

pytestmark = pytest.mark.django_db
A, S, W, F, OWNER, P = "agent", "supervisor", "warehouse", "finance", "owner", "platform_admin"
EVERYBODY = (A, S, W, F, OWNER, P)
DESK = (A, S, OWNER)

# --- reading ----------------------------------------------------------------------------------------------------------
# name: (arguments, who gets 200); every other role of the shop gets 404. The stranger sees lists, empty of our rows.
LISTS = {
    "desk": EVERYBODY,
    "desk_pulse": EVERYBODY,
    "orders": EVERYBODY,
    "interceptions": EVERYBODY,
    "review_list": EVERYBODY,
    "review_report": EVERYBODY,
    "assign_list": EVERYBODY,
    "confirm_list": EVERYBODY,
    "interceptions_effect": EVERYBODY,
    "interception_queues": EVERYBODY,
    "claims": EVERYBODY,
    "damage_rate": EVERYBODY,
    "warehouse": EVERYBODY,
    "stock": EVERYBODY,
    "stock_papers": EVERYBODY,
    "warehouse_list": EVERYBODY,
    "listings": EVERYBODY,
    "shortages": EVERYBODY,
    "replenish": EVERYBODY,
    "refunds": EVERYBODY,
    "statements": EVERYBODY,
    "quota": (*DESK, P),
    "rules": EVERYBODY,
    "bulk_list": EVERYBODY,
    "replies": EVERYBODY,
    "board": DESK,
    "board_cases": DESK,
    "board_orders": DESK,
    "team": (S, OWNER),
    "settings": EVERYBODY,
    "start": EVERYBODY,
    # A POST there and at staff_add shows somebody's way in, this once (test_staff).
    "shop_add": EVERYBODY,
    "api_reference": EVERYBODY,
    "import_list": EVERYBODY,
    "import_template": EVERYBODY,
    "go": EVERYBODY,
    "help": EVERYBODY,
    "notices": EVERYBODY,
    "password_change": EVERYBODY,
    "second_factor": EVERYBODY,
    "ops": (S, F, OWNER, P),
    "couriers": (S, F, OWNER, P),
    "messages": (S, F, OWNER, P),
}
PAGES = {
    "desk_case": EVERYBODY,
    "desk_order": EVERYBODY,
    "desk_cards": EVERYBODY,
    "case_detail": EVERYBODY,
    "order_detail": EVERYBODY,
    "product_detail": EVERYBODY,
    "order_address": EVERYBODY,
    "assignment_rules": EVERYBODY,
    "team_hand_over": (S, OWNER),
    "parcel_detail": EVERYBODY,
    "interception_detail": EVERYBODY,
    "reply_add": EVERYBODY,
    "reply_edit": EVERYBODY,
    "claim_detail": EVERYBODY,
    "inspection_detail": EVERYBODY,
    "return_parcel": EVERYBODY,
    "sku_detail": EVERYBODY,
    "sku_add": EVERYBODY,
    "sku_edit": EVERYBODY,
    "stock_paper_new": EVERYBODY,
    "stocktake_detail": EVERYBODY,
    "transfer_detail": EVERYBODY,
    "purchase_detail": EVERYBODY,
    "warehouse_add": EVERYBODY,
    "warehouse_edit": EVERYBODY,
    "goods_file_new": EVERYBODY,
    "goods_file": EVERYBODY,
    "goods_export": EVERYBODY,
    "refund_detail": EVERYBODY,
    "message_detail": (S, F, OWNER, P),
    "agreement": EVERYBODY,
    "accounts": EVERYBODY,
    "courier_account_add": EVERYBODY,
    "courier_account_edit": EVERYBODY,
    "courier_connection": EVERYBODY,
    "platform_connection": EVERYBODY,
    "platform_account_add": EVERYBODY,
    "platform_account_edit": EVERYBODY,
    "policy": EVERYBODY,
    "shop_edit": EVERYBODY,
    "staff": EVERYBODY,
    "roles": EVERYBODY,
    "role_add": EVERYBODY,
    "role_edit": EVERYBODY,
    "staff_add": EVERYBODY,
    "staff_member": EVERYBODY,
    # A POST here makes a token of one's own (test_token_pages).
    "api_tokens": EVERYBODY,
    # An import holds every customer: not for who sees only their own (test_scope).
    "import_detail": (S, W, F, OWNER, P),
    "attachment": EVERYBODY,
    "attachment_thumb": EVERYBODY,
    "import_progress": (S, W, F, OWNER, P),
    "import_report": (S, W, F, OWNER, P),
    # A POST there gives the file a layout (test_mapping_page).
    "import_columns": (S, W, F, OWNER, P),
    # One's own runs; whoever looks after jobs sees the shop's.
    "bulk_detail": (A, S, OWNER, P),
    "bulk_progress": (A, S, OWNER, P),
}

# --- writing ----------------------------------------------------------------------------------------------------------
# (name, verb): who may. "" is done; a code is what even they are told in the world below, for its state and not for
# their role. Whoever is not named is told RIGHT.
VERBS: dict[tuple[str, str], dict[str, str]] = {
    ("desk_verb", "intercept"): dict.fromkeys(DESK, ""),
    ("desk_verb", "agree"): dict.fromkeys(DESK, ""),
    ("desk_verb", "refuse"): dict.fromkeys(DESK, ""),
    ("desk_verb", "propose"): dict.fromkeys(DESK, ""),
    ("desk_verb", "stop-in-house"): dict.fromkeys(DESK, "E11"),
    ("desk_verb", "withdraw"): dict.fromkeys(EVERYBODY, "NO_INTERCEPTION"),
    ("desk_verb", "clear-alarm"): dict.fromkeys(DESK, "NO_ALARM"),
    ("desk_verb", "ship-back"): dict.fromkeys(DESK, "CASE_STATE"),
    ("desk_verb", "settle-return"): dict.fromkeys(DESK, "CASE_STATE"),
    # Re-reading a fresh track is nothing but looking.
    ("desk_verb", "recheck"): dict.fromkeys(EVERYBODY, ""),
    ("desk_order_verb", "note"): dict.fromkeys((*DESK, W), ""),
    # The order of this world has an open case.
    ("desk_order_verb", "apply"): dict.fromkeys(DESK, "OPEN_CASE"),
    # The same four beside the panes; the order of this world has been shipped, nobody stands above the owner.
    ("desk_verb", "claim"): dict.fromkeys(DESK, ""),
    ("desk_verb", "hand-over"): dict.fromkeys(DESK, ""),
    ("desk_verb", "escalate"): {A: "", S: "", OWNER: "TOP"},
    ("desk_verb", "release"): dict.fromkeys(DESK, "FREE"),
    ("desk_order_verb", "claim"): dict.fromkeys(DESK, "ORDER_STATE"),
    ("desk_order_verb", "hand-over"): dict.fromkeys(DESK, "ORDER_STATE"),
    ("case_assign", "claim"): dict.fromkeys(DESK, ""),
    ("case_assign", "hand-over"): dict.fromkeys(DESK, ""),
    # Nobody stands above the owner.
    ("case_assign", "escalate"): {A: "", S: "", OWNER: "TOP"},
    ("case_assign", "release"): dict.fromkeys(DESK, "FREE"),
    # The order of this world has been shipped.
    ("order_assign", "claim"): dict.fromkeys(DESK, "ORDER_STATE"),
    ("order_assign", "hand-over"): dict.fromkeys(DESK, "ORDER_STATE"),
    # What each does in review and after it is proven where an order stands there (tests/orders/test_review.py).
    **{
        ("review_verb", verb): dict.fromkeys((S, OWNER), "ORDER_STATE")
        for verb in ("pass", "reject", "ask", "accept", "again")
    },
    ("review_verb", "hold"): dict.fromkeys((*DESK, W), "ORDER_STATE"),
    ("assign_order", ""): dict.fromkeys((S, OWNER), "ORDER_STATE"),
    **{("confirm_verb", verb): dict.fromkeys(DESK, "ORDER_STATE") for verb in ("confirm", "no-answer", "return")},
    ("assignment_rule_verb", "raise"): {OWNER: "", P: ""},
    ("assignment_rule_verb", "remove"): {OWNER: "", P: ""},
    ("customer_account_owner", ""): {S: "", OWNER: ""},
    ("team_hand_over_all", ""): {S: "", OWNER: ""},
    ("order_note", ""): dict.fromkeys((*DESK, W), ""),
    ("order_person", ""): {OWNER: ""},
    ("bulk_verb", "stop"): dict.fromkeys((A, S, OWNER, P), ""),
    ("bulk_verb", "resume"): dict.fromkeys((A, S, OWNER, P), "JOB"),
    ("bulk_verb", "undo"): {A: "UNDO", S: "UNDO", OWNER: "UNDO"},
    ("order_flag", ""): dict.fromkeys((*DESK, W), ""),
    # The reply of this world is the shop's, alone in its list; copying it is open to whoever writes to buyers.
    ("reply_verb", "up"): {S: "", OWNER: ""},
    ("reply_verb", "down"): {S: "", OWNER: ""},
    ("reply_verb", "off"): {S: "", OWNER: ""},
    ("reply_verb", "on"): {S: "", OWNER: ""},
    ("reply_verb", "delete"): {S: "SHARED", OWNER: "SHARED"},
    ("reply_verb", "used"): dict.fromkeys((*DESK, W), ""),
    ("reply_defaults", ""): {S: "", OWNER: ""},
    ("parcel_refresh", ""): dict.fromkeys(EVERYBODY, ""),
    # The parcel of this world is on its way: nothing to print.
    ("parcel_print", ""): dict.fromkeys((S, W, OWNER), "PARCEL"),
    ("interception_verb", "withdraw"): dict.fromkeys(DESK, ""),
    ("interception_verb", "confirm"): dict.fromkeys(DESK, ""),
    ("interception_verb", "fail"): dict.fromkeys(DESK, ""),
    ("interception_verb", "receive"): {W: ""},
    ("interception_verb", "give-up"): dict.fromkeys(DESK, "INT-STATE"),
    ("interception_bill", ""): {F: "", OWNER: ""},
    ("claim_draft", ""): dict.fromkeys((*DESK, W), ""),
    ("claim_verb", "file"): dict.fromkeys(DESK, ""),
    ("claim_verb", "edit"): dict.fromkeys((*DESK, W), ""),
    ("claim_verb", "photos"): dict.fromkeys((*DESK, W), "PHOTOS"),
    ("claim_verb", "accept"): dict.fromkeys(DESK, "CLAIM-STATE"),
    ("claim_verb", "reject"): dict.fromkeys(DESK, "CLAIM-STATE"),
    ("claim_verb", "appeal"): dict.fromkeys(DESK, "CLAIM-STATE"),
    ("claim_verb", "pay"): dict.fromkeys((S, F, OWNER), "CLAIM-STATE"),
    ("claim_verb", "close"): dict.fromkeys((*DESK, F), "CLAIM-STATE"),
    ("claim_verb", "give-up"): dict.fromkeys((S, F, OWNER), ""),
    ("claim_verb", "withdraw"): dict.fromkeys((S, F, OWNER), ""),
    ("warehouse_scan", ""): {W: ""},
    ("warehouse_keep", ""): {W: ""},
    ("return_match", ""): dict.fromkeys((*DESK, W), ""),
    ("sku_verb", "cost"): {F: "", OWNER: ""},
    ("sku_verb", "bin"): {W: ""},
    # The sheet of this world has a line that nobody counted.
    ("stocktake_verb", "count"): {W: ""},
    ("stocktake_verb", "add"): {W: ""},
    ("stocktake_verb", "file"): {W: "STOCKTAKE"},
    ("stocktake_verb", "approve"): {F: "STOCKTAKE", OWNER: "STOCKTAKE"},
    ("stocktake_verb", "recount"): {F: "STOCKTAKE", OWNER: "STOCKTAKE"},
    ("stocktake_verb", "discard"): {W: ""},
    ("transfer_verb", "receive"): {W: ""},
    ("purchase_verb", "receive"): {W: ""},
    ("purchase_verb", "end"): {W: "", OWNER: ""},
    ("warehouse_verb", "bin"): {W: ""},
    ("listing_match", ""): {W: "", OWNER: ""},
    ("listings_match_by_code", ""): {W: "", OWNER: ""},
    # The refund waits for a second person; the agent of this world asked for it.
    ("refund_verb", "approve"): {S: "", F: "", OWNER: "", A: "RIGHT"},
    ("refund_verb", "reject"): {A: "", F: "", OWNER: ""},
    ("refund_verb", "release"): dict.fromkeys(EVERYBODY, "REFUND_STATE"),
    ("refund_verb", "ask"): {F: "REFUND_STATE"},
    ("refund_verb", "replace"): dict.fromkeys(EVERYBODY, "REFUND_STATE"),
    ("refund_verb", "adopt"): dict.fromkeys(EVERYBODY, "REFUND_STATE"),
    ("refund_verb", "payout"): dict.fromkeys(EVERYBODY, "REFUND_STATE"),
    ("refund_verb", "confirm"): dict.fromkeys(EVERYBODY, "REFUND_STATE"),
    ("refund_verb", "refuse-payout"): dict.fromkeys(EVERYBODY, "NO_PAYOUT"),
    ("refund_verb", "ask-buyer"): dict.fromkeys(EVERYBODY, "REFUND_STATE"),
    ("refund_verb", "answer"): dict.fromkeys(EVERYBODY, "REFUND_STATE"),
    # Nothing of this world waits for funds.
    ("refund_funds", ""): {F: "FUNDS"},
    ("payback_request_verb", "record"): dict.fromkeys((*DESK, F), ""),
    ("payback_request_verb", "grant"): dict.fromkeys(EVERYBODY, "NO_WISH"),
    # The file of this world has been read, its account is asked for a day that is not chosen, its difference is open.
    ("statement_take", ""): dict.fromkeys(EVERYBODY, "FILE"),
    ("statement_pull", ""): dict.fromkeys(EVERYBODY, "DAY"),
    ("statement_again", ""): {F: "FILE", OWNER: "FILE"},
    ("difference_verb", "ask"): {F: "REFUND_STATE", OWNER: "REFUND_STATE"},
    ("difference_verb", "explain"): {F: "", OWNER: ""},
    ("difference_verb", "file"): {F: "", OWNER: ""},
    ("difference_verb", "confirm"): {F: "WRITE_OFF", OWNER: "WRITE_OFF"},
    ("quota_ask", ""): dict.fromkeys(DESK, ""),
    # The agent's request of this world still waits for the owner.
    ("quota_verb", "apply"): {OWNER: ""},
    ("quota_verb", "approve"): {P: "QUOTA_STATE"},
    ("quota_verb", "refuse"): {OWNER: ""},
    ("message_retry", ""): {S: "", OWNER: "", P: ""},
    ("account_verb", "pause"): {S: "", OWNER: "", P: ""},
    ("account_verb", "resume"): {S: "", OWNER: "", P: ""},
    ("account_verb", "poll"): {S: "", OWNER: "", P: ""},
    ("account_verb", "retry"): {S: "", OWNER: "", P: ""},
    # The account of this world pays and has nothing to pull.
    ("platform_pull", ""): {S: "ACCOUNT", OWNER: "ACCOUNT", P: "ACCOUNT"},
    ("agreement_sign", ""): {OWNER: "SIGNED"},
    ("agreement_revoke", ""): {OWNER: ""},
    ("push_token_renew", ""): {OWNER: "", P: ""},
    ("courier_connection_test", ""): {OWNER: "", P: ""},
    ("platform_connection_test", ""): {OWNER: "", P: ""},
    ("start_step", "skip"): {OWNER: "", P: ""},
    ("start_step", "resume"): {OWNER: "", P: ""},
    # The member of this world works there, and has work that only the owner hands out.
    ("staff_deactivate", ""): {OWNER: "", P: "RIGHT"},
    ("staff_second_factor", ""): {OWNER: "", P: ""},
    ("staff_reactivate", ""): {OWNER: "ACTIVE", P: "ACTIVE"},
    # The agent's own.
    ("api_token_revoke", ""): {A: "", OWNER: "", P: ""},
    ("pictures_retry", ""): {S: "PICTURES", OWNER: "PICTURES", P: "PICTURES"},
    ("errand_retry", ""): dict.fromkeys(EVERYBODY, ""),
    ("import_retry", ""): {S: "JOB", OWNER: "JOB"},
    ("import_stop", ""): {S: "", OWNER: ""},
}
# Pages that show a form and take it: who may send it. The others see the page again with the sentence.
FORMS: dict[str, tuple[str, ...]] = {
    "courier_account_add": (OWNER, P),
    "courier_account_edit": (OWNER, P),
    "platform_account_add": (OWNER, P),
    "platform_account_edit": (OWNER, P),
    "policy": (OWNER, P),
    "assignment_rules": (OWNER, P),
    "shop_edit": (OWNER, P),
    "staff_member": (OWNER, P),
    "role_add": (OWNER, P),
    "role_edit": (OWNER, P),
    "sku_add": (W, OWNER),
    "sku_edit": (W, OWNER),
    "stock_paper_new": (W,),
    "warehouse_add": (W, OWNER),
    "warehouse_edit": (W, OWNER),
    "goods_file_new": (W, OWNER),
    "reply_add": (*DESK, W),
    "reply_edit": (S, OWNER),
    "import_list": (S, OWNER),
    "inspection_detail": (W,),
    "order_address": DESK,
    "bulk_start": (*DESK, W),
}
# A page that a form leads to: the look changes nothing.
LOOKS = {"bulk_preview": EVERYBODY}
# Their scans name no shop: a stranger is told what anybody without the right is told.
SHOPLESS = ("warehouse_scan", "warehouse_keep")
REVEAL = dict.fromkeys(DESK, "")
# A file is the answer where nothing is refused.
FILES = ("order_person",)
# Without a login, or with rules of their own; the push doors are proven in their rooms.
APART = {
    "home": 302,
    "health": 200,
    "api_document": 200,
    "api_unknown": 404,
    "set_language": 302,
    "first_account": 302,
    "login": 200,
    "invitation": 200,
    # Shows a way in, this once (test_staff).
    "staff_reset": 302,
    # How one likes to work oneself (test_hands).
    "preferences": 302,
    # One's own second step (test_second_factor).
    "second_factor_ask": 302,
    "second_factor_begin": 302,
    "second_factor_confirm": 302,
    "second_factor_codes": 302,
    "second_factor_off": 302,
    "logout": 405,
    "platform_push": 405,
    "courier_push": 405,
    "buyer_page": 404,
    "buyer_picture": 404,
    # Says goodbye to colleagues; touches no row.
    "desk_leave": 302,
    # Several orders at once, each by its own verb and policy (tests/cs_workbench/test_review_pages.py).
    "review_bulk": 302,
    # Whether errands are over; says nothing else of them.
    "errands_over": 302,
    # What one was told oneself (tests/merchant/test_notices.py).
    "notice_open": 302,
    "notices_read": 302,
}


@pytest.fixture
def world(platform: Any, sign_in: Any) -> SimpleNamespace:
    """One shop with a row behind every address, its six roles, and the owner of another shop."""
    shop, other = own_shop(), make_shop()
    people = {role: make_user(role, shop) for role in ROLES}
    stranger = make_user("owner", other)
    case = case_of(platform, shop)
    stopped = intercepting(case_of(platform, shop))
    large = cases.agree_case(case_of(platform, shop, nets=(30_000,)), by=people[A])
    account = account_of(shop, "zto")
    message = inbox.receive("courier:zto", shop=shop, account_id=account.pk, headers={}, body=b"{}")
    InboxTask.objects.filter(pk=message.pk).update(is_parked=True, attempts=5)
    job = jobs.start_import(shop, [("a.csv", sheet(1))], by=people[OWNER])
    unsent = make_order(shop, state="to_fulfil")
    run = Job.objects.create(
        shop=shop, number="BK1", kind="bulk", options={"verb": "flag", "entries": []}, by=people[A]
    )
    package = stopped.package
    case.refresh_from_db()
    of_case, of_stop = [shop.pk, case.number], [shop.pk, stopped.number]
    of_refund, of_order = [shop.pk, refund_of(large).number], [shop.pk, case.order.number]
    of_parcel = [shop.pk, package.courier, package.waybill]
    claim = draft_claim(package, by=None, cause="lost", loss_fen=8800, basis="paid_by_buyer", interception=stopped)
    of_claim = [shop.pk, claim.number]
    paid_by = shop.platform_accounts.get()
    statement = StatementFile.objects.create(shop=shop, name="a.csv", digest="1", channel="wechat_pay", state="read")
    difference = Difference.objects.create(
        shop=shop, channel="wechat_pay", kind="unknown", document="F1", book_date="2026-11-20", theirs_fen=5, ours_fen=0
    )
    home = receive_parcel(make_package(order=shipped_order(platform, shop), state="refused"), by=None)
    lost = keep_unknown_parcel(shop, waybill="SF1", courier="sf", note="", by=None)
    sku = ensure_sku(shop.pk, code="CUP", title="杯")
    [move] = move_stock(shop.pk, [Change(sku, 1)], kind="returned", document="QC1", by=None)
    place, far = move.stock.warehouse, warehouses.add_warehouse(shop.pk, code="far", name="远仓", by=None)
    counted = counting.open_stocktake(place, by=people[W])
    lid = ensure_sku(shop.pk, code="LID", title="盖")
    move_stock(shop.pk, [Change(lid, 5)], kind="returned", document="QC2", by=None)
    transfer = transfers.send_transfer(place, far, units=[(lid, 1)], by=None)
    purchase = purchases.open_purchase(place, supplier="景德镇", units=[(lid, 2, None)], by=None)
    lacking = Shortage.objects.create(shop=shop, order=unsent, line_no=1, missing=1, lack="unmatched")
    goods = Job.objects.create(shop=shop, number="JB1", kind="goods", state="done", by=people[W])
    papers = SimpleNamespace(
        place=place, far=far, sheet=counted.lines.get(), transfer=transfer.lines.get(), purchase=purchase.lines.get()
    )
    reply = QuickReply.objects.create(shop=shop, title="您好", text="您好 {buyer}")
    [photo] = attach(case, read_files([photo_upload()]), by=None, purpose=Purpose.PHOTO)
    request = ask_quota(shop, by=make_user(A, shop), wanted=20, reason="回访")
    token, _secret = make_api_token(people[A], shop)
    errand = errands.submit("parcel.refresh", package, by=people[OWNER])
    Errand.objects.filter(pk=errand.pk).update(state="failed", finished_at=now())
    # A customer and a member nothing else of this world is about.
    colleague_buyer = Buyer.objects.create(shop=shop, external_id="buyer-2", nickname="小满")
    member = Membership.objects.get(shop=shop, user=people[A])
    own_role = Role.objects.create(shop=shop, slug="night", name="夜班", rights=["see_orders"])
    rule = AssignmentRule.objects.create(shop=shop, position=1, name="四川单")
    arguments = {
        "review_verb": of_order,
        "assign_order": of_order,
        "confirm_verb": of_order,
        "assignment_rules": [shop.pk],
        "assignment_rule_verb": [shop.pk, rule.pk],
        "desk_case": of_case,
        "desk_verb": of_case,
        "desk_order": of_order,
        "desk_order_verb": of_order,
        "desk_cards": [shop.pk, case.order.buyer_id],
        "case_detail": of_case,
        "case_assign": of_case,
        "order_assign": of_order,
        "customer_account_owner": [shop.pk, colleague_buyer.pk],
        "team_hand_over": [member.pk],
        "team_hand_over_all": [member.pk],
        "order_detail": of_order,
        "order_note": of_order,
        "order_person": of_order,
        "order_flag": of_order,
        "reply_add": [shop.pk],
        "reply_edit": [shop.pk, reply.pk],
        "reply_verb": [shop.pk, reply.pk],
        "reply_defaults": [shop.pk],
        "reveal": [*of_order, "phone"],
        "product_detail": [shop.pk, case.order.lines.get().listing_id],
        "parcel_detail": of_parcel,
        "parcel_refresh": of_parcel,
        "parcel_print": of_parcel,
        "errand_retry": [shop.pk, errand.number],
        "pictures_retry": [shop.pk],
        "interception_detail": of_stop,
        "interception_verb": of_stop,
        "interception_bill": of_stop,
        "claim_detail": of_claim,
        "claim_verb": of_claim,
        "inspection_detail": [shop.pk, home.inspection.number],
        "return_parcel": [shop.pk, home.number],
        "return_match": [shop.pk, lost.number],
        "sku_detail": [shop.pk, sku.pk],
        "sku_add": [shop.pk],
        "sku_edit": [shop.pk, sku.pk],
        "stock_papers": ["counts"],
        "stock_paper_new": [shop.pk, "count"],
        "stocktake_detail": [shop.pk, counted.number],
        "stocktake_verb": [shop.pk, counted.number],
        "transfer_detail": [shop.pk, transfer.number],
        "transfer_verb": [shop.pk, transfer.number],
        "purchase_detail": [shop.pk, purchase.number],
        "purchase_verb": [shop.pk, purchase.number],
        "warehouse_add": [shop.pk],
        "warehouse_edit": [shop.pk, far.pk],
        "warehouse_verb": [shop.pk, far.pk],
        "listing_match": [shop.pk, unsent.lines.get().listing_id],
        "listings_match_by_code": [shop.pk],
        "shortage": [shop.pk, lacking.pk],
        "goods_file_new": [shop.pk],
        "goods_file": [goods.number],
        "goods_export": [shop.pk],
        "sku_verb": [shop.pk, sku.pk],
        "refund_detail": of_refund,
        "refund_verb": of_refund,
        "refund_funds": [shop.pk, "wechat_pay"],
        "payback_request_verb": of_case,
        "statement_pull": [paid_by.pk],
        "statement_again": [statement.pk],
        "difference_verb": [difference.pk],
        "attachment": [photo.pk],
        "attachment_thumb": [photo.pk],
        "quota_ask": [shop.pk],
        "quota_verb": [request.pk],
        "message_detail": [message.pk],
        "message_retry": [message.pk],
        "account_verb": [account.pk],
        "platform_pull": [paid_by.pk],
        "agreement": [shop.pk],
        "agreement_sign": [shop.pk],
        "agreement_revoke": [shop.pk, Agreement.objects.get(shop=shop).pk],
        "accounts": [shop.pk],
        "courier_account_add": [shop.pk],
        "courier_account_edit": [shop.pk, account.pk],
        "courier_connection": [shop.pk, account.pk],
        "courier_connection_test": [shop.pk, account.pk],
        "platform_connection_test": [shop.pk, paid_by.pk],
        "platform_connection": [shop.pk, paid_by.pk],
        "platform_account_add": [shop.pk],
        "platform_account_edit": [shop.pk, paid_by.pk],
        "push_token_renew": [shop.pk, "courier", account.pk],
        "policy": [shop.pk],
        "start_step": [shop.pk, "staff"],
        "shop_edit": [shop.pk],
        "staff": [shop.pk],
        "roles": [shop.pk],
        "role_add": [shop.pk],
        "role_edit": [shop.pk, own_role.pk],
        "staff_add": [shop.pk],
        "staff_member": [shop.pk, member.pk],
        "staff_deactivate": [shop.pk, member.pk],
        "staff_reactivate": [shop.pk, member.pk],
        "staff_second_factor": [shop.pk, member.pk],
        "api_tokens": [shop.pk],
        "api_token_revoke": [shop.pk, token.pk],
        "order_address": [shop.pk, unsent.number],
        "bulk_preview": [shop.pk, "flag"],
        "bulk_start": [shop.pk, "flag"],
        "bulk_detail": [run.number],
        "bulk_progress": [run.number],
        "bulk_verb": [run.number],
        "import_detail": [job.number],
        "import_progress": [job.number],
        "import_report": [job.number],
        "import_columns": [job.number],
        "import_retry": [job.number],
        "import_stop": [job.number],
    }
    clients = {role: sign_in(person) for role, person in people.items()} | {"stranger": sign_in(stranger)}
    return SimpleNamespace(
        shop=shop,
        case=case,
        unsent=unsent,
        package=package,
        stock=move.stock,
        papers=papers,
        arguments=arguments,
        clients=clients,
        people=people,
    )


def address(world: SimpleNamespace, name: str, verb: str = "") -> str:
    return reverse(name, args=[*world.arguments.get(name, []), *([verb] if verb else [])])


def told(world: SimpleNamespace, name: str, verb: str) -> dict[str, Any]:
    """What the page of this verb would send."""
    sent: dict[str, Any] = {
        "reason": "no_reason",
        "text": "电话已打",
        "minutes": "60",
        "amount": "10.00",
        "channel": "phone",
    }
    if (name, verb) == ("desk_verb", "refuse"):
        sent |= {"reason": "other", "evidence": "note"}
    if name == "desk_verb":
        sent["version"] = world.case.version
    if verb == "apply":
        sent["kind"] = "refund_only_shipped"
    sent |= {"flag": "2"} if name == "order_flag" else {}
    sent |= {"size": "76x130", "paper": "both"} if name == "parcel_print" else {}
    sent |= {"order": world.case.order.number, "cost": "45.00", "stock": world.stock.pk, "bin": "A-01"}
    sent |= {"shop": world.shop.pk, "note": "查清了", "wanted": "20", "answer": "先打虚拟号"}
    sent |= {"fee": "3", "freight": "4.5", "waybill": world.package.waybill, "cause": "short", "basis": "other"}
    sent |= {"loss": "10", "agreed": "1", "paid": "1", "through": "portal" if verb == "file" else "transfer"}
    sent |= {"reference": "GD-1"} if name == "claim_verb" else {}
    sent |= {"number": "4200000001"} if verb == "adopt" else {}
    if verb == "payout":
        sent |= {"method": "bank", "reference": "BK-1", "paid_on": f"{now().astimezone(SHANGHAI):%Y-%m-%d}"}
        sent |= {"amount": "300.00", "proofs": photo_upload()}
    if verb in ("hand-over", "escalate") or name in ("customer_account_owner", "team_hand_over_all"):
        sent |= {"to": "" if verb == "escalate" else world.people[OWNER if name == "team_hand_over_all" else S].pk}
    sent |= {"to": world.people[OWNER].pk} if name == "staff_deactivate" else {}
    if name in ("stocktake_verb", "transfer_verb", "purchase_verb", "warehouse_verb", "listing_match"):
        papers = world.papers
        sent |= {f"count-{papers.sheet.pk}": "1", f"came-{papers.transfer.pk}": "1", "seen": "0", "code": "LID"}
        sent |= {"path_order": "5"} if name == "warehouse_verb" else {}
        if name == "purchase_verb":
            del sent[f"came-{papers.transfer.pk}"]
            sent[f"came-{papers.purchase.pk}"] = "1"
    if name == "payback_request_verb":
        sent |= {"way": "offline", "shown": "1"}
    return sent


def fingerprint() -> dict[str, str]:
    """Every row of our own rooms, one digest a table, in one question. Looking at personal data leaves its audit row, by
    design."""
    tables = {
        model._meta.label: connection.ops.quote_name(model._meta.db_table)
        for model in apps.get_models()
        if model._meta.app_label in ROOMS and model is not PiiReveal
    }
    digest = "SELECT '{}', md5(string_agg(found::text, chr(10) ORDER BY found::text)) FROM {} AS found"
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(digest.format(label, table) for label, table in tables.items()))
        return dict(cursor.fetchall())


def changes(before: dict[str, str]) -> list[str]:
    return [label for label, digest in fingerprint().items() if digest != before[label]]


ROOMS = ("merchant", "orders", "logistics", "aftersales", "cs_workbench")


def refusals(answer: Any) -> list[str]:
    """The codes of the sentences the next page will show."""
    return [(one.extra_tags or "") for one in get_messages(answer.wsgi_request) if one.level_tag == "error"]


class Undone:
    """What happens inside is taken back, without opening a transaction that `durable` services would see."""

    def __enter__(self) -> None:
        self.point = transaction.savepoint()

    def __exit__(self, *_: object) -> None:
        transaction.savepoint_rollback(self.point)


def named() -> Iterator[str]:
    def walk(patterns: Any) -> Iterator[str]:
        for entry in patterns:
            if hasattr(entry, "url_patterns"):
                if entry.app_name != "admin":
                    yield from walk(entry.url_patterns)
            elif entry.name and not hasattr(entry.callback, "cls"):
                # The API's own addresses, which have a class, are walked in test_api_doors.
                yield entry.name

    yield from walk(get_resolver().url_patterns)


def test_every_address_stands_in_a_table_above():
    mine = {*LISTS, *PAGES, *FORMS, *LOOKS, *APART, "reveal", *(name for name, _verb in VERBS)}

    assert set(named()) == mine


def each_role() -> Iterator[str]:
    """The roles of the shop and the stranger, each in the same untouched world."""
    for role in (*ROLES, "stranger"):
        with Undone():
            yield role


def test_who_may_look(world):
    seen, expected, written = {}, {}, {}
    for role in each_role():
        for name in (*LISTS, *PAGES):
            with CaptureQueriesContext(connection) as ran:
                answer = world.clients[role].get(address(world, name))
                b"".join(answer.streaming_content) if answer.streaming else answer.content
            seen[role, name] = answer.status_code
            writes = [one["sql"] for one in ran if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
            if writes := [sql for sql in writes if "django_session" not in sql]:
                written[role, name] = writes
            if role == "stranger":
                expected[role, name] = 200 if name in LISTS else 404
            else:
                expected[role, name] = 200 if role in (LISTS | PAGES)[name] else 404

    assert written == {}
    assert seen == expected


def test_nobody_is_sent_to_the_login_from_everywhere(world):
    nobody, wrong = Client(), {}
    for name in {*LISTS, *PAGES, *FORMS, *LOOKS, "reveal"} | {name for name, _verb in VERBS}:
        verb = next((verb for one, verb in VERBS if one == name), "")
        for method in (nobody.get, nobody.post, nobody.put, nobody.delete):
            # As htmx asks too: a partial is a page.
            for headers in ({}, {"HX-Request": "true"}):
                answer = method(address(world, name, verb), headers=headers)
                if (answer.status_code, answer.get("Location", "").partition("?")[0]) != (302, "/accounts/login/"):
                    wrong[name, method.__name__] = answer.status_code

    assert wrong == {}


def test_what_has_rules_of_its_own_answers_as_written(world):
    seen = {name: Client().get(address_apart(name)).status_code for name in APART}

    assert seen == APART


def address_apart(name: str) -> str:
    args = {
        "invitation": ["MQ", "no-such-token"],
        "buyer_picture": ["no-such-token", 1],
        "staff_reset": [1, 1],
        "notice_open": [1],
    }
    return reverse(
        name, args=args.get(name) or (["no-such-token"] if name.endswith(("_push", "_page", "_unknown")) else [])
    )


# A world for each role: some of its rows must be seconds old.
@pytest.mark.parametrize("role", [*ROLES, "stranger"])
def test_who_may_press_what(world, courier, role):
    client, before, seen, expected, left = world.clients[role], fingerprint(), {}, {}, {}
    for (name, verb), who in VERBS.items():
        # Sentences that nobody has read yet would be read as this verb's.
        client.cookies.pop("messages", None)
        with Undone():
            answer = client.post(address(world, name, verb), told(world, name, verb))
            codes = refusals(answer)
            is_refused = bool(codes) or answer.status_code not in (302, 200 if name in FILES else 302)
            changed = changes(before) if is_refused else []
        seen[name, verb] = (answer.status_code, codes)
        if role == "stranger":
            expected[name, verb] = (302, ["RIGHT"]) if name in SHOPLESS else (404, [])
        elif (
            (name == "message_retry" and role in (A, W))
            or (name == "bulk_verb" and role in (W, F))
            or (name in ("import_retry", "import_stop") and role == A)
        ):
            # Who may not see messages, a colleague's run or an import does not learn that there is one.
            expected[name, verb] = (404, [])
        else:
            code = who.get(role, "RIGHT")
            expected[name, verb] = (200 if name in FILES and not code else 302, [code] if code else [])
        if changed:
            left[name, verb] = changed

    assert left == {}
    assert seen == expected


def test_who_may_send_which_form(world):
    seen = {role: forms_taken(world, role) for role in each_role()}

    expected = {
        role: {name: (302, True) if role in who else NOT_YOURS.get(name, (200, False)) for name, who in FORMS.items()}
        for role in ROLES
    }
    assert seen == {**expected, "stranger": {**dict.fromkeys(FORMS, (404, False)), "import_list": (422, False)}}


# What a form answers to somebody of the shop who may not send it, where that is not the form again.
NOT_YOURS = {
    "policy": (422, False),
    "assignment_rules": (302, False),
    "shop_edit": (422, False),
    "staff_member": (422, False),
    "role_add": (422, False),
    "role_edit": (422, False),
    "import_list": (422, False),
    "inspection_detail": (422, False),
    "order_address": (302, False),
    "bulk_start": (422, False),
}


def forms_taken(world: Any, role: str) -> dict[str, tuple[int, bool]]:
    """What each form answered, and whether it changed anything."""
    client, before, seen = world.clients[role], fingerprint(), {}
    courier = {
        "name": "新名字", "courier": "zto", "customer_code": "C-9", "rate_per_second": 5, "intercept_fee": "3.00",
        "back_freight": "4.50", "is_active": "on", "secret-app_key": "k", "secret-app_secret": "s",
    }  # fmt: skip
    shown = {f"secret-{name}": value for name, value in sandbox.wechat_pay_secrets().items()}
    pay = {"name": "新名字", "app_key": "k", "is_active": "on", **shown}
    signs = {"secret-sign_secret": "s", "secret-access_token": "t"}
    page = client.get(address(world, "policy"))
    rules = {} if page.status_code == 404 else {
        **page.context["form"].initial,
        **{one["code"]: one["value"] for one in page.context["timers"]},
        **{f"{one['code']}-unit": one["unit"] for one in page.context["timers"]},
        "pii_quota_per_day": 7, "reason": "少看", "intercept_limit_fen": "500.00", "second_person_fen": "1000.00",
    }  # fmt: skip
    rules = {name: value for name, value in rules.items() if value not in (None, False)}
    looked = client.post(address(world, "bulk_preview"), {"order": world.unsent.number})
    frozen = looked.context["token"] if looked.status_code == 200 else "none"
    sent = {
        "order_address": {"phone": "13700005678"},
        "bulk_start": {"plan": frozen, "flag": "1"},
        "courier_account_add": {**courier, "customer_code": "C-10"},
        "courier_account_edit": courier,
        "platform_account_add": {**pay, **signs, "platform": "kuaishou"},
        "platform_account_edit": pay,
        "policy": rules,
        "shop_edit": {"name": "新店名", "external_id": "S-9", "state": "normal"},
        "role_add": {"name": "夜班", "rights": ["see_orders"], "scope": "shop"},
        "role_edit": {"name": "晚班", "rights": ["see_orders"], "scope": "own"},
        "assignment_rules": {"name": "云南单", "provinces": "云南"},
        "staff_member": {"display_name": "小苏", "role": ensure_default_roles()["agent"].pk, "limit": "300"},
        "sku_add": {"code": "NEW", "title": "新品"},
        "sku_edit": {"title": "大杯"},
        "stock_paper_new": {"warehouse": world.papers.place.pk},
        "warehouse_add": {"code": "new", "name": "新仓", "priority": "5"},
        "warehouse_edit": {"name": "远远仓", "priority": "5", "is_active": "on"},
        "goods_file_new": {"content": "products", "file": SimpleUploadedFile("g.csv", "商家编码\nA\n".encode())},
        "reply_add": {"title": "在途", "text": "{运单号} 在途"},
        "reply_edit": {"title": "您好", "text": "{buyer} 您好"},
        "inspection_detail": {"outcome": "fine"},
        "import_list": {"shop": world.shop.pk, "profile": "auto", "files": SimpleUploadedFile("a.csv", sheet(1))},
    }
    for name, data in sent.items():
        with Undone():
            answer = client.post(address(world, name), data)
            changed = changes(before)
        seen[name] = (answer.status_code, bool(changed))
    return seen


def test_who_may_look_at_a_bulk_action(world):
    before, seen = fingerprint(), {}
    for role in each_role():
        for verb in ("address", "flag", "intercept"):
            sent = {"order": world.unsent.number}
            answer = world.clients[role].post(reverse("bulk_preview", args=[world.shop.pk, verb]), sent)
            seen[role, verb] = (answer.status_code, changes(before))

    assert seen == {(role, verb): (404 if role == "stranger" else 200, []) for role, verb in seen}
    assert len(seen) == 3 * (len(ROLES) + 1)


def test_who_may_open_a_phone_number(world):
    seen, expected = {}, {}
    for role in each_role():
        answer = world.clients[role].post(address(world, "reveal"))
        plain = "13900001234" in answer.content.decode()
        if role == "stranger":
            seen[role], expected[role] = (answer.status_code, plain), (404, False)
        else:
            refusal = answer.context.get("refusal")
            seen[role] = (answer.status_code, plain, refusal.code if refusal else "", answer["Cache-Control"])
            kept = "max-age=0, no-cache, no-store, must-revalidate, private"
            expected[role] = (200, True, "", kept) if role in REVEAL else (200, False, "RIGHT", kept)

    assert seen == expected


def test_a_verb_is_only_pressed_never_followed(world):
    client, before = world.clients[OWNER], fingerprint()

    seen = {(name, verb): client.get(address(world, name, verb)).status_code for name, verb in VERBS}

    assert seen == dict.fromkeys(VERBS, 405)
    assert client.get(address(world, "reveal")).status_code == 405
    assert fingerprint() == before


def test_no_post_is_taken_without_its_token(world):
    client, before = Client(enforce_csrf_checks=True), fingerprint()
    client.force_login(world.people[OWNER], backend="django.contrib.auth.backends.ModelBackend")
    doors = [*VERBS, *((name, "") for name in (*FORMS, "reveal", "logout", "password_change", "login"))]

    seen = {
        (name, verb): client.post(address(world, name, verb), told(world, name, verb)).status_code
        for name, verb in doors
    }

    assert seen == dict.fromkeys(doors, 403)
    # Django itself writes down when the owner signed in.
    assert changes(before) == ["merchant.User"]


def test_a_person_whose_membership_ended_is_a_stranger_at_once(world):
    Membership.objects.filter(user=world.people[OWNER]).update(is_active=False)

    seen = {name: world.clients[OWNER].get(address(world, name)).status_code for name in PAGES}

    assert seen == dict.fromkeys(PAGES, 404)


def test_an_account_of_another_shop_under_one_s_own_number_is_not_there(world):
    """Both numbers of an address are checked together, not each by itself."""
    own, theirs = make_shop(), make_courier_account(world.shop, "yto", customer_code="X-1")
    client = Client()
    client.force_login(make_user(OWNER, own), backend="django.contrib.auth.backends.ModelBackend")

    seen = [
        client.get(reverse("courier_account_edit", args=[own.pk, theirs.pk])).status_code,
        client.post(reverse("push_token_renew", args=[own.pk, "courier", theirs.pk])).status_code,
        client.get(reverse("order_detail", args=[own.pk, world.case.order.number])).status_code,
        client.get(reverse("refund_detail", args=[own.pk, world.arguments["refund_detail"][1]])).status_code,
    ]

    assert seen == [404, 404, 404, 404]
