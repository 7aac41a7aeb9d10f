"""May this case stop its parcel? E01–E16, each with its value, all of them, in order (docs/rules.md)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import TO_DECIDE_STATES, CaseKind, CaseState
from aftersales.cases.models import Case
from logistics.interception import policies as road
from logistics.parcels.models import Package, PackageLine
from merchant.checks import Check
from merchant.money import yuan
from merchant.policy import services as policies
from merchant.policy.models import Policy
from merchant.prepared import named, rows_of, tuples_of
from merchant.refusals import Refused
from merchant.shops.models import Shop, ShopState
from merchant.shops.services import agreement_in_force
from orders.record.enums import CategoryClass
from orders.record.models import Order, OrderLine

EXCLUDED_CATEGORIES = (CategoryClass.FRESH, CategoryClass.VIRTUAL, CategoryClass.WHOLE_VEHICLE)
ROAD_CODES = ("E08", "E09", "E11", "E12", "E14")
NO_PARCEL = _("There is no parcel to stop.")


@dataclass(frozen=True)
class Eligibility:
    """The list as it stands. `package` is the parcel to stop, of `packages` that carry the order's goods; `cases`
    every case that a success will move (E15)."""

    checks: tuple[Check, ...]
    packages: tuple[Package, ...]
    cases: tuple[Case, ...]

    @property
    def package(self) -> Package | None:
        return self.packages[0] if len(self.packages) == 1 else None

    @property
    def failing(self) -> list[Check]:
        """Lines that forbid it, warnings apart."""
        return [check for check in self.checks if check.blocks]

    @property
    def warnings(self) -> list[Check]:
        return [check for check in self.checks if not check.passed and check.is_warning]

    @property
    def codes(self) -> list[str]:
        return [check.code for check in self.failing]

    @property
    def is_ok(self) -> bool:
        return not self.failing

    def __getitem__(self, code: str) -> Check:
        return next(check for check in self.checks if check.code == code)

    def refusal(self) -> Refused:
        """Every failing line in one refusal, each with its sentence; the code is the first one's."""
        failing = self.failing
        sentences = " ".join(str(check.message) for check in failing)
        return Refused(
            failing[0].code,
            sentences,
            codes=self.codes,
            checks=[check.as_json() for check in self.checks],
            suggestion="return_refund" if "E11" in self.codes else "",
        )


def eligibility(
    case: Case, *, order: Order | None = None, shown_version: int | None = None, is_pressed: bool = False
) -> Eligibility:
    """All sixteen lines for this case now. Asks no courier and changes nothing. A page that has just read the `order`
    hands it over with its shop; whoever acts lets both be read here.

    A stale track is a remark: before the courier is asked it is read again and E11 and E12 are checked by what it says
    (`is_pressed`: then E11 by a stale track is a remark too). Lines that the owner turned into warnings (E12, E13, E15)
    never fail."""
    rules = policies.current(case.shop_id)
    order = order or Order.objects.select_related("shop").get(pk=case.order_id)
    packages = packages_of(order)
    package = packages[0] if len(packages) == 1 else None
    inside = orders_in(package) if package else []
    group = cases_on(inside, case)
    checks = [
        *_shop(order.shop),
        _kind(case),
        _shipped(order),
        _categories([member.order_id for member in group]),
        _one_parcel(case, group, packages),
        *_road(packages, rules, is_pressed=is_pressed),
        _limit(group, rules),
        _full(case, group, package, rules),
        *_left(order, group),
        _whole_parcel(case, group, inside, rules),
        Check(
            "E16",
            shown_version is None or shown_version == case.version,
            case.version,
            _("The case has changed since this page was drawn: look again."),
        ),
    ]
    return Eligibility(tuple(sorted(checks, key=lambda check: check.code)), tuple(packages), group)


def packages_of(order: Order) -> list[Package]:
    """Outbound parcels in force that carry this order's goods; resends apart (E07)."""
    packages = rows_of("packages_of", _packages, order_id=order.pk)
    for package in packages:
        if package.shop_id == order.shop_id:
            package.shop = order.shop
    return packages


def _packages(order_id: int) -> Any:
    return Package.objects.of_order(order_id).outbound().in_force().select_related("account").order_by("pk")


def orders_in(package: Package) -> list[int]:
    """Ids of the orders whose goods are in this parcel."""
    ids = {order_id for (order_id,) in tuples_of("orders_in", _orders_in, package_id=package.pk)}
    return sorted(ids | {package.order_id})


def _orders_in(package_id: int) -> Any:
    return PackageLine.objects.filter(package_id=package_id).values_list("order_id")


def cases_on(orders: Sequence[int], case: Case) -> tuple[Case, ...]:
    """The refund-only cases of a parcel's orders that wait for the shop, by ascending id, ours among them."""
    if not orders:
        return (case,)
    found = rows_of("cases_on", _cases_on, **named("order", orders))
    cases = {member.pk: member for member in found}
    cases[case.pk] = case
    return tuple(cases[pk] for pk in sorted(cases))


def _cases_on(**orders: int) -> Any:
    found = Case.objects.filter(order_id__in=orders.values(), state__in=TO_DECIDE_STATES)
    return found.filter(kind=CaseKind.REFUND_ONLY_SHIPPED).order_by("pk")


def _shop(shop: Shop) -> list[Check]:
    agreement = agreement_in_force(shop)
    return [
        Check("E01", shop.state == ShopState.NORMAL, shop.state, _("The shop is not in normal operation.")),
        Check("E02", not shop.is_cross_border, shop.is_cross_border, _("Cross-border shops cannot intercept.")),
        Check(
            "E03",
            agreement is not None,
            agreement.version if agreement else "",
            _("The interception agreement is not signed."),
        ),
    ]


