"""A channel's statement against our books: every disagreement is one row, and two people write money off."""

from datetime import date, datetime, timedelta

import pytest
import time_machine

from aftersales.decisions import services as cases
from aftersales.refunds.models import Refund
from aftersales.statements import pulling, reading, reconciling, services
from aftersales.statements.models import Difference, StatementFile, StatementRow
from merchant.clock import SHANGHAI
from merchant.ledger import services as ledger
from merchant.ledger.models import LedgerEntry
from merchant.platforms.sandbox.wechat_wire import BILL_HEADER
from merchant.platforms.wechat import bill as wechat_bill
from merchant.policy import services as policy
from merchant.refusals import Refused
from tests.aftersales.factories import agent_of, case_of, own_shop, refund_of, shipped_order
from tests.merchant.factories import make_shop

pytestmark = pytest.mark.django_db
# Noon in Shanghai, so that minutes of a test never cross midnight.
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=SHANGHAI)
DAY = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON) as clock:
        yield clock


@pytest.fixture
def shop():
    shop = own_shop()
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
    return shop


@pytest.fixture
def finance(shop):
    return agent_of(shop, "finance")


@pytest.fixture
def paid(platform, commits, shop):
    """A refund of 6800 fen that left through the channel at noon."""

    def make(fen=6800, *, on_the_way=False):
        if on_the_way:
            platform.hold_money()
        case = case_of(platform, shop, order=shipped_order(platform, shop, nets=(fen,)))
        with commits():
            cases.agree_case(case, by=agent_of(shop, "owner"))
        refund = refund_of(case)
        if refund.state == "processing" and not on_the_way:
            platform.let_money_arrive()
            with commits():
                Refund.objects.filter(pk=refund.pk).update(next_at=NOON)
                from aftersales.paying import sending

                sending.poll_refund(refund.pk)
        refund.refresh_from_db()
        return refund

    return make


def bill(*rows, day="2026-11-20"):
    """A fund bill: (channel's refund number, yuan, flow number) a row."""
    lines = [BILL_HEADER]
    for position, (number, yuan, *flow) in enumerate(rows):
        name = flow[0] if flow else f"F{position}"
        lines.append(f"`{day} 12:00:{position:02d},`{number},`{name},`退款,`退款,`支出,`{yuan},`0.00,`system,`,`REF1")
    lines += ["资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额", f"`{len(rows)},`0,`0.00,`{len(rows)},`0.00"]
    return "\r\n".join(lines).encode("utf-8-sig")


def take(shop, body, **days):
    file = reading.file_statement(shop, "fund.csv", body, by=None, **days)
    reading.read_statement(file.pk)
    file.refresh_from_db()
    return file


def differences(shop):
    rows = Difference.objects.filter(shop=shop).order_by("pk")
    return [(row.kind, row.state, row.theirs_fen, row.ours_fen) for row in rows]


def test_a_statement_that_agrees_leaves_nothing_to_do(shop, paid):
    refund = paid()

    file = take(shop, bill((refund.channel_number, "68.00")))

    assert (file.state, file.channel, file.layout, file.row_count, file.new_count, file.refused_count) == (
        "read",
        "wechat_pay",
        "wechat_fund_flow",
        1,
        1,
        0,
    )
    assert (file.from_date, file.to_date) == (DAY, DAY)
    row = StatementRow.objects.get()
    assert (row.amount_fen, row.kind, row.refund_id, differences(shop)) == (6800, "refund", refund.pk, [])


