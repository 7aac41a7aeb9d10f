"""What a statement's plan really reads: rows fetched from the tables that grow, by EXPLAIN ANALYZE."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

# What grows with the shop's business. Everything else (people, shops, policy, sessions) stays small.
GROWING = (
    "orders_",
    "logistics_",
    "aftersales_",
    "merchant_activity",
    "merchant_recipient",
    "merchant_attachment",
    "merchant_piireveal",
    "merchant_inbox",
)


@dataclass
class Read:
    """One statement: the rows it read of growing tables, the rows it gave, and the growing tables it scanned whole."""

    sql: str
    read: int
    given: int
    scanned: list[str]


def read_of(sql: str, values: Any) -> Read:
    """Runs it once more and adds up its scans, with what their filters threw away."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", values)
        plan = cursor.fetchone()[0]
    plan = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    rows, scanned = 0, []
    for node in _nodes(plan):
        table = node.get("Relation Name", "")
        if not table.startswith(GROWING):
            continue
        loops = node["Actual Loops"]
        kept = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck", "Join Filter"))
        rows += round((node["Actual Rows"] + kept) * loops)
        if node["Node Type"] == "Seq Scan" and loops and _is_large(table):
            scanned.append(table)
    return Read(sql, rows, round(plan["Actual Rows"] * plan["Actual Loops"]), scanned)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _is_large(table: str) -> bool:
    """A table of a few rows is rightly read whole; the planner knows that better than we."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        return bool(cursor.fetchone()[0] > 1000)