def _kind(case: Case) -> Check:
    passed = case.kind == CaseKind.REFUND_ONLY_SHIPPED and case.state == CaseState.APPLIED
    message = (
        _("Only a refund without return, asked for after shipping, can stop the parcel.")
        if case.kind != CaseKind.REFUND_ONLY_SHIPPED
        else _("The case no longer waits for the shop's answer.")
    )
    return Check("E04", passed, f"{case.kind} · {case.state}", message)


def _shipped(order: Order) -> Check:
    # Some sources say that an order has shipped and not when.
    passed = order.is_sent
    return Check("E05", passed, passed, _("The order has not shipped: refund it directly."))


def _categories(order_ids: Sequence[int]) -> Check:
    found = {name for (name,) in tuples_of("categories", _categories_of, **named("order", order_ids))}
    bad = sorted(found & {str(name) for name in EXCLUDED_CATEGORIES})
    message = _("Fresh goods, virtual goods and whole vehicles cannot be stopped.")
    return Check("E06", not bad, ", ".join(bad or sorted(found)), message)


def _categories_of(**orders: int) -> Any:
    return OrderLine.objects.filter(order_id__in=orders.values()).values_list("category_class")


def _one_parcel(case: Case, group: Sequence[Case], packages: Sequence[Package]) -> Check:
    """One parcel for this order, and for every other order that shares it."""
    counts = [len(packages)]
    counts += [
        Package.objects.of_order(order_id).outbound().in_force().count()
        for order_id in sorted({member.order_id for member in group} - {case.order_id})
    ]
    count = max(counts) if min(counts) else 0
    message = _("The order travels in several parcels.") if count else NO_PARCEL
    return Check("E07", count == 1, count, message)


def _road(packages: Sequence[Package], rules: Policy, *, is_pressed: bool) -> list[Check]:
    """The courier's lines. With several parcels a line passes when it passes for each; with none it fails."""
    if not packages:
        return [Check(code, False, "", NO_PARCEL) for code in ROAD_CODES]
    lists = [{c.code: c for c in road.courier_checks(package, rules)} for package in packages]
    merged = []
    for code in ROAD_CODES:
        lines = [found[code] for found in lists]
        check = next((line for line in lines if not line.passed), lines[0])
        if code == "E12" and not check.passed:
            check = replace(check, is_warning=True, message=_("The track is read again when you press the button."))
        elif code == "E11" and is_pressed and not all(found["E12"].passed for found in lists):
            check = replace(check, is_warning=True)
        merged.append(check)
    return merged


def _limit(group: Sequence[Case], rules: Policy) -> Check:
    """Strictly below the limit (M7), each case for itself; a setting adds the parcel's sum."""
    amounts = [member.amount_fen for member in group]
    value = sum(amounts) if rules.intercept_limit_on_parcel_sum else max(amounts)
    message = _("The refund must be below ¥%(limit)s.") % {"limit": yuan(rules.intercept_limit_fen)}
    return Check("E10", value < rules.intercept_limit_fen, value, message)


def _left(order: Order, group: Sequence[Case]) -> list[Check]:
    """M5, said before the courier is asked: what the cases want was paid and is still there. A line only where it
    fails."""
    asked: dict[int, int] = {}
    for member in group:
        if member.state in TO_DECIDE_STATES:
            asked[member.order_id] = asked.get(member.order_id, 0) + member.amount_fen
    others = Order.objects.filter(pk__in=asked.keys() - {order.pk}) if asked.keys() - {order.pk} else ()
    for one in (order, *others):
        wanted, left = asked.get(one.pk, 0), one.refundable_fen
        if wanted > left:
            message = _(
                "¥%(asked)s is asked back and only ¥%(left)s of what was paid is left: look at the platform."
            ) % {
                "asked": yuan(wanted),
                "left": yuan(left),
            }
            return [Check("M5", False, f"{wanted}/{left}", message)]
    return []


def _full(case: Case, group: Sequence[Case], package: Package | None, rules: Policy) -> Check:
    """The open cases ask back all that the buyer paid for the parcel's goods (M8), with or without freight."""
    members = [case] if package is None else group
    lines = [] if package is None else rows_of("lines in", _lines_in, package_id=package.pk)
    lines = lines or list(OrderLine.objects.filter(order_id=case.order_id))
    left = sum(line.net_fen - line.refunded_fen for line in lines)
    asked = sum(member.amount_fen - member.freight_fen for member in members if member.is_open)
    message = _("Only ¥%(asked)s of ¥%(left)s is asked back: a part refund does not stop the parcel.") % {
        "asked": yuan(asked),
        "left": yuan(left),
    }
    return Check("E13", asked >= left, f"{asked}/{left}", message, is_warning="E13" in rules.warn_only)


def _lines_in(package_id: int) -> Any:
    return OrderLine.objects.filter(package_lines__package_id=package_id).distinct()


def _whole_parcel(case: Case, group: Sequence[Case], inside: Sequence[int], rules: Policy) -> Check:
    """Every other order in the parcel has a case of its own that waits for the shop; E13 says that they are full."""
    others = set(inside) - {case.order_id}
    asked = {member.order_id for member in group if member.state == CaseState.APPLIED}
    return Check(
        "E15",
        others <= asked,
        len(others) + 1,
        _("The parcel carries goods of %(count)s orders, and not all of them ask for a full refund.")
        % {"count": len(others) + 1},
        is_warning="E15" in rules.warn_only,
    )
