"""`makemigrations`, with indexes and constraints written where their table is made.

Django folds only the first of them into their `CreateModel`. Each of the others makes `migrate` build every model of
the house anew in memory, which was two thirds of what a new database costs.
"""

from collections.abc import Sequence
from typing import Any, cast

from django.core.management.commands import makemigrations
from django.db.migrations import AddConstraint, AddIndex, CreateModel, Migration
from django.db.migrations.operations.base import Operation


def folded(operations: Sequence[Operation]) -> list[Operation]:
    """The same tables. What stands after another change of its table, such as a field added late, stays there."""
    kept: list[Operation] = []
    for operation in operations:
        name = getattr(operation, "model_name_lower", "")
        touching = [at for at, one in enumerate(kept) if name in (getattr(one, "model_name_lower", ""), created(one))]
        if isinstance(operation, AddIndex | AddConstraint) and len(touching) == 1 and created(kept[touching[0]]):
            [kept[touching[0]]] = cast("list[Operation]", kept[touching[0]].reduce(operation, ""))
        else:
            kept.append(operation)
    return kept


def created(operation: Operation) -> str:
    return operation.name_lower if isinstance(operation, CreateModel) else ""


class Command(makemigrations.Command):
    def write_migration_files(self, changes: dict[str, list[Migration]], *more: Any) -> None:
        for migrations in changes.values():
            for migration in migrations:
                cast("list[Operation]", migration.operations)[:] = folded(migration.operations)
        super().write_migration_files(changes, *more)
