"""Addresses of the outside world. They come from the adapters and the environment only, never from a row or a message:
nobody can point a signed call elsewhere."""

from dataclasses import dataclass

from merchant import environment


@dataclass(frozen=True)
class Host:
    """`default` is the public address; `variable` names the environment variable that says another."""

    variable: str
    default: str

    def url(self, sandbox: str = "") -> str:
        """The address to call, without a slash at its end: the variable's, else the `sandbox` where one plays all of
        them, else the public one."""
        return (environment.text(self.variable) or sandbox or self.default).rstrip("/")
