"""Every address of the API × every role, a stranger and nobody: what each gets is what the pages give (test_doors).

A refused verb says its rule's code and changes nothing. A look changes nothing at all."""

from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver, reverse

from aftersales.returns.models import Inspection
from merchant.api.resources import Resource
from merchant.clock import SHANGHAI, now
from merchant.people.rights import ROLES
from tests.cs_workbench import test_doors
from tests.cs_workbench.test_doors import OWNER, A, F, P, S, Undone, W, changes, fingerprint
from tests.merchant.api_client import Program, program
from tests.merchant.factories import make_shop, make_user, photo_upload
from tests.orders.test_importer import sheet

pytestmark = pytest.mark.django_db
EVERYBODY = (A, S, W, F, OWNER, P)
world = test_doors.world

# The noun of a resource: the page that shows one of its rows, whose arguments it takes.
ROWS = {
    "case": "case_detail",
    "order": "order_detail",
    "customer": "customer_account_owner",
    "import": "import_detail",
    "parcel": "parcel_detail",
    "interception": "interception_detail",
    "claim": "claim_detail",
    "refund": "refund_detail",
    "return": "return_match",
    "inspection": "inspection_detail",
    "sku": "sku_detail",
    "warehouse": "warehouse_edit",
    "stocktake": "stocktake_detail",
    "transfer": "transfer_detail",
    "purchase": "purchase_detail",
    "listing": "listing_match",
    "shortage": "shortage",
    "statement": "statement_again",
    "difference": "difference_verb",
}
# Shown to nobody but the person who asked or was told (test_errands, tests/merchant/test_notices.py).
PERSONAL = ("errand", "notice")
# (noun, verb): the button of a page that gives the same to the same people; "" is the form of a list.
SAME = {
    ("order", "note"): ("order_note", ""),
    ("order", "flag"): ("order_flag", ""),
    ("order", "claim"): ("order_assign", "claim"),
    ("order", "hand_over"): ("order_assign", "hand-over"),
    **{
        ("order", verb): ("review_verb", page)
        for verb, page in {
            "pass_review": "pass", "reject_review": "reject", "hold_in_review": "hold", "ask_buyer": "ask",
            "accept_suggestion": "accept", "recheck": "again",
        }.items()
    },
    ("order", "assign"): ("assign_order", ""),
    **{
        ("order", verb): ("confirm_verb", verb.replace("_", "-").replace("-to-review", ""))
        for verb in ("confirm", "no_answer", "return_to_review")
    },
    ("customer", "account_owner"): ("customer_account_owner", ""),
    ("import", "stop"): ("import_stop", ""),
    ("import", "retry"): ("import_retry", ""),
    ("parcel", "refresh"): ("parcel_refresh", ""),
    ("case", "apply"): ("desk_order_verb", "apply"),
    ("case", "record_wish"): ("payback_request_verb", "record"),
    ("case", "grant_wish"): ("payback_request_verb", "grant"),
    **{
        ("case", verb): ("desk_verb", verb.replace("_", "-"))
        for verb in (
            "agree", "refuse", "propose", "intercept", "withdraw", "stop_in_house", "recheck", "settle_return",
            "clear_alarm", "claim", "hand_over", "escalate", "release", "ship_back",
        )
    },
    **{
        ("interception", verb): ("interception_verb", verb.replace("_", "-"))
        for verb in ("withdraw", "confirm", "fail", "give_up")
    },
    ("interception", "bill"): ("interception_bill", ""),
    ("claim", "draft"): ("claim_draft", ""),
    **{
        ("claim", verb): ("claim_verb", verb.replace("_", "-"))
        for verb in (
            "edit", "photos", "file", "accept", "reject", "appeal", "pay", "close", "give_up", "withdraw",
        )
    },
    ("refund", "try_funds"): ("refund_funds", ""),
    ("refund", "record_answer"): ("refund_verb", "answer"),
    **{
        ("refund", verb): ("refund_verb", verb.replace("_", "-"))
        for verb in (
            "approve", "reject", "release", "ask", "replace", "adopt", "payout", "confirm", "refuse_payout", "ask_buyer",
        )
    },
    ("return", "receive"): ("warehouse_scan", ""),
    ("return", "keep"): ("warehouse_keep", ""),
    ("return", "match"): ("return_match", ""),
    ("sku", "cost"): ("sku_verb", "cost"),
    ("sku", "bin"): ("sku_verb", "bin"),
    **{("stocktake", verb): ("stocktake_verb", verb) for verb in ("count", "file", "approve", "recount", "discard")},
    ("stocktake", "add_line"): ("stocktake_verb", "add"),
    ("transfer", "receive"): ("transfer_verb", "receive"),
    ("purchase", "receive"): ("purchase_verb", "receive"),
    ("purchase", "end"): ("purchase_verb", "end"),
    ("warehouse", "bin"): ("warehouse_verb", "bin"),
    ("listing", "match"): ("listing_match", ""),
    ("statement", "read_again"): ("statement_again", ""),
    **{("difference", verb): ("difference_verb", verb) for verb in ("ask", "explain", "file", "confirm")},
}  # fmt: skip
# Where a page shows a form, or asks for less before it looks at the right.
OWN = {
    # The order of this world has been shipped.
    ("order", "change_address"): dict.fromkeys((A, S, OWNER), "ORDER_STATE"),
    ("import", "create"): {S: "", OWNER: ""},
    # The file of this world has no such column.
    ("import", "map_columns"): {S: "COLUMNS", OWNER: "COLUMNS"},
    ("inspection", "photos"): {W: ""},
    ("inspection", "finish"): {W: ""},
    **{(noun, "add"): {W: "", OWNER: ""} for noun in ("sku", "warehouse")},
    **{(noun, "change"): {W: "", OWNER: ""} for noun in ("sku", "warehouse")},
    # The cup of this world lies on a shelf.
    ("sku", "parts"): {W: "BUNDLE", OWNER: "BUNDLE"},
    ("stocktake", "open"): {W: ""},
    ("stocktake", "adjust"): {W: ""},
    ("transfer", "send"): {W: ""},
    ("purchase", "open"): {W: "", OWNER: ""},
    ("statement", "create"): {F: "", OWNER: ""},
    ("notice", "read"): dict.fromkeys(EVERYBODY, ""),
    # Today is not over yet.
    ("statement", "pull"): {F: "DAY", OWNER: "DAY"},
}


