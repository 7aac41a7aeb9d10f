"""What an account must know to speak with the other side, said by each adapter so that a form can be drawn from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Secret:
    """One credential. `name` is where it stands among the account's secrets; a dot goes one level down.

    `is_hidden` values are written and never shown again; others (a switch, a number of ours) are shown as they stand.
    `choices` are (value, label) pairs, the first of them what an empty one means; `pattern` is what a value must match
    as a whole; `is_number` ones are whole numbers of at most five digits."""

    name: str
    label: Any
    help_text: Any = ""
    is_required: bool = True
    is_hidden: bool = True
    choices: tuple[tuple[str, Any], ...] = ()
    pattern: str = ""
    is_number: bool = False
    is_long: bool = False

    def read(self, secrets: Mapping[str, Any]) -> Any:
        """Its value among these secrets; "" when there is none."""
        found: Any = secrets
        for step in self.name.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        return "" if found is None else found

    def write(self, secrets: dict[str, Any], value: Any) -> None:
        """Put it where it belongs; an empty value takes it away."""
        *steps, last = self.name.split(".")
        for step in steps:
            below = secrets.get(step)
            level = dict(below) if isinstance(below, Mapping) else {}
            secrets[step] = level
            secrets = level
        if value in (None, ""):
            secrets.pop(last, None)
        else:
            secrets[last] = value
