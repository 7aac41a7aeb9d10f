"""What every platform and payment channel says of itself: one class, one object of it, one folder.

A platform pushes messages, and may be read and decided over its own interface; what its messages and rows mean to an
order or a case is said by the rooms above, each in one file per platform.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Protocol

from merchant.clock import now
from merchant.hosts import Host
from merchant.platforms import wire
from merchant.shops.credentials import Secret


class MalformedError(ValueError):
    """The message opens with the account's key, but is not a message."""


@dataclass(frozen=True)
class Judged:
    """An opened message. `event_key` is equal for every repetition of it; empty for one that is not kept."""

    event_key: str = ""
    is_own: bool = True
    is_heartbeat: bool = False
    # What somebody must set right at the platform, in a sentence for the account's page.
    remark: str = ""


@dataclass(frozen=True)
class Hint:
    """What a message names, to be read at the platform: orders, after-sales, or refunds under our own numbers.

    `is_vague` says that something changed and not what. `row_version` and `row_status` are the after-sale's row as the
    message tells of it, 0 where it does not say: no more than a reason not to ask about what is known."""

    order_numbers: tuple[str, ...] = ()
    case_numbers: tuple[str, ...] = ()
    refund_numbers: tuple[str, ...] = ()
    is_vague: bool = False
    row_version: int = 0
    row_status: int = 0


class OrderRow(Protocol):
    """An order as a platform told it; the rest of it is known to the platform's translator only."""

    @property
    def oid(self) -> str: ...

    @property
    def raw(self) -> Mapping[str, Any]: ...


class CaseRow(Protocol):
    """An after-sale as a platform told it; the rest of it is known to the platform's channel only."""

    @property
    def refund_id(self) -> str: ...

    @property
    def oid(self) -> str: ...

    @property
    def update_at(self) -> datetime | None: ...

    @property
    def raw(self) -> Any: ...


@dataclass(frozen=True)
class Unreadable:
    """A row of a list that is no after-sale: its number, "" when even that is missing, and why. It stops no other."""

    refund_id: str
    why: str
    update_at: datetime | None = None
    raw: Any = field(default=None, repr=False, compare=False)


class OrderPage(Protocol):
    """One page of an order list; `cursor` is empty after the last one, `unreadable` holds (number, reason)."""

    @property
    def orders(self) -> tuple[Any, ...]: ...

    @property
    def cursor(self) -> str: ...

    @property
    def unreadable(self) -> tuple[tuple[str, str], ...]: ...


class Client(Protocol):
    """Calls for one account that every platform we read and decide on has. Each raises PlatformError."""

    def refund_detail(self, refund_id: str | int) -> Any: ...

    def refund_list(self, begin: datetime, end: datetime) -> Iterator[Any]:
        """After-sales changed between the two instants, oldest change first; `Unreadable` in the place of a row that
        is none."""
        ...

    def order_detail(self, oid: str | int) -> Any: ...

    def order_pages(self, begin: datetime, end: datetime, cursor: str = "") -> Iterator[Any]: ...

    def reject_reasons(self, refund_id: str | int) -> list[tuple[int, str]]: ...

    def reject_refund(
        self,
        refund_id: str | int,
        *,
        reason_code: int,
        desc: str,
        images: tuple[str, ...] = (),
        refund_version: int,
    ) -> None: ...


class Platform:
    """One platform or payment channel. `got_it` and `send_again` are what its push door answers."""

    code: ClassVar[str]
    label: ClassVar[Any]
    app_key_label: ClassVar[Any] = None
    host: ClassVar[Host]
    secrets: ClassVar[tuple[Secret, ...]] = ()
    got_it: ClassVar[bytes]
    send_again: ClassVar[bytes]
    # Its place where platforms are listed.
    position: ClassVar[int] = 100
    # Whether its orders and after-sales are read and decided over its own interface (`client`).
    is_spoken_with: ClassVar[bool] = False
    # The longest span of changed orders that one call may name.
    order_window: ClassVar[timedelta] = timedelta(days=7)

    # When yesterday's statement can be fetched (`bill`), Shanghai's clock; None where it gives none.
    bill_ready_at: ClassVar[time | None] = None

    def try_connection(self, account: Any) -> int:
        """Whether this account may ask at all: reads what changed in the last minute, which changes nothing there. How
        many orders came back. Raises PlatformError, ValueError where the credentials cannot even be used."""
        at = now()
        page = next(iter(self.client(account).order_pages(at - timedelta(minutes=1), at)), None)
        return len(page.orders) if page is not None else 0

    def address(self) -> str:
        """Where it is called, without a slash at its end."""
        return wire.address(self.code, self.host)

    def client(self, account: Any) -> Client:
        """Calls for this account. Raises ValueError where the platform is not spoken with."""
        raise ValueError(f"nothing is known of how {self.code} speaks")

    def bill(self, account: Any, day: date) -> bytes:
        """One day's statement as the channel wrote it, also of a day on which nothing moved. Raises PlatformError."""
        raise NotImplementedError

    def judge(self, account: Any, headers: Mapping[str, str], body: bytes) -> Judged:
        """Open a message: ValueError when it was not written with this account's key, MalformedError when it was, but
        is no message. `headers` have lower-case names; the address that was called, with its query, stands among them
        as `:path`, as HTTP/2 writes it."""
        raise NotImplementedError

    def hint(self, account: Any, body: bytes) -> Hint:
        """What a message that was judged when it came names."""
        raise NotImplementedError


def windows(begin: datetime, end: datetime, length: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Consecutive spans of at most `length` that cover begin … end; none when begin is not before end."""
    while begin < end:
        stop = min(end, begin + length)
        yield begin, stop
        begin = stop