def resources() -> Iterator[tuple[URLPattern, type[Resource]]]:
    def walk(patterns: Any) -> Iterator[tuple[URLPattern, type[Resource]]]:
        for entry in patterns:
            if hasattr(entry, "url_patterns"):
                yield from walk(entry.url_patterns)
            elif (entry.name or "").startswith("api_") and hasattr(entry.callback, "cls"):
                yield entry, entry.callback.cls

    yield from walk(get_resolver().url_patterns)


def verbs() -> dict[tuple[str, str], tuple[str, Any]]:
    """{(noun, verb): (name of the address, the verb)} of the whole API."""
    found = {}
    for entry, resource in resources():
        name = entry.callback.actions.get("post")
        if name:
            found[resource.noun, name] = (entry.name, getattr(resource, name))
    return found


def looks() -> dict[str, type[Resource]]:
    return {
        entry.name: resource
        for entry, resource in resources()
        if "get" in entry.callback.actions and resource.noun not in PERSONAL
    }


def expected_of(noun: str, verb: str) -> dict[str, str]:
    return OWN.get((noun, verb)) or test_doors.VERBS[SAME[noun, verb]]


def address(world: SimpleNamespace, name: str, noun: str, *, at_top: bool) -> str:
    if at_top:
        return reverse(name)
    if noun == "shop":
        return reverse(name, args=[world.shop.pk])
    arguments = world.arguments["errand_retry" if noun in PERSONAL else ROWS[noun]]
    return reverse(name, args=arguments if len(arguments) > 1 else [world.shop.pk, *arguments])


