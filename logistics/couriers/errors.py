"""What can go wrong at a courier: a closed set of classes, with the courier's own code and words kept beside it."""

from enum import StrEnum


class ErrorClass(StrEnum):
    """Every refusal of every courier is one of these; callers decide by the class, never by a code."""

    AUTH = "auth"
    THROTTLED = "throttled"
    NOT_SUPPORTED = "not_supported"
    UNKNOWN_WAYBILL = "unknown_waybill"
    NOT_YET_TRACKABLE = "not_yet_trackable"
    ALREADY_SIGNED = "already_signed"
    TOO_LATE = "too_late"
    DUPLICATE = "duplicate"
    BAD_REQUEST = "bad_request"
    ANOTHER_PARCEL = "another_parcel"
    TRANSIENT = "transient"


# Only these may heal by waiting. AUTH wants a person, BAD_REQUEST a bug fix, the rest are answers.
RETRYABLE = frozenset({ErrorClass.THROTTLED, ErrorClass.NOT_YET_TRACKABLE, ErrorClass.TRANSIENT})

# The interception's failure reason (domain words) that a refusal of this class stands for.
REASONS = {
    ErrorClass.ALREADY_SIGNED: "signed",
    ErrorClass.TOO_LATE: "in_delivery",
    ErrorClass.UNKNOWN_WAYBILL: "not_found",
    ErrorClass.NOT_SUPPORTED: "courier_refused",
    ErrorClass.DUPLICATE: "others_interception",
}


class CourierError(Exception):
    """A courier said no, or did not say anything.

    `code` and `message` are the courier's own, `raw` the answer as it came (text). `retry` says whether the same call
    may succeed later. `is_unknown_outcome` is true when a call that changes something may have been carried out
    although no usable answer came back: then ask or send again, never assume that it failed. `reason` is the
    interception's failure reason this refusal stands for, when it is a refusal.
    """

    def __init__(
        self,
        error_class: ErrorClass,
        code: str = "",
        message: str = "",
        *,
        raw: str = "",
        retry: bool | None = None,
        is_unknown_outcome: bool = False,
        reason: str = "",
    ) -> None:
        self.error_class = ErrorClass(error_class)
        self.code = str(code)
        self.message = str(message)
        self.raw = raw
        self.retry = self.error_class in RETRYABLE if retry is None else retry
        self.is_unknown_outcome = is_unknown_outcome
        self.reason = reason or REASONS.get(self.error_class, "other")
        super().__init__(f"{self.error_class.value} {self.code} {self.message}".strip())
