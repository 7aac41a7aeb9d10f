"""What every state machine shares: a stale copy's save is an error, a refresh really reloads the state."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django_fsm import ConcurrentTransitionMixin, FSMField


class StateMachine(ConcurrentTransitionMixin, models.Model):
    """Base of rows with a protected `state`. Saving a copy whose state moved elsewhere raises ConcurrentTransition."""

    class Meta:
        abstract = True

    def refresh_from_db(self, using: str | None = None, fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        # The library's own refresh switches the protection off on the class, which other threads see.
        # Dropping the loaded values instead lets Django set them as if for the first time.
        names = set(fields) if fields is not None else None
        for field in self._meta.fields:
            if isinstance(field, FSMField) and field.protected and (names is None or field.attname in names):
                self.__dict__.pop(field.attname, None)
        super().refresh_from_db(using=using, fields=fields, **kwargs)


def state_constraint(name: str, states: type[models.TextChoices], field: str = "state") -> models.CheckConstraint:
    """`CHECK (state IN …)`: set-based SQL goes past the machine, the database does not let it invent a state."""
    return models.CheckConstraint(name=name, condition=models.Q(**{f"{field}__in": [str(v) for v in states.values]}))
