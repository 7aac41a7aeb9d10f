"""What every address of the API does before and after its own line.

A `Resource` is one kind of row: a list by cursor, one of them, and its verbs. A verb is a POST to the row's address and
its name: a serializer reads the request, a method makes one service call, the answer is the row as it stands then."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, FileField
from rest_framework.viewsets import GenericViewSet

from merchant.api import idempotency
from merchant.api.fields import Files, Nothing
from merchant.api.parsers import JSONParser
from merchant.people.models import User


class Resource(GenericViewSet):
    """Subclasses name their area (of the scopes; "" is open to every token), their noun and path, the keys behind the
    shop in an address, and which doors they have: list, retrieve, or only verbs about rows another capability shows."""

    area: ClassVar[str]
    noun: ClassVar[str]
    path: ClassVar[str]
    keys: ClassVar[tuple[str, ...]] = ("<ref:number>",)
    doors: ClassVar[tuple[str, ...]] = ("list", "retrieve")
    # The instant by which its list is read, where an index has it before the id; "" is by the id alone.
    newest_by: ClassVar[str] = ""
    # The serializer of one row where the list says less.
    detail_class: ClassVar[type[BaseSerializer] | None] = None
    filter_backends = (DjangoFilterBackend,)
    parser_classes = (JSONParser,)

    # --- what the methods of a subclass use ---------------------------------------------------------------------------

    @property
    def by(self) -> User:
        """The token's person, in whose name everything is done."""
        user: User = self.request.user
        return user

    @property
    def shop(self) -> Any:
        """The token's shop, the only one it opens."""
        return self.request.auth.shop

    def in_sight(self, rows: Any) -> Any:
        """Those of a shop's rows that this token's person sees, in this token's shop."""
        return rows.seen_in(self.request.auth.shop_id, self.by)

    # --- doors ----------------------------------------------------------------------------------------------------

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, **_keys: Any) -> Response:
        return self.answer(self.one())

    # --- the rest -------------------------------------------------------------------------------------------------

    @property
    def verb(self) -> Any:
        """The verb's method, None where the request looks."""
        found = getattr(self, self.action or "", None)
        return found if hasattr(found, "takes") else None

    @property
    def scope(self) -> str:
        """What the token must have been made for."""
        if not self.action or not self.area:
            return ""
        return str(self.verb.scope or f"{self.area}:write") if self.verb else f"{self.area}:read"

    def get_queryset(self) -> QuerySet[Any]:
        assert self.queryset is not None
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        rows: QuerySet[Any] = self.in_sight(self.queryset.all())
        return rows

    def get_serializer_class(self) -> type[BaseSerializer]:
        if self.verb and self.verb.gives:
            given: type[BaseSerializer] = self.verb.gives
            return given
        shown = None if self.action == "list" else self.detail_class
        return shown or super().get_serializer_class()

    def one(self) -> Any:
        """The row of this address, as far as it is this token's to see. Of several the newest."""
        keys = dict(self.kwargs)
        if keys.pop("shop") != self.request.auth.shop_id:
            raise NotFound
        row = self.get_queryset().filter(**keys).order_by("-pk").first()
        if row is None:
            raise NotFound
        return row

    def again(self, row: Any) -> Any:
        """The row as it stands after a verb, also where it has left this person's sight."""
        assert self.queryset is not None
        return self.queryset.get(pk=row.pk)

    def answer(self, row: Any, status: int = 200) -> Response:
        return Response(self.get_serializer(row).data, status=status)

    # --- around each request -------------------------------------------------------------------------------------

    key: Any = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        translation.activate(language_of(request))
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        return answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.verb is not None:
            self.key = idempotency.claim(request)

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, idempotency.Replay):
            return exc.response
        try:
            return super().handle_exception(exc)
        except Exception:
            if self.key is not None:
                idempotency.free(self.key)
            raise

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Cache-Control"] = "no-store"
        if self.key is not None:
            body = JSONRenderer().render(answer.data).decode()
            kind = answer.content_type or JSONRenderer.media_type
            idempotency.settle(self.key, status=answer.status_code, content_type=kind, body=body)
        return answer

    # --- addresses ------------------------------------------------------------------------------------------------

    @classmethod
    def verbs(cls) -> dict[str, Any]:
        """{method's name: verb} of this very class: where a capability adds verbs to another's rows, only those."""
        return {name: one for name, one in vars(cls).items() if hasattr(one, "takes")}

    @classmethod
    def urls(cls) -> Sequence[URLPattern]:
        """The resource's addresses: `path/`, `path/{shop}/{key}/`, and one for each verb."""
        verbs = cls.verbs()
        top = f"{cls.path}/"
        row = f"{top}{'/'.join(['<int:shop>', *cls.keys])}/"
        many = {"get": "list"} if "list" in cls.doors else {}
        for name, one in verbs.items():
            if not one.slug:
                many["post"] = name
        maker = verbs.get(many.get("post", ""))
        urls = []
        if many:
            parsers = maker.parsers if maker else cls.parser_classes
            urls.append(path(top, cls.as_view(many, parser_classes=parsers), name=f"api_{cls.noun}_list"))
        if "retrieve" in cls.doors:
            urls.append(path(row, cls.as_view({"get": "retrieve"}), name=f"api_{cls.noun}"))
        for name, one in verbs.items():
            if one.slug:
                view = cls.as_view({"post": name}, parser_classes=one.parsers)
                urls.append(path(f"{top if one.is_at_top else row}{one.slug}/", view, name=f"api_{cls.noun}_{name}"))
        return urls


def verb(
    takes: type[BaseSerializer] = Nothing,
    *,
    gives: type[BaseSerializer] | None = None,
    scope: str = "",
    slug: str | None = None,
    at_top: bool = False,
    status: int = 200,
) -> Callable[[Callable[..., Any]], Any]:
    """A method of a Resource as `POST …/{verb}/`. It is given the row (none `at_top` of the path) and, by name, what
    `takes` read; it makes one service call. The answer is the row read again, or what the method returned, by `gives`.

    `slug=""` at the top makes new rows: `POST` on the list's own address."""

    def decorate(method: Callable[..., Any]) -> Any:
        @wraps(method)
        def endpoint(self: Resource, request: Request, **_keys: Any) -> Response:
            row = None if at_top else self.one()
            asked = takes(data=request.data, context=self.get_serializer_context())
            asked.is_valid(raise_exception=True)
            given = () if at_top else (row,)
            done = method(self, *given, **asked.validated_data)
            shown = done if gives else self.again(done if at_top else row)
            return self.answer(shown, status)

        has_files = any(isinstance(field, Files | FileField) for field in takes._declared_fields.values())
        marks: Any = endpoint
        marks.takes, marks.gives, marks.scope, marks.status = takes, gives, scope, status
        marks.slug = method.__name__.replace("_", "-") if slug is None else slug
        marks.is_at_top = at_top
        marks.parsers = (MultiPartParser, JSONParser) if has_files else (JSONParser,)
        return marks

    return decorate


def language_of(request: HttpRequest) -> str:
    """The first language of Accept-Language that we speak, else Chinese; the cookie of a page says nothing here."""
    for code, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return translation.get_supported_language_variant("zh-hans")