def told(world: SimpleNamespace, noun: str, verb: str) -> dict[str, Any]:
    """What a program sends; what a verb does not ask for is left unread."""
    inspection = Inspection.objects.get(number=world.arguments["inspection_detail"][1])
    sent: dict[str, Any] = {
        "version": world.case.version,
        "reason": {"refuse": "other", "agree": "no_reason"}.get(verb, "查清了"),
        "evidence": "note",
        "text": "电话已打",
        "flag": 2,
        "order": world.case.order.number,
        "kind": "refund_only_shipped",
        "amount_fen": 1000,
        "note": "查清了",
        "way": "offline",
        "wish": 1,
        "fee_fen": 300,
        "freight_fen": 450,
        "waybill": world.package.waybill,
        "courier": "zto",
        "cause": "short",
        "basis": "other",
        "loss_fen": 1000,
        "agreed_fen": 100,
        "paid_fen": 100,
        "through": "portal" if verb == "file" else "transfer",
        "reference": "GD-1",
        "channel": "wechat_pay",
        "shown": "BK-1",
        "cost_fen": 4500,
        "stock": world.stock.pk,
        "bin": "A-01",
        "title": "我的表",
        "columns": {"订单编号": "number"},
        "number": "4200000001",
        "counts": [{"line": line.pk, "sellable": 1} for line in inspection.order.lines.all()],
        "account": world.arguments["statement_pull"][0],
        "day": f"{now().astimezone(SHANGHAI):%Y-%m-%d}",
        "photos": [],
        "phone": "13700005678",
        "up_to": 1,
    }
    papers = world.papers
    sent |= {"warehouse": papers.place.pk, "source": papers.place.pk, "target": papers.far.pk, "supplier": "景德镇"}
    sent |= {"name": "新仓", "path_order": 5, "priority": 5, "delta": 1, "seen": 0, "code": "LID"}
    sent |= {"parts": [{"code": "LID", "quantity": 1}]} if noun == "sku" else {}
    sent |= {"code": "NEW"} if verb == "add" else {}
    if noun in ("stocktake", "transfer", "purchase"):
        line = {"stocktake": papers.sheet, "transfer": papers.transfer, "purchase": papers.purchase}[noun]
        sent["lines"] = [{"code": "LID", "line": line.pk, "units": 1, "counted": 1}]
    if verb in ("confirm", "no_answer", "return_to_review"):
        sent["channel"] = "phone"
    if verb in ("assign", "hand_over", "escalate", "account_owner"):
        sent["to"] = None if verb == "escalate" else world.people[S].pk
    if verb == "keep":
        sent["waybill"] = "SF-NOBODY-S"
    return sent


FILES = {
    ("import", "create"): lambda: {"files": SimpleUploadedFile("b.csv", sheet(1))},
    ("inspection", "photos"): lambda: {"photos": photo_upload()},
    ("statement", "create"): lambda: {"file": SimpleUploadedFile("b.csv", b"a,b\n1,2\n")},
    ("refund", "payout"): lambda: {
        "method": "bank", "reference": "BK-1", "amount_fen": 30000, "proofs": photo_upload(),
        "paid_on": f"{now().astimezone(SHANGHAI):%Y-%m-%d}",
    },
}  # fmt: skip


def press(client: Program, world: SimpleNamespace, noun: str, verb: str) -> Any:
    name, one = verbs()[noun, verb]
    url = address(world, name, noun, at_top=one.is_at_top)
    if (noun, verb) in FILES:
        return client.post(url, FILES[noun, verb]())
    return client.tell(url, told(world, noun, verb))


def test_every_verb_and_every_row_of_the_api_stands_in_a_table_above():
    assert set(verbs()) == {*SAME, *OWN}
    assert {resource.noun for resource in looks().values()} == {*ROWS, "shop", "token"}


def test_every_write_is_a_verb_that_takes_an_idempotency_key():
    # A view that was asked once knows HEAD as well, as its GET.
    methods = {(method, hasattr(getattr(resource, action), "takes"))
               for entry, resource in resources() for method, action in entry.callback.actions.items()
               if method != "head"}  # fmt: skip

    assert methods == {("get", False), ("post", True)}
    assert all(issubclass(resource, Resource) for _entry, resource in resources())