def test_every_way_of_disagreeing_has_its_own_row(platform, shop, paid):
    right, twice, other_amount = paid(), paid(), paid()
    unbooked, under_way = paid(), paid(on_the_way=True)
    LedgerEntry.objects.filter(kind="refund.success", document=unbooked.number)._raw_delete("default")

    take(
        shop,
        bill(
            (right.channel_number, "68.00"),
            (twice.channel_number, "68.00"),
            (twice.channel_number, "68.00"),
            (other_amount.channel_number, "67.00"),
            (unbooked.channel_number, "68.00"),
            (under_way.channel_number, "68.00"),
            ("50309999", "12.34"),
        ),
    )

    assert sorted(differences(shop)) == [
        ("amount", "open", 6700, 6800),
        ("not_settled", "open", 6800, 0),
        ("twice", "open", 6800, 0),
        ("unbooked", "open", 6800, 6800),
        ("unknown", "open", 1234, 0),
    ]


FLOW = "4200000920202611197964310000"


def shared_number(*cells: tuple[str, str, str, str]) -> bytes:
    """A bill in which every row bears the flow number of the payment: (time, refund id, kind, yuan)."""
    rows = [
        ",".join(f"`{cell}" for cell in (at, number, FLOW, kind, kind, "支出", yuan, "0.20", "api", "", "RF"))
        for at, number, kind, yuan in cells
    ]
    return "\r\n".join([BILL_HEADER, *rows, "资金流水总笔数,收入笔数", f"`{len(rows)},`0", ""]).encode("utf-8-sig")


PART_REFUNDS = (
    ("2026-11-20 11:54:01", "50300001", "退款", "0.01"),
    ("2026-11-20 11:58:45", "50300002", "退款", "0.02"),
    ("2026-11-20 11:59:45", FLOW, "扣除交易手续费", "0.03"),
    # The same in every value: two refunds of one second.
    ("2026-11-20 11:54:01", "50300001", "退款", "0.01"),
)


def test_rows_that_share_a_number_are_rows_of_their_own(shop):
    file = take(shop, shared_number(*PART_REFUNDS))

    assert (file.row_count, file.new_count, file.refused_count) == (4, 4, 0)
    assert sorted(StatementRow.objects.values_list("amount_fen", "nth")) == [(1, 0), (1, 1), (2, 0), (3, 0)]
    assert sorted(differences(shop)) == [
        ("unknown", "open", 1, 0),
        ("unknown", "open", 1, 0),
        ("unknown", "open", 2, 0),
    ]


def test_the_same_day_in_another_file_brings_no_row_twice(shop):
    take(shop, shared_number(*PART_REFUNDS))
    known = differences(shop)
    more = ("2026-11-20 11:59:59", "50300003", "退款", "0.04")

    file = take(shop, shared_number(*PART_REFUNDS, more))

    assert (file.row_count, file.new_count, StatementRow.objects.count()) == (5, 1, 5)
    assert sorted(differences(shop)) == sorted([*known, ("unknown", "open", 4, 0)])


def test_a_refund_of_ours_is_missing_only_where_the_day_before_is_covered_too(shop, paid):
    refund = paid()

    take(shop, bill(), from_date=DAY, to_date=DAY)
    one_day = differences(shop)
    take(shop, bill(day="2026-11-19"), from_date=DAY - timedelta(days=1), to_date=DAY - timedelta(days=1))
    reconciling.reconcile(shop, "wechat_pay", DAY, DAY)

    assert (one_day, differences(shop)) == ([], [("missing", "open", 0, 6800)])
    assert Difference.objects.get().document == refund.number


def test_a_difference_ends_by_itself_when_the_refund_settles(platform, shop, paid, commits):
    refund = paid(on_the_way=True)
    take(shop, bill((refund.channel_number, "68.00")))
    before = differences(shop)
    platform.let_money_arrive()
    from aftersales.paying import sending

    Refund.objects.filter(pk=refund.pk).update(next_at=NOON)
    sending.poll_refund(refund.pk)
    days = reconciling.reconcile_open()

    assert (before, days, differences(shop)) == (
        [("not_settled", "open", 6800, 0)],
        1,
        [("not_settled", "gone", 6800, 0)],
    )


