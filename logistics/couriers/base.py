"""The one small interface behind which every courier lives. Nothing outside its adapter knows a courier's codes.

An adapter is pure on both ends: `build_…` turns our words into the exact bytes of a call, `parse_…` turns an answer
into our words. The synchronous methods (for people who wait) and the asynchronous ones (for the poller) share both.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Protocol

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from logistics.couriers.errors import CourierError, ErrorClass
from logistics.couriers.wire import Answer, Call, asend, asend_unless, send
from merchant import outside
from merchant.carriers.registry import Carrier
from merchant.hosts import Host
from merchant.shops.credentials import Secret

__all__ = [
    "PHONE_LAST4",
    "Account",
    "Address",
    "Answer",
    "Call",
    "Capabilities",
    "Carrier",
    "Courier",
    "CourierError",
    "ErrorClass",
    "Event",
    "Host",
    "InterceptAnswer",
    "InterceptState",
    "InterceptStatus",
    "Kind",
    "Push",
    "Scan",
    "Secret",
    "event_key",
]


class Kind(StrEnum):
    """What the courier is asked to do with the parcel."""

    RETURN_TO_SITE = "return_to_site"
    RETURN_TO_SENDER = "return_to_sender"
    RETURN_TO_ADDRESS = "return_to_address"
    CHANGE_ADDRESS = "change_address"


class Scan(StrEnum):
    """The states a scan may put a parcel in: the stored values of the parcel's states that couriers can speak of."""

    LABELLED = "labelled"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    ARRIVED_DESTINATION = "arrived_destination"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AT_LOCKER = "at_locker"
    SIGNED = "signed"
    REFUSED = "refused"
    RETURNING = "returning"
    RETURNED = "returned"
    REDIRECTED = "redirected"
    EXCEPTION = "exception"
    VOIDED = "voided"


class InterceptState(StrEnum):
    """What a courier answers when it can be asked how an interception stands."""

    RUNNING = "running"
    UNCLEAR = "unclear"  # something happens to the parcel, but it is no proof of a stop: a person is asked
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"  # over, but the answer does not say how: read the track
    UNKNOWN = "unknown"  # no such interception, or a word we do not know


class Account(Protocol):
    """What an adapter needs of a courier account."""

    courier: str
    # "" when the courier is asked through its own interface, else through whom.
    via: str
    customer_code: str
    # A dict; typed loosely because the model's encrypted field reads as one and is declared as bytes.
    secrets: Any

    @property
    def push_token(self) -> str:
        """The unguessable end of this account's push address."""
        ...


@dataclass(frozen=True)
class Address:
    """Where a parcel shall go instead (kinds RETURN_TO_ADDRESS and CHANGE_ADDRESS only)."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    address: str


class Event(NamedTuple):
    """One scan, in our words; a tuple, because the poller makes thousands a second.

    `event_at` is aware UTC; `status` a parcel state, or "" when the code is unknown.

    `is_delivering_site` is false for a hub, true for any other site, None when the scan does not say; whether that
    site is in the receiver's city only the parcel knows. `scan` is the neutral name of the scan, equal in a courier's
    push and in its query even where the two use different codes, so that the same scan is stored once.
    `returned_by_sender_side` is true only when the courier itself says that the sender signed for the return.
    """

    event_at: datetime
    status: str
    raw_code: str
    site: str = ""
    city: str = ""
    text: str = ""
    event_id: str = ""
    is_delivering_site: bool | None = None
    is_address_change: bool = False
    returned_by_sender_side: bool | None = None
    scan: str = ""


def event_key(event: Event) -> int:
    """The event's number within its parcel, signed 64 bit: equal for every repetition of the same scan."""
    identity = event.event_id or "|".join(
        (str(int(event.event_at.timestamp())), event.scan or event.raw_code, event.site)
    )
    return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest(), "big", signed=True)


@dataclass(frozen=True)
class InterceptAnswer:
    """The request was registered. Never: the parcel was stopped."""

    external_ref: str
    raw: str
    # What the courier says it costs, in fen; None when it does not say.
    fee_fen: int | None = None


@dataclass(frozen=True)
class InterceptStatus:
    """How an interception stands at the courier. `reason` is our failure reason when `state` is failed."""

    state: InterceptState
    reason: str = ""
    raw: str = ""
    code: str = ""


@dataclass(frozen=True)
class Push:
    """A verified push, read. `ack` is the body that tells the courier to stop repeating it; `event_id` is the
    courier's own number of this push, equal in every repetition of it, where it gives one.

    `is_hint` says that something happened and nothing of it may be believed: the track is read instead. `others` are
    further parcels the same push speaks of. `has_ended` when no more pushes about this parcel come.
    """

    waybill: str
    events: list[Event]
    ack: str
    event_id: str = ""
    ack_type: str = ""
    is_hint: bool = False
    others: tuple[str, ...] = ()
    has_ended: bool = False


