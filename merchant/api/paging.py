"""Lists by cursor: each page begins behind the last row of the one before, however many rows came in between."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from merchant.ui.query_params import key_of_page, page_key, parse_int

SIZE, MOST = 50, 200


class Cursor(BasePagination):
    """Newest first: by `view.newest_by` and the id where an index has both, else by the id alone.

    Answers {"results": […], "next": the next page's address or null}."""

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: Any = None) -> list[Any]:
        at = view.newest_by
        cursor, size = request.query_params.get("cursor", ""), self._size(request)
        if cursor and at:
            if (start := page_key(cursor)) is None:
                raise _no_cursor()
            queryset = queryset.filter(TupleLessThan(Tuple(F(at), F("id")), start))
        elif cursor:
            if (last := parse_int(cursor)) is None:
                raise _no_cursor()
            queryset = queryset.filter(pk__lt=last)
        found = list(queryset.order_by(*([f"-{at}"] if at else []), "-id")[: size + 1])
        page, self.next = found[:size], None
        if len(found) > size:
            last_row = page[-1]
            key = key_of_page(getattr(last_row, at), last_row.pk) if at else str(last_row.pk)
            self.next = replace_query_param(request.build_absolute_uri(), "cursor", key)
        return page

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        return Response({"results": data, "next": self.next})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "description": "Address of the next page; null on the last.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where the page begins; taken from `next`, never made up.",
                "schema": {"type": "string"},
            },
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "description": "Rows on the page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": SIZE},
            },
        ]

    @staticmethod
    def _size(request: Request) -> int:
        asked = request.query_params.get("limit")
        if asked is None:
            return SIZE
        size = parse_int(asked)
        if size is None or not 1 <= size <= MOST:
            raise ValidationError({"limit": _("Between 1 and %(most)d rows.") % {"most": MOST}})
        return size


def _no_cursor() -> ValidationError:
    return ValidationError({"cursor": _("That is no cursor of ours.")})
