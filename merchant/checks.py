"""One line of a checklist shown to a person and stored beside the decision it led to."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """`code` as in docs/rules.md; `value` what was found; `message` the sentence when it does not pass."""

    code: str
    passed: bool
    value: Any
    message: Any = ""
    is_warning: bool = False

    @property
    def blocks(self) -> bool:
        return not self.passed and not self.is_warning

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "passed": self.passed,
            "value": self.value if isinstance(self.value, bool | int | float | None) else str(self.value),
            "message": str(self.message),
            "is_warning": self.is_warning,
        }
