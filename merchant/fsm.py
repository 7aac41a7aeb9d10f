"""What every state machine shares: a stale copy's save is an error, a refresh really reloads the state."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.db import models
from django_fsm import ConcurrentTransitionMixin, FSMFieldMixin, FSMModelMixin


class StateMachine(ConcurrentTransitionMixin, models.Model):
    """Base of rows with a protected `state`. Saving a copy whose state moved elsewhere raises ConcurrentTransition."""

    # Names of states dropped for the moment of a refresh; see `refresh_from_db`.
    _dropped: frozenset[str] = frozenset()

    class Meta:
        abstract = True

    def _update_initial_state(self) -> None:
        # The library reads the state of every row at once, also where a list left it out: a query a row, and a refresh
        # of any other field would overwrite a move that is not saved yet. Here only what is loaded is remembered.
        values = self.__dict__
        loaded = {name: values[name] for name in _state_names(type(self)) if name in values}
        self._ConcurrentTransitionMixin__initial_states = loaded

    def _do_update(self, *args: Any, **kwargs: Any) -> Any:
        for field in self.state_fields:
            getattr(self, field.attname)  # a state left out so far is read now, the save is compared with it
        return super()._do_update(*args, **kwargs)

    def get_deferred_fields(self) -> set[str]:
        return super().get_deferred_fields() - self._dropped

    def refresh_from_db(
        self, using: str | None = None, fields: Iterable[str] | None = None, from_queryset: Any = None
    ) -> None:
        # The library's own refresh switches the protection off on the class, which other threads see and which stays
        # off when the row is gone. Dropping the loaded values instead lets Django set them as if for the first time;
        # they must not count as deferred meanwhile, or they would not be read at all.
        names = None if fields is None else set(fields)
        states = [field.attname for field in self.state_fields if names is None or field.attname in names]
        held = {name: self.__dict__.pop(name) for name in states if name in self.__dict__}
        self._dropped = frozenset(held)
        try:
            super(FSMModelMixin, self).refresh_from_db(using=using, fields=names, from_queryset=from_queryset)
        except BaseException:
            self.__dict__.update(held)
            raise
        finally:
            del self._dropped
        if states:
            # Only a state that was read again is what the next save may expect to find.
            self._update_initial_state()


def state_constraint(name: str, states: type[models.TextChoices], field: str = "state") -> models.CheckConstraint:
    """`CHECK (state IN …)`: set-based SQL goes past the machine, the database does not let it invent a state."""
    return models.CheckConstraint(name=name, condition=models.Q(**{f"{field}__in": [str(v) for v in states.values]}))


@cache
def _state_names(model: type[StateMachine]) -> tuple[str, ...]:
    """The columns of its machines. The library looks for them among all fields for every row that is read."""
    return tuple(field.attname for field in model._meta.fields if isinstance(field, FSMFieldMixin))
