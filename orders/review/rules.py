"""What is wrong with an order, from what is known of it: pure functions, each the rule REV-… of its name."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.money import yuan
from merchant.regions import addresses as regions
from merchant.vault import masking
from orders.editing.addresses import ABROAD, LANDLINE, MOBILE
from orders.record.enums import CategoryClass
from orders.review.enums import Rule, Severity

PARTS_OF_A_NAME = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Line:
    """One line of the order; sums in fen of all its pieces. Floor and ceiling are a unit's, where its SKU has them."""

    title: str
    category_class: str
    quantity: int
    goods_fen: int
    discount_fen: int
    subsidy_fen: int
    net_fen: int
    floor_fen: int | None = None
    ceiling_fen: int | None = None


@dataclass(frozen=True)
class Facts:
    """An order as the rules see it. Name, phone and address in plain, or masked where the platform gave no more; they
    go no further than the rules. `twins`: earlier orders of the same buyer or phone for the same goods."""

    name: str = ""
    phone: str = ""
    address: str = ""
    # As the source names them beside the address.
    province: str = ""
    city: str = ""
    buyer_note: str = ""
    lines: Sequence[Line] = ()
    goods_fen: int = 0
    shop_discount_fen: int = 0
    subsidy_fen: int = 0
    freight_fen: int = 0
    adjustment_fen: int = 0
    paid_fen: int = 0
    is_digital: bool = False
    credit: int = 100
    is_banned: bool = False
    twins: Sequence[str] = ()


@dataclass(frozen=True)
class Finding:
    """`case` says which sentence; `values` fill it, amounts in fen."""

    rule: str
    case: str
    severity: str = Severity.STOP
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        shown = {
            name: f"¥{yuan(value)}" if name.endswith("_fen") else _shown(name, value)
            for name, value in self.values.items()
        }
        return str(SENTENCES[self.case]) % shown

    @property
    def title(self) -> str:
        return str(Rule(self.rule).label)

    def as_row(self) -> dict[str, Any]:
        return {**asdict(self), "rule": str(self.rule), "severity": str(self.severity)}


SENTENCES: dict[str, Any] = {
    "no_name": _("No name of a recipient."),
    "no_phone": _("No phone."),
    "phone_form": _("The phone is neither a mobile number nor a landline with its area code."),
    "no_address": _("No address."),
    "no_province": _("The address names no province or city that is known."),
    "no_city": _("The address names no city of %(province)s."),
    "no_district": _("The address names no district of %(city)s."),
    "strange_district": _("%(district)s is not known as a district of %(city)s: a new one, or a slip."),
    "short_detail": _("Road, house and door have %(length)s characters; %(least)s are needed."),
    "differs": _("The platform names %(theirs)s, the address lies in %(ours)s."),
    "suggestion": _("Written in full: %(place)s."),
    "special": _("It goes to %(province)s: ask the courier, and see which papers are needed."),
    "military": _("It reads like military mail: not every courier goes there."),
    "goods_class": _("%(title)s is of a class this shop does not sell: %(class)s."),
    "unnamed": _("The order names no goods."),
    "word": _("The buyer's message holds “%(word)s”."),
    "note": _("The buyer wrote a message: read it first."),
    "below_list": _("%(title)s: %(unit_fen)s a unit, %(percent)s%% of its list price of %(list_fen)s."),
    "below_floor": _("%(title)s: %(unit_fen)s a unit, below the floor of %(floor_fen)s."),
    "above_ceiling": _("%(title)s: %(unit_fen)s a unit, above the ceiling of %(ceiling_fen)s."),
    "goods_sum": _("The lines come to %(lines_fen)s, the order says %(order_fen)s of goods: %(apart_fen)s apart."),
    "paid_sum": _("Recalculated %(due_fen)s, paid %(paid_fen)s: %(apart_fen)s apart."),
    "net_sum": _("The lines were paid with %(lines_fen)s, the goods with %(order_fen)s: %(apart_fen)s apart."),
    "twin": _("The same goods were ordered a short while before: %(numbers)s."),
    "banned": _("The buyer is banned."),
    "credit": _("The buyer's credit is %(credit)s; %(least)s is the least."),
    "large": _("A large order: %(paid_fen)s."),
    "doubt": _("Sent back: %(reason)s"),
    "by_hand": _("This shop looks at every order."),
}