def test_asking_about_a_difference_hears_the_channel_and_looks_again(platform, shop, paid, finance):
    refund = paid(on_the_way=True)
    take(shop, bill((refund.channel_number, "68.00")))
    platform.let_money_arrive()

    asked = services.ask_difference(Difference.objects.get(), by=finance)

    assert (asked.state, refund_of(refund.case).state) == ("gone", "success")


def test_rows_that_cannot_be_read_are_told_apart_and_stop_nothing(shop):
    body = (
        bill(("50301", "68.00"))
        .decode("utf-8-sig")
        .replace("资金流水总笔数,收入", "`昨天,`5030,`F9,,,,`1.00\r\n资金流水总笔数,收入")
    )

    file = take(shop, body.encode())

    assert (file.row_count, file.new_count, file.refused_count) == (2, 1, 1)
    assert file.refused[0][0] == 3
    assert "记账时间" in file.refused[0][1]


def test_the_same_flow_in_a_second_file_counts_once(shop):
    take(shop, bill(("50301", "68.00", "F1")))

    again = take(shop, bill(("50301", "68.00", "F1"), ("50302", "1.00", "F2")))

    assert (again.row_count, again.new_count, StatementRow.objects.count()) == (2, 1, 2)
    assert sorted(differences(shop)) == [("unknown", "open", 100, 0), ("unknown", "open", 6800, 0)]


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"", "empty"), ("姓名,电话\n甲,1\n".encode(), "no statement we know")],
    ids=["empty", "another table"],
)
def test_a_file_that_is_no_statement_says_so(shop, body, words, settings):
    from django.utils import translation

    with translation.override("en"):
        try:
            told = take(shop, body).error
        except Refused as refusal:
            told = str(refusal.message)

    assert words in told
    assert StatementRow.objects.count() == 0


def test_this_very_file_again_is_refused_and_changes_nothing(shop):
    take(shop, bill(("50301", "68.00")))

    with pytest.raises(Refused) as refused:
        take(shop, bill(("50301", "68.00")))

    assert (refused.value.code, StatementFile.objects.count()) == ("FILE", 1)


def test_a_douyin_bill_is_read_by_its_own_columns():
    from aftersales.statements.layouts import lines_of, open_statement

    header = "动账时间,动帐流水号,动账方向,动账金额,动账账户,动账场景,售后编号,订单退款"
    text = f"{header}\n2026-11-20 12:00:00,D1,出账,-70.00,聚合账户,订单退款,7000001,-68.00\n"
    text += "2026-11-20 12:00:01,D2,入账,99.00,聚合账户,货款结算入账,,\n"

    layout, table = open_statement("d.csv", text.encode())
    lines = list(lines_of(layout, table))

    assert layout.channel == "douyin"
    assert [(line.flow_number, str(line.kind), line.amount_fen, line.channel_number) for line in lines] == [
        ("D1", "refund", 6800, "7000001"),
        ("D2", "income", 9900, ""),
    ]


# --- what people do ---------------------------------------------------------------------------------------------------


def unknown(shop, yuan="12.34"):
    take(shop, bill(("50309999", yuan)))
    return Difference.objects.get()


def test_a_write_off_takes_two_people_and_is_a_loss(shop, finance):
    difference = unknown(shop)
    services.file_write_off(difference, by=finance, note="重复打款，追不回")
    with pytest.raises(Refused) as alone:
        services.confirm_write_off(difference, by=finance)
    nothing_yet = ledger.balances(shop)

    done = services.confirm_write_off(difference, by=agent_of(shop, "owner"))

    assert (alone.value.code, nothing_yet, done.state) == ("SECOND_PERSON", {}, "written_off")
    assert ledger.balances(shop) == {"loss": 1234, "platform_receivable": -1234}


