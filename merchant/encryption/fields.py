import json
from typing import Any

from django.db import models

from merchant.encryption import crypto


class EncryptedBytes(models.BinaryField):
    """Bytes sealed at rest. The column's own name is the AAD, so a value copied to another column does not open."""

    def aad(self) -> bytes:
        return f"{self.model._meta.db_table}.{self.column}".encode()

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        return super().get_db_prep_value(crypto.encrypt(bytes(value), aad=self.aad()), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        return None if value is None else crypto.decrypt(value, aad=self.aad())


class EncryptedText(EncryptedBytes):
    """What people write in their own words, sealed at rest: no database finds anything in it. The empty text is kept as
    nothing at all."""

    # For the type checker: what goes in and comes out.
    _pyi_private_set_type: str
    _pyi_private_get_type: str  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "null": True, "blank": True})

    def get_default(self) -> str:
        return ""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(str(value).encode() if value else None, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        plain = super().from_db_value(value, expression, connection)
        return "" if plain is None else plain.decode()

    def value_to_string(self, obj: Any) -> str:
        return ""


def sealed(model: type[models.Model], name: str, value: Any) -> bytes | None:
    """What stands in this sealed column for that text, for statements that COPY rows."""
    field = model._meta.get_field(name)
    assert isinstance(field, EncryptedText)
    return crypto.encrypt(str(value).encode(), aad=field.aad()) if value else None


class EncryptedJSON(EncryptedBytes):
    """A small JSON value sealed at rest: account secrets, raw answers."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        return super().get_db_prep_value(json.dumps(value, ensure_ascii=False).encode(), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        plain = super().from_db_value(value, expression, connection)
        return None if plain is None else json.loads(plain)

    def value_to_string(self, obj: Any) -> str:
        return ""