def judge(facts: Facts, rules: Any) -> list[Finding]:
    """What the rules that are switched on find; `rules` is the shop's Policy."""
    found = [finding for rule, check in CHECKS.items() if rules.review_rules[rule] for finding in check(facts, rules)]
    if not rules.auto_pass:
        found.append(Finding(Rule.BY_HAND, "by_hand"))
    return found


def stops(found: Sequence[Finding]) -> bool:
    return any(finding.severity == Severity.STOP for finding in found)


def suggestion_of(facts: Facts) -> str:
    """The place by full names where the address names all of it and says it in other words; "" where nothing better is
    known."""
    if not facts.address or "*" in facts.address:
        return ""
    written = regions.read(facts.address)
    written = _completed(written)
    same = "".join(facts.address.split()).startswith(written.place)
    return "" if same or not written.is_whole else written.place


def _completed(written: regions.Written) -> regions.Written:
    """With its one possible place, where the address names a district and leaves the city out."""
    if len(written.may_be) == 1:
        (place,) = written.may_be
        return written._replace(province=place.province, city=place.city, district=place.district)
    return written


def _recipient(facts: Facts, _rules: Any) -> Iterator[Finding]:
    if facts.is_digital:
        return
    if not facts.name or not ("*" in facts.name or PARTS_OF_A_NAME.search(facts.name)):
        yield Finding(Rule.RECIPIENT, "no_name")
    if not facts.phone:
        yield Finding(Rule.RECIPIENT, "no_phone")
    elif "*" not in facts.phone and not _is_phone(facts.phone):
        yield Finding(Rule.RECIPIENT, "phone_form")


def _is_phone(phone: str) -> bool:
    return any(shape.match(phone) or shape.match(masking.normal_phone(phone)) for shape in (MOBILE, LANDLINE, ABROAD))


def _address(facts: Facts, rules: Any) -> Iterator[Finding]:
    if facts.is_digital:
        return
    if not facts.address:
        yield Finding(Rule.ADDRESS, "no_address")
        return
    written = regions.read(facts.address)
    whole = _completed(written)
    if not whole.province:
        yield Finding(Rule.ADDRESS, "no_province")
        return
    if whole.province in regions.SPECIAL_PROVINCES:
        return
    if not whole.city:
        yield Finding(Rule.ADDRESS, "no_city", values={"province": whole.province})
    elif whole.strange:
        yield Finding(Rule.ADDRESS, "strange_district", values={"district": whole.strange, "city": whole.city})
    elif not whole.is_whole and "*" not in facts.address:
        yield Finding(Rule.ADDRESS, "no_district", values={"city": whole.city})
    said = regions.read(f"{facts.province}{facts.city}")
    for theirs, ours in ((said.province, whole.province), (said.city, whole.city)):
        if theirs and ours and theirs != ours:
            yield Finding(Rule.ADDRESS, "differs", values={"theirs": theirs, "ours": ours})
            break
    length = len("".join(whole.detail.split()))
    if length < rules.review_detail_length and "*" not in facts.address:
        yield Finding(Rule.ADDRESS, "short_detail", values={"length": length, "least": rules.review_detail_length})
    if place := suggestion_of(facts):
        yield Finding(Rule.ADDRESS, "suggestion", Severity.HINT, {"place": place})


def _place(facts: Facts, _rules: Any) -> Iterator[Finding]:
    province = regions.read(facts.address or facts.province).province
    if province in regions.SPECIAL_PROVINCES:
        yield Finding(Rule.PLACE, "special", values={"province": province})
    if regions.MILITARY.search(facts.address):
        yield Finding(Rule.PLACE, "military")


def _goods(facts: Facts, rules: Any) -> Iterator[Finding]:
    if not any(line.title for line in facts.lines):
        yield Finding(Rule.GOODS, "unnamed")
    for line in facts.lines:
        if line.category_class not in rules.review_goods:
            values = {"title": line.title, "class": line.category_class}
            yield Finding(Rule.GOODS, "goods_class", values=values)


