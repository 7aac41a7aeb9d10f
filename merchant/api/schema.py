"""How the addresses are described: OpenAPI 3.1 by drf-spectacular, committed as docs/openapi.yaml."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from merchant.api.idempotency import LONGEST
from merchant.api.problems import MEDIA_TYPE, ProblemSerializer


class BearerToken(OpenApiAuthenticationExtension):
    target_class = "merchant.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "A token made on the page Settings › API."}


LANGUAGE = OpenApiParameter(
    "Accept-Language",
    str,
    OpenApiParameter.HEADER,
    description="`zh-hans` (default) or `en`: the language of sentences.",
)
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description=(
        "Sent again with the same content within 24 hours it does nothing anew and gives the first answer "
        "(`Idempotency-Replayed: true`); with other content it is refused (422)."
    ),
)
SHARED = ("Accept-Language", "Idempotency-Key", "cursor", "limit")
# What may go wrong, besides faults of ours.
WRONG = {
    400: "The request is not as this address takes it.",
    401: "No token, or none that can be used.",
    403: "The token was not made for it, or the person's role does not include it.",
    404: "Not here, or not this token's to see.",
    406: "Only JSON is given.",
    409: "Refused: nothing has changed. `code` is the rule's.",
    415: "Not a content type this address takes.",
    422: "The Idempotency-Key was used for another request.",
    429: "Too many requests; `Retry-After` says when to come again.",
}
LOOKING = (401, 403, 404, 406, 429)
LISTING = (400, 401, 403, 406, 429)
ACTING = (400, 401, 403, 404, 406, 409, 415, 422, 429)


class ApiSchema(AutoSchema):
    """Reads a `Resource`: names by noun and verb, every problem, the scope each address needs."""

    def get_operation_id(self) -> str:
        names = {"list": "list", "retrieve": "get"}
        return f"{self.view.noun}_{names.get(self.view.action, self.view.action)}"

    def get_tags(self) -> list[str]:
        return [self.view.area or "shops"]

    def get_description(self) -> str:
        scope = f"Scope: `{self.view.scope}`." if self.view.scope else "Any token."
        action = self.view.verb or getattr(type(self.view), self.view.action)
        told = action.__doc__ if self.view.verb else type(self.view).__doc__
        return f"{' '.join((told or '').split())}\n\n{scope}".strip()

    def get_override_parameters(self) -> list[Any]:
        return [LANGUAGE, *([KEY] if self.view.verb else [])]

    def get_request_serializer(self) -> Any:
        return self.view.verb.takes if self.view.verb else None

    def get_response_serializers(self) -> Any:
        status = self.view.verb.status if self.view.verb else 200
        wrong = ACTING if self.view.verb else LISTING if self.view.action == "list" else LOOKING
        return {status: self.view.get_serializer_class()} | {(code, MEDIA_TYPE): ProblemSerializer for code in wrong}

    def _is_list_view(self, serializer: Any = None) -> bool:
        return bool(self.view.action == "list")


def share(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What most operations repeat, the problems and four parameters, stands once among the components."""
    parts = result["components"]
    answers, parameters = parts.setdefault("responses", {}), parts.setdefault("parameters", {})
    for operation in (one for path in result["paths"].values() for one in path.values()):
        for status, answer in operation["responses"].items():
            if MEDIA_TYPE in answer.get("content", {}):
                name = f"Problem{status}"
                answers[name] = {**answer, "description": WRONG[int(status)]}
                operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
            else:
                answer["description"] = answer["description"] or "Done."
        for place, parameter in enumerate(operation.get("parameters", [])):
            if parameter["name"] in SHARED:
                name = parameter["name"].replace("-", "")
                parameters[name] = parameter
                operation["parameters"][place] = {"$ref": f"#/components/parameters/{name}"}
    return result