@dataclass(frozen=True)
class Capabilities:
    """What a courier can do. `evidence` names what may prove a stop: its "status" answer, a "return_scan", or only a
    "person"."""

    kinds: frozenset[Kind]
    evidence: str
    can_cancel: bool = False
    can_query_state: bool = False
    # Whether it pushes a parcel's scans once it was asked to.
    can_subscribe: bool = False
    intercepts_at_destination: bool = False
    # Waybills a track call can name at most; the poller names one, so that each keeps its own error.
    batch_size: int = 1
    min_interval_s: int = 0
    needs_phone_last4: bool = False
    # Whether its answer to a request names the fee; else the account's rate card is all there is.
    tells_fee: bool = False
    # Where no source shows a signature, a push is a hint and no more.
    signs_pushes: bool = True


# Its number is shown to no one but the courier, who asks for the end of it beside a waybill.
PHONE_LAST4 = Secret(
    "phone_last4",
    _("Last four digits of the sender's phone"),
    is_required=False,
    is_hidden=False,
    pattern=r"\d{4}",
)


class Courier:
    """One courier, or a way of asking couriers through somebody else. A subclass says everything about it: its row
    among the carriers, hosts, credentials, capabilities and the build/parse pairs; the calls below are shared.

    A way has no `carrier`, since no parcel travels with it, and gives `code` and `label` itself."""

    carrier: ClassVar[Carrier | None] = None
    code: str = ""
    label: Any = ""
    # "" is where it is called; a further name is a further host of its.
    hosts: ClassVar[Mapping[str, Host]] = {}
    secrets: ClassVar[tuple[Secret, ...]] = ()
    # The site on which a shop gets its keys, and whether it also gives the push address there, by hand.
    portal: ClassVar[str] = ""
    takes_push_address_on_its_site: ClassVar[bool] = False
    # Its place where couriers are listed.
    position: ClassVar[int] = 100
    capabilities: Capabilities

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.carrier is not None:
            cls.code, cls.label = cls.carrier.code, cls.carrier.label

    def host(self, name: str = "") -> str:
        """The address to call, without a slash at its end."""
        key = f"{self.code}_{name}" if name else self.code
        return settings.COURIER_HOSTS.get(key) or self.hosts[name].url(settings.COURIER_SANDBOX_URL)

    def obstacle(self, account: Account) -> Any:
        """Why nothing can be stopped through this account as it is set up, as a sentence; "" when nothing is."""
        return ""

    def evidence_of(self, account: Account | None) -> str:
        """What may prove a stop asked for through this account; see `Capabilities.evidence`."""
        return self.capabilities.evidence

    # --- to be written by each courier -------------------------------------------------------------------------

    def build_create(
        self,
        account: Account,
        waybill: str,
        *,
        request_id: str,
        biz_no: str,
        kind: Kind,
        reason: str,
        new_address: Address | None = None,
    ) -> Call:
        raise NotImplementedError

    def parse_create(self, answer: Answer) -> InterceptAnswer:
        raise NotImplementedError

    def build_cancel(self, account: Account, waybill: str, *, biz_no: str, external_ref: str) -> Call:
        raise NotImplementedError

    def parse_cancel(self, answer: Answer) -> None:
        raise NotImplementedError

    def build_query(self, account: Account, waybill: str) -> Call:
        raise NotImplementedError

    def parse_query(self, answer: Answer, waybill: str) -> InterceptStatus:
        raise NotImplementedError

    def build_track(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        raise NotImplementedError

    def parse_track(self, answer: Answer, waybill: str) -> list[Event]:
        raise NotImplementedError

    def read_track(self, account: Account, answer: Answer, waybill: str) -> list[Event]:
        """`parse_track`, and whatever else of the answer this account can check."""
        return self.parse_track(answer, waybill)

    def build_subscribe(self, account: Account, waybill: str, phone_last4: str = "") -> Call:
        raise NotImplementedError

    def parse_subscribe(self, answer: Answer) -> None:
        raise NotImplementedError

    def verify_push(self, account: Account, headers: Any, raw: bytes, content_type: str) -> bool:
        """Whether the bytes carry this account's signature; constant time, nothing of the content is read."""
        raise NotImplementedError

    def parse_push(self, account: Account, headers: Any, raw: bytes) -> Push:
        """Read a verified push. Raises CourierError(bad_request) when it is not the courier's format."""
        raise NotImplementedError

    def ack(self, ok: bool) -> tuple[str, str, int]:
        """(body, content type, HTTP status) that says "got it" or "send it again"."""
        raise NotImplementedError

    # --- for people who wait: synchronous ----------------------------------------------------------------------

    def create_intercept(
        self,
        account: Account,
        waybill: str,
        *,
        request_id: str,
        biz_no: str,
        kind: Kind | str,
        reason: str,
        new_address: Address | None = None,
    ) -> InterceptAnswer:
        """Ask the courier to stop the parcel. Success means registered. Raises CourierError."""
        kind = Kind(kind)
        self._check_kind(kind, new_address)
        call = self.build_create(
            account,
            waybill,
            request_id=request_id,
            biz_no=biz_no,
            kind=kind,
            reason=reason,
            new_address=new_address,
        )
        return self.parse_create(self._send(call))

    def cancel_intercept(self, account: Account, waybill: str, *, biz_no: str, external_ref: str = "") -> None:
        """Take the request back. Raises CourierError, NOT_SUPPORTED where the courier has no such call."""
        self._check_can(self.capabilities.can_cancel, "cancel")
        self.parse_cancel(self._send(self.build_cancel(account, waybill, biz_no=biz_no, external_ref=external_ref)))

    def query_intercept(self, account: Account, waybill: str) -> InterceptStatus:
        """How the interception stands. Raises CourierError, NOT_SUPPORTED where the courier cannot be asked."""
        self._check_can(self.capabilities.can_query_state, "query")
        return self.parse_query(self._send(self.build_query(account, waybill)), waybill)

    def track(self, account: Account, waybill: str, phone_last4: str = "") -> list[Event]:
        """Every scan the courier knows, oldest first; empty when it knows none yet. Raises CourierError."""
        return self.read_track(account, self._send(self.build_track(account, waybill, phone_last4)), waybill)

    def subscribe(self, account: Account, waybill: str, phone_last4: str = "") -> None:
        """Ask for pushes about this parcel. Raises CourierError, NOT_SUPPORTED where the courier has no such call."""
        self._check_can(self.capabilities.can_subscribe, "subscribe")
        self.parse_subscribe(self._send(self.build_subscribe(account, waybill, phone_last4)))

    def _send(self, call: Call) -> Answer:
        outside.check_may_call(self.code)
        return send(call)

    def try_connection(self, account: Account, waybill: str, phone_last4: str = "") -> int:
        """Whether this account may ask at all: reads a track, which changes nothing there. How many scans came back;
        a refusal about the parcel alone is a sign that it may. Raises CourierError."""
        return len(self.track(account, waybill, phone_last4))

    # --- for the poller: the same calls, many in flight --------------------------------------------------------

    async def atrack(self, session: Any, account: Account, waybill: str, phone_last4: str = "") -> list[Event]:
        """`track` over an aiohttp session."""
        answer = await asend(session, self.build_track(account, waybill, phone_last4))
        return self.read_track(account, answer, waybill)

    async def atrack_unless(
        self, session: Any, account: Account, waybill: str, phone_last4: str = "", *, known: int | None
    ) -> tuple[int, list[Event] | None]:
        """`atrack` and the answer's digest. Where the answer is the `known` one word for word it is not read: None."""
        digest, answer = await asend_unless(session, self.build_track(account, waybill, phone_last4), known=known)
        return digest, None if answer is None else self.read_track(account, answer, waybill)

    async def aquery_intercept(self, session: Any, account: Account, waybill: str) -> InterceptStatus:
        """`query_intercept` over an aiohttp session."""
        self._check_can(self.capabilities.can_query_state, "query")
        return self.parse_query(await asend(session, self.build_query(account, waybill)), waybill)

    async def asubscribe(self, session: Any, account: Account, waybill: str, phone_last4: str = "") -> None:
        """`subscribe` over an aiohttp session."""
        self._check_can(self.capabilities.can_subscribe, "subscribe")
        self.parse_subscribe(await asend(session, self.build_subscribe(account, waybill, phone_last4)))

    # --- guards ------------------------------------------------------------------------------------------------

    def _check_kind(self, kind: Kind, new_address: Address | None) -> None:
        if kind not in self.capabilities.kinds:
            raise CourierError(ErrorClass.NOT_SUPPORTED, "kind", f"{self.code}: {kind.value}")
        if kind in (Kind.RETURN_TO_ADDRESS, Kind.CHANGE_ADDRESS) and new_address is None:
            raise CourierError(ErrorClass.BAD_REQUEST, "address", f"{kind.value} needs an address")

    def _check_can(self, can: bool, what: str) -> None:
        if not can:
            raise CourierError(ErrorClass.NOT_SUPPORTED, what, f"{self.code} has no {what} call")
