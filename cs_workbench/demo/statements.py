"""Yesterday's fund bill of the shop's own channel, with one payment that no refund of ours explains."""

from datetime import timedelta
from typing import Any

from aftersales.statements.reading import file_statement, read_statement
from merchant.clock import SHANGHAI, now
from merchant.platforms.sandbox.wechat_wire import BILL_HEADER


def make_statement(shop: Any) -> None:
    """A difference for finance to explain or to write off."""
    day = now().astimezone(SHANGHAI).date() - timedelta(days=1)
    flow = f"1900{day:%Y%m%d}0001"
    row = f"`{day} 16:20:31,`50300{day:%Y%m%d}99,`{flow},`退款,`退款,`支出,`36.00,`9964.00,`system,`,`REF{flow}"
    total = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n`1,`0,`0.00,`1,`36.00\n"
    body = f"{BILL_HEADER}\n{row}\n{total}".encode("utf-8-sig")
    file = file_statement(shop, f"fundflow-{day}.csv", body, by=None, from_date=day, to_date=day)
    read_statement(file.pk)
