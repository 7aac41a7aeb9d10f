"""`manage.py openapi`: describe the API in docs/openapi.yaml, or check that it is described."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema

FILE = settings.BASE_DIR / "docs" / "openapi.yaml"


def described() -> str:
    """The OpenAPI document of this code, in English. Raises CommandError for what cannot be described."""
    GENERATOR_STATS.reset()
    with translation.override("en"):
        schema = SchemaGenerator().get_schema(request=None, public=True)
    if GENERATOR_STATS:
        raise CommandError("The API is not wholly described: the warnings above name the places.")
    validate_schema(schema)
    text: bytes = OpenApiYamlRenderer().render(schema, renderer_context={})
    return text.decode()


class Command(BaseCommand):
    help = "Writes docs/openapi.yaml; --check fails when it differs from the code."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        text = described()
        if not options["check"]:
            FILE.write_text(text, encoding="utf-8")
            self.stdout.write(f"{text.count('operationId:')} operations in docs/openapi.yaml")
        elif not FILE.exists() or FILE.read_text(encoding="utf-8") != text:
            raise CommandError("docs/openapi.yaml differs from the code. Run `make openapi`.")