def test_every_role_of_the_shop_may_look_and_looking_writes_nothing(world):
    clients, seen = {role: program(world.people[role], world.shop) for role in ROLES}, {}
    for role, client in clients.items():
        for name, resource in looks().items():
            url = address(world, name, resource.noun, at_top=name.endswith(("_list", "_token")))
            with CaptureQueriesContext(connection) as ran:
                answer = client.get(url)
            written = [one["sql"] for one in ran if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
            seen[role, name] = (answer.status_code, len(answer.json().get("results", [0])) > 0, written)

    # The owner's import holds every customer: not for who sees only their own (test_scope).
    hidden = {(A, "api_import_list"): (200, False, []), (A, "api_import"): (404, True, [])}
    assert seen == {(role, name): (200, True, []) for role in ROLES for name in looks()} | hidden


def test_a_list_takes_no_more_statements_for_more_rows(world):
    client, seen = program(world.people[OWNER], world.shop), {}
    for name in looks():
        if not name.endswith("_list"):
            continue
        ran = {}
        for limit in (1, 50):
            with CaptureQueriesContext(connection) as statements:
                rows = client.get(f"{reverse(name)}?limit={limit}").json()["results"]
            ran[len(rows)] = len(statements)
        if len(ran) == 2:
            seen[name] = len(set(ran.values()))

    assert seen == dict.fromkeys(
        [
            "api_case_list",
            "api_customer_list",
            "api_order_list",
            "api_parcel_list",
            "api_return_list",
            "api_sku_list",
            "api_warehouse_list",
        ],
        1,
    )


def test_a_stranger_s_token_shows_nothing_of_this_shop(world):
    elsewhere = make_shop()
    client, seen = program(make_user(OWNER, elsewhere), elsewhere), {}
    for name, resource in looks().items():
        if resource.noun in ("shop", "token"):
            continue
        is_list = name.endswith("_list")
        answer = client.get(address(world, name, resource.noun, at_top=is_list))
        seen[name] = (answer.status_code, answer.json().get("results", answer.json().get("code")))

    assert seen == {name: (200, []) if name.endswith("_list") else (404, "NOT_FOUND") for name in seen}
    assert len(seen) == 2 * len(ROWS)


def test_a_stranger_s_token_moves_nothing_of_this_shop(world):
    elsewhere = make_shop()
    client, before, seen = program(make_user(OWNER, elsewhere), elsewhere), fingerprint(), {}
    for (noun, verb), (_name, one) in verbs().items():
        if not one.is_at_top:
            answer = press(client, world, noun, verb)
            seen[noun, verb] = (answer.status_code, answer.json()["code"])

    assert seen == dict.fromkeys(seen, (404, "NOT_FOUND"))
    assert len(seen) == len(verbs()) - 15
    assert changes(before) == []


@pytest.mark.parametrize("role", ROLES)
def test_who_may_press_what(world, courier, role):
    """As the pages: `""` is done, RIGHT is 403, any other code 409; of what is refused nothing stays."""
    client, before, seen, expected = program(world.people[role], world.shop), fingerprint(), {}, {}
    for noun, verb in verbs():
        code = expected_of(noun, verb).get(role, "RIGHT")
        expected[noun, verb] = ("done", "") if not code else (403 if code == "RIGHT" else 409, code)
        # Who sees only their own customers learns of no import; beginning one is a right.
        if (noun, role) == ("import", A) and verb != "create":
            expected[noun, verb] = (404, "NOT_FOUND")
        with Undone() if not code else nullcontext():
            answer = press(client, world, noun, verb)
        is_done = answer.status_code in (200, 201, 202)
        seen[noun, verb] = ("done", "") if is_done else (answer.status_code, answer.json()["code"])

    assert seen == expected
    assert changes(before) == []


def test_without_a_scope_no_door_opens(world):
    client, before, seen = program(world.people[OWNER], world.shop, "parcels:read"), fingerprint(), set()
    for name, resource in looks().items():
        if resource.area not in ("", "parcels"):
            answer = client.get(address(world, name, resource.noun, at_top=name.endswith("_list")))
            seen.add((answer.status_code, answer.json()["code"]))
    for noun, verb in verbs():
        if (noun, verb) != ("parcel", "refresh"):
            answer = press(client, world, noun, verb)
            seen.add((answer.status_code, answer.json()["code"]))

    assert seen == {(403, "SCOPE")}
    assert changes(before) == []


def test_without_a_token_no_door_opens(world):
    nobody, seen = Client(), set()
    for entry, resource in resources():
        name = entry.name
        url = address(world, name, resource.noun, at_top="<int:shop>" not in str(entry.pattern))
        for method in (nobody.get, nobody.post, nobody.put, nobody.delete):
            seen.add(method(url).status_code)

    assert seen == {401}