def _words(facts: Facts, rules: Any) -> Iterator[Finding]:
    note = "".join(facts.buyer_note.split()).lower()
    for word in rules.review_words:
        if word.lower() in note:
            yield Finding(Rule.WORDS, "word", values={"word": word})


def _note(facts: Facts, _rules: Any) -> Iterator[Finding]:
    if facts.buyer_note.strip():
        yield Finding(Rule.NOTE, "note")


def _price(facts: Facts, rules: Any) -> Iterator[Finding]:
    for line in facts.lines:
        # The platform's subsidy is paid to the shop: the goods are not sold for less by it.
        unit_fen = (line.net_fen + line.subsidy_fen) // line.quantity
        list_fen = line.goods_fen // line.quantity
        values = {"title": line.title, "unit_fen": unit_fen}
        if line.floor_fen is not None and unit_fen < line.floor_fen:
            yield Finding(Rule.PRICE, "below_floor", values={**values, "floor_fen": line.floor_fen})
        elif line.ceiling_fen is not None and unit_fen > line.ceiling_fen:
            yield Finding(Rule.PRICE, "above_ceiling", values={**values, "ceiling_fen": line.ceiling_fen})
        elif unit_fen * 100 < list_fen * rules.review_price_percent:
            percent = unit_fen * 100 // list_fen
            yield Finding(Rule.PRICE, "below_list", values={**values, "list_fen": list_fen, "percent": percent})


def _amounts(facts: Facts, _rules: Any) -> Iterator[Finding]:
    """M1: paid = goods − discount − subsidy + freight + adjustment. M2: the lines carry the order's sums."""
    if facts.lines:
        goods = sum(line.goods_fen for line in facts.lines)
        if goods != facts.goods_fen:
            yield _apart("goods_sum", lines_fen=goods, order_fen=facts.goods_fen)
        nets = sum(line.net_fen for line in facts.lines)
        of_goods = facts.paid_fen - facts.freight_fen
        if facts.paid_fen and nets != of_goods:
            yield _apart("net_sum", lines_fen=nets, order_fen=of_goods)
    due = facts.goods_fen - facts.shop_discount_fen - facts.subsidy_fen + facts.freight_fen + facts.adjustment_fen
    if facts.paid_fen and due != facts.paid_fen:
        yield _apart("paid_sum", due_fen=due, paid_fen=facts.paid_fen)


def _apart(case: str, **sums: int) -> Finding:
    first, second = sums.values()
    return Finding(Rule.AMOUNTS, case, values={**sums, "apart_fen": abs(first - second)})


def _duplicate(facts: Facts, _rules: Any) -> Iterator[Finding]:
    if facts.twins:
        yield Finding(Rule.DUPLICATE, "twin", values={"numbers": ", ".join(facts.twins[:5])})


def _credit(facts: Facts, rules: Any) -> Iterator[Finding]:
    if facts.is_banned:
        yield Finding(Rule.CREDIT, "banned")
    elif facts.credit < rules.review_credit:
        yield Finding(Rule.CREDIT, "credit", values={"credit": facts.credit, "least": rules.review_credit})


def _large(facts: Facts, rules: Any) -> Iterator[Finding]:
    if facts.paid_fen >= rules.review_large_fen:
        yield Finding(Rule.LARGE, "large", values={"paid_fen": facts.paid_fen})


CHECKS: dict[str, Callable[[Facts, Any], Iterator[Finding]]] = {
    Rule.RECIPIENT: _recipient,
    Rule.ADDRESS: _address,
    Rule.PLACE: _place,
    Rule.GOODS: _goods,
    Rule.WORDS: _words,
    Rule.NOTE: _note,
    Rule.PRICE: _price,
    Rule.AMOUNTS: _amounts,
    Rule.DUPLICATE: _duplicate,
    Rule.CREDIT: _credit,
    Rule.LARGE: _large,
}


def _shown(name: str, value: Any) -> Any:
    return CategoryClass(value).label if name == "class" and value in CategoryClass.values else value
