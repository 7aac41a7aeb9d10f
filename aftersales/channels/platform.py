"""A shop platform as a channel: its answer to a refund-only case *is* the refund.

The platform's after-sale is the case's number and one answer settles it, so it can never pay twice for one case. The
row is re-read before every answer, and an answer refused as stale sends us back to reading, never on.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from aftersales.cases.enums import CaseState
from aftersales.channels.base import Channel, Receipt, RefundToPay
from aftersales.channels.enums import RefundOutcome
from aftersales.channels.snapshot import PlatformCase
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.registry import client_of
from merchant.shops.services import platform_account

# An answer refused as stale is tried once more on the fresh row, when that row still asks for the same.
TRIES = 2


class PlatformChannel(Channel):
    """One platform. A subclass says what its rows mean and how it is answered; the walk below is shared."""

    is_platform = True
    # Its name in the words that are kept of a refused call.
    name: ClassVar[str]
    # How the request that is kept names the after-sale and the amount.
    id_name: ClassVar[str]
    amount_name: ClassVar[str]
    # Refusals that mean "read again"; and what the others mean, where it is not a plain refusal.
    stale: ClassVar[frozenset[ErrorClass]] = frozenset({ErrorClass.CHANGED, ErrorClass.NOT_ALLOWED})
    refusals: ClassVar[Mapping[ErrorClass, RefundOutcome]] = {
        ErrorClass.THROTTLED: RefundOutcome.THROTTLED,
        ErrorClass.NOT_ENOUGH: RefundOutcome.WAIT_FUNDS,
    }

    # --- to be written by each platform ------------------------------------------------------------------------

    def platform_case(self, row: Any, *, is_shipped: bool) -> PlatformCase:
        """The platform's row in our words. Raises ValueError on a number that no table names."""
        raise NotImplementedError

    def state_of(self, status: int) -> CaseState | None:
        """Our state for a status that a message names; None where it names none that we know."""
        return None

    def judge(self, row: Any, refund: RefundToPay, request: dict[str, Any]) -> Receipt:
        """What the row means for our number. UNKNOWN_NUMBER: it waits for us, nothing was paid."""
        raise NotImplementedError

    def seen(self, row: Any) -> dict[str, Any]:
        """What of the row goes with the answer, so that a stale one is refused; kept with the request."""
        raise NotImplementedError

    def approve(self, client: Any, row: Any, refund: RefundToPay) -> None:
        """Agree on what was read. Raises PlatformError."""
        raise NotImplementedError

    def refusal_code(self, error: PlatformError) -> str:
        """The code a refusal is kept under."""
        return error.code

    # --- the walk ----------------------------------------------------------------------------------------------

    def refund(self, refund: RefundToPay) -> Receipt:
        """Re-read, agree on what was read, re-read."""
        client, refusal = self._client(refund)
        if client is None:
            return refusal
        request: dict[str, Any] = {self.id_name: _number(refund), self.amount_name: refund.amount_fen}
        for _turn in range(TRIES):
            row, judged = self._look(client, refund, request)
            if row is None or judged.outcome != RefundOutcome.UNKNOWN_NUMBER:
                return judged
            request |= self.seen(row)
            try:
                self.approve(client, row, refund)
            except PlatformError as error:
                if error.error_class in self.stale:
                    continue
                return self._refused(error, request)
            return self._after_approval(client, refund, request)
        # Refused twice although the row asks for the same: nothing was paid, the next poll reads again.
        row, judged = self._look(client, refund, request)
        if row is None or judged.outcome != RefundOutcome.UNKNOWN_NUMBER:
            return judged
        return Receipt(RefundOutcome.REFUSED, code="CHANGED", message="refused as changed twice", request=request)

    def query(self, refund: RefundToPay) -> Receipt:
        """The row as it stands. Still waiting for the shop with the same amount: our answer never arrived."""
        client, refusal = self._client(refund)
        if client is None:
            return refusal
        return self._look(client, refund, {self.id_name: _number(refund)})[1]

    def client_for(self, shop: Any) -> Any | None:
        """A client for this shop's account (a Shop or its id), None when there is none."""
        account: Any = platform_account(shop, self.code)
        return None if account is None else client_of(account)

    def _client(self, refund: RefundToPay) -> tuple[Any | None, Receipt]:
        client = self.client_for(refund.shop_id)
        if client is None:
            return None, Receipt(RefundOutcome.REFUSED, code="ACCOUNT", message=f"no {self.name} account is connected")
        if refund.case is None:
            return None, Receipt(RefundOutcome.REFUSED, code="CASE", message=f"{self.name} pays back cases only")
        return client, Receipt(RefundOutcome.UNKNOWN)

    def _look(self, client: Any, refund: RefundToPay, request: dict[str, Any]) -> tuple[Any | None, Receipt]:
        """The row and what it means; or what a failed reading means: never more than "ask again", since reading pays
        nothing."""
        try:
            row = client.refund_detail(_number(refund))
        except PlatformError as error:
            outcome = RefundOutcome.THROTTLED if error.retry else RefundOutcome.REFUSED
            return None, Receipt(outcome, code=error.code, message=error.message, request=request)
        return row, self.judge(row, refund, request)

    def _after_approval(self, client: Any, refund: RefundToPay, request: dict[str, Any]) -> Receipt:
        """Taken. Paid is what the row says; should it not be readable now, the poll asks."""
        row, judged = self._look(client, refund, request)
        if row is None or judged.outcome == RefundOutcome.UNKNOWN_NUMBER:
            return Receipt(RefundOutcome.PROCESSING, request=request)
        return judged

    def _refused(self, error: PlatformError, request: dict[str, Any]) -> Receipt:
        """A refused or lost answer."""
        outcome = self.refusals.get(error.error_class, RefundOutcome.REFUSED)
        if error.is_unknown_outcome:
            outcome = RefundOutcome.UNKNOWN
        elif error.error_class == ErrorClass.TRANSIENT:
            outcome = RefundOutcome.THROTTLED
        return Receipt(outcome, code=self.refusal_code(error), message=error.message, request=request)


def _number(refund: RefundToPay) -> str:
    return refund.case.number if refund.case else ""
