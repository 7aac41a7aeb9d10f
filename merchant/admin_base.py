"""The admin shows everything and changes almost nothing: what has a rule goes through a service."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from merchant.people.models import User
from merchant.refusals import Refused


def actor(request: HttpRequest) -> User:
    """Who is signed in; the admin lets nobody else in."""
    assert isinstance(request.user, User), "the admin asks for a login"
    return request.user


class ReadMostlyAdmin(admin.ModelAdmin):
    """Every field read-only, nothing added or deleted. `editable` names plain fields without a rule behind them."""

    editable: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    show_full_result_count = False
    list_per_page = 50

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [field.name for field in self.model._meta.fields if field.name not in self.hidden]
        return [*names, *(name for name in self.readonly_fields if name not in names)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for name in self.get_fields(request, obj) if name not in self.editable]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.editable) and super().has_change_permission(request, obj)

    def each(self, request: HttpRequest, rows: Any, act: Any, done: Any) -> None:
        """Run a service over the chosen rows; a refusal is told with its row and stops none of the others."""
        count = 0
        for row in rows:
            try:
                act(row)
                count += 1
            except Refused as refusal:
                self.message_user(request, f"{row}: {refusal}", messages.ERROR)
        if count:
            self.message_user(request, done % {"count": count}, messages.SUCCESS)
