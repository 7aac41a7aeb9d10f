"""One closed set of errors for every platform and payment channel, with their own code and words kept beside it."""

from enum import StrEnum


class ErrorClass(StrEnum):
    """What went wrong, in the words a service can act on. Callers decide by the class, never by a code."""

    AUTH = "auth"  # token or signature refused: a person must renew the credentials
    PERMISSION = "permission"  # the app may not call this, or the row is somebody else's
    THROTTLED = "throttled"  # asked too often: back off and ask again
    NOT_ALLOWED = "not_allowed"  # the row's state does not allow it
    CHANGED = "changed"  # the row moved since we read it: read again, then decide again
    NOT_FOUND = "not_found"  # the other side does not know this number
    WITHDRAWN = "withdrawn"  # the buyer took the request back
    BAD_REQUEST = "bad_request"  # our mistake; sending it again changes nothing
    NOT_ENOUGH = "not_enough"  # the merchant's balance is short: same number again once it is filled
    BY_HAND = "by_hand"  # the platform takes this decision from a person on its own pages only
    TRANSIENT = "transient"  # their fault or the network's: may heal


# Only these may heal by waiting; the rest are answers.
RETRYABLE = frozenset({ErrorClass.THROTTLED, ErrorClass.TRANSIENT, ErrorClass.NOT_ENOUGH})


class PlatformError(Exception):
    """A platform said no, or did not say anything.

    `code` and `message` are the other side's own, `raw` the answer as it came (text, at most 2,000 characters).
    `is_unknown_outcome` is true when a call that changes something may have been carried out although no clear
    answer came back: a time-out or a lost connection after sending, a 5xx, an answer nobody can read, a code nobody
    documented. Whoever moves money must then ask before sending anything again.
    """

    def __init__(
        self,
        error_class: ErrorClass | str,
        code: str | int = "",
        message: str = "",
        *,
        raw: str = "",
        retry: bool | None = None,
        is_unknown_outcome: bool = False,
    ) -> None:
        self.error_class = ErrorClass(error_class)
        self.code = str(code)
        self.message = str(message)
        self.raw = raw[:2000]
        self.retry = self.error_class in RETRYABLE if retry is None else retry
        self.is_unknown_outcome = is_unknown_outcome
        super().__init__(f"{self.error_class.value} {self.code} {self.message}".strip())
