"""A courier, a platform or a channel stands in its own file behind one base class: nothing else names its code."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from aftersales.channels import registry as channels
from logistics.couriers import registry as couriers
from merchant.carriers import registry as carriers
from merchant.platforms import registry as platforms
from merchant.policy import rules
from merchant.policy.models import Policy
from merchant.policy.switches import EVIDENCE, couriers_by_default
from tests.conventions.sources import files_under, trees

# What names many codes because that is what it is for: the carriers, and what a shop or a payment can be of.
TABLES = ("merchant/carriers/registry.py", "merchant/shops/models.py", "orders/payments/enums.py")
# The outside world played, and the shop one tries things in.
PLAYED = re.compile(r"/sandbox/|/demo/|/seed_demo\.py$")
# Files that may name a code: those called after it, in a folder of such files.
FOLDERS = (
    "logistics/couriers",
    "merchant/platforms",
    "orders/intake/platforms",
    "aftersales/channels",
    "aftersales/platforms/profiles",
    "aftersales/statements/formats",
)
WAYBILL = re.compile(r"[A-Z]+\d{6,}")
# Codes that are words of our language as well, or of another trade.
WORDS = {"uc", "sx", "db", "dd", "yz", "best", "jd", "ems"}


def codes() -> set[str]:
    """Every courier, way, platform and channel we speak with, and the carrier that once had two codes."""
    spoken = {one.code for one in (*couriers.all(), *platforms.all())} | set(channels.codes())
    return (spoken | {"yunda", "yd"}) - WORDS


def named_in(text: str) -> set[str]:
    """The codes among the words of a name or a literal: `KuaishouClient`, `zto_status`, `courier:zto`."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+[0-9]*|[0-9]+", text)
    words = {part.lower() for part in parts} | set(re.split(r"[^a-z0-9]+", text.lower()))
    pairs = {"_".join(pair) for pair in pairwise(parts)}
    return (words | {pair.lower() for pair in pairs}) & codes()


def names_of(tree: ast.AST) -> Iterator[str]:
    """Every identifier and every literal without blanks; docstrings and sentences are for people. A carrier's row
    (`Carrier(...)`) says what others call it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Carrier":
            continue
        match node:
            case ast.Constant(value=str(text)) if " " not in text and text.isascii() and not WAYBILL.fullmatch(text):
                yield text
            case ast.Name(id=text) | ast.Attribute(attr=text) | ast.keyword(arg=str(text)) | ast.arg(arg=text):
                yield text
            case ast.FunctionDef(name=text) | ast.ClassDef(name=text) | ast.alias(name=text):
                yield text
            case ast.ImportFrom(module=str(text)):
                yield text
        yield from names_of(node)


def own_codes(path: str) -> set[str]:
    """The codes a file may name: those it, or the folder of it, is called after."""
    folder = next((folder for folder in FOLDERS if path.startswith(f"{folder}/")), None)
    if folder is None:
        return set()
    rest = path.removeprefix(f"{folder}/").removesuffix(".py")
    head = rest.split("/")[0]
    return {code for code in codes() if head == code or head.startswith(f"{code}_") or code.startswith(f"{head}_")}


def test_nothing_names_a_code_but_its_own_files():
    found = {
        path: strangers
        for path, tree in trees().items()
        if path not in TABLES and not PLAYED.search(path)
        if (strangers := set().union(*(named_in(name) for name in names_of(tree))) - own_codes(path))
    }

    assert found == {}


def test_no_template_and_no_script_names_a_code():
    texts = files_under("templates", suffix=".html") | files_under("static", suffix=".js")
    found = {path: named for path, text in texts.items() if (named := set(re.findall(r"[a-z0-9_]+", text)) & codes())}

    assert found == {}


def test_every_channel_of_a_platform_is_a_platform_that_is_spoken_with():
    told = {code for code in channels.codes() if channels.get(code).is_platform}

    assert told == set(platforms.spoken_with())


def test_whatever_pays_by_itself_has_its_rule_and_every_rule_an_adapter():
    kinds = {
        f"{one.code}_{one.capabilities.evidence}" for one in couriers.all() if one.capabilities.evidence != "person"
    }

    assert kinds == set(EVIDENCE.defaults())
    assert [carriers.find(code) for code in couriers_by_default() if couriers.find(code) is None] == []
    assert list(rules.rule("E08").value) == Policy().intercept_couriers


def test_no_word_and_no_number_names_two_carriers():
    seen: dict[object, str] = {}
    twice = []
    for carrier in carriers.everyone():
        numbers = {(name, code) for name, codes in carrier.platform_codes.items() for code in codes if code.isdigit()}
        for word in carrier.words | numbers:
            if seen.setdefault(word, carrier.code) != carrier.code:
                twice.append((word, seen[word], carrier.code))

    assert twice == []


def test_every_carrier_can_be_stored_and_read_in_both_languages():
    rows = carriers.everyone()

    assert [row.code for row in rows if not re.fullmatch(r"[a-z0-9_]{2,16}", row.code)] == []
    assert [row.code for row in rows if not (row.en and row.zh)] == []
    assert len(rows) == len({row.code for row in rows}) == 144