def test_a_smaller_payment_than_ours_is_taken_back_from_the_loss(shop, paid, finance):
    refund = paid()
    take(shop, bill((refund.channel_number, "67.00")))
    difference = Difference.objects.get()
    services.file_write_off(difference, by=finance, note="渠道少付一元")

    services.confirm_write_off(difference, by=agent_of(shop, "owner"))

    assert (ledger.balances(shop)["loss"], difference.gap_fen) == (-100, -100)


def test_an_explained_difference_books_nothing_and_stays_explained(shop, finance):
    difference = unknown(shop)
    with pytest.raises(Refused) as silent:
        services.explain_difference(difference, by=finance, note=" ")

    services.explain_difference(difference, by=finance, note="运营在商户平台手工退款")
    reconciling.reconcile(shop, "wechat_pay", DAY, DAY)

    assert (silent.value.code, differences(shop), ledger.balances(shop)) == (
        "NOTE",
        [("unknown", "explained", 1234, 0)],
        {},
    )


@pytest.mark.parametrize("role", ["agent", "supervisor", "warehouse"])
def test_statements_are_for_those_who_handle_the_money(shop, role):
    difference, person = unknown(shop), agent_of(shop, role)
    acts = (
        lambda: reading.file_statement(shop, "a.csv", b"x", by=person),
        lambda: services.explain_difference(difference, by=person, note="x"),
        lambda: services.file_write_off(difference, by=person, note="x"),
        lambda: services.confirm_write_off(difference, by=person),
        lambda: services.ask_difference(difference, by=person),
        lambda: pulling.pull_statement(shop.platform_accounts.get(), DAY, by=person),
    )

    codes = []
    for act in acts:
        with pytest.raises(Refused) as refused:
            act()
        codes.append(refused.value.code)

    assert (codes, differences(shop)) == (["RIGHT"] * 6, [("unknown", "open", 1234, 0)])


def test_missing_money_cannot_be_written_off(shop, paid, finance):
    paid()
    take(shop, bill(), from_date=DAY - timedelta(days=1), to_date=DAY)

    with pytest.raises(Refused) as refused:
        services.file_write_off(Difference.objects.get(), by=finance, note="x")

    assert refused.value.code == "WRITE_OFF"


# --- fetching ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def channel_bills(monkeypatch):
    """What the channel has by day; a day it does not know is one on which nothing moved."""
    from merchant.platforms.errors import ErrorClass, PlatformError

    held, asked = {}, []

    def fund_flow(account, day):
        asked.append(day)
        found = held.get(day, PlatformError(ErrorClass.NOT_FOUND, "NO_STATEMENT_EXIST"))
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(wechat_bill, "fund_flow", fund_flow)
    monkeypatch.setattr("django.db.transaction.get_autocommit", lambda: True)
    return held, asked


def test_the_days_statements_are_fetched_once_the_channel_has_made_them(shop, channel_bills, at_noon):
    held, asked = channel_bills
    at_noon.move_to(NOON - timedelta(days=3))
    shop.platform_accounts.update(created_at=NOON - timedelta(days=3))
    at_noon.move_to(NOON)
    held[DAY - timedelta(days=1)] = bill(("50301", "68.00"), day="2026-11-19")

    first = pulling.pull_statements()
    second = pulling.pull_statements()

    assert (first, second) == (3, 0)
    assert asked == [DAY - timedelta(days=back) for back in (3, 2, 1)]
    assert differences(shop) == [("unknown", "open", 6800, 0)]


def test_a_day_that_is_not_over_is_not_asked_for(shop, channel_bills, finance):
    with pytest.raises(Refused) as refused:
        pulling.pull_statement(shop.platform_accounts.get(), DAY, by=finance)

    assert (refused.value.code, channel_bills[1]) == ("DAY", [])


def test_a_stranger_shop_has_no_part_in_it(shop, paid):
    refund = paid()
    other = make_shop("own")

    take(other, bill((refund.channel_number, "68.00")))

    assert (differences(other), differences(shop)) == ([("unknown", "open", 6800, 0)], [])
