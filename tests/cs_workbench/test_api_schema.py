"""What docs/openapi.yaml allows, and what it does not, sent to every address: no fault of ours, and every answer as it
is described. Bounded, and the same each time it runs."""

from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from merchant.wsgi import application
from tests.cs_workbench import test_doors
from tests.cs_workbench.test_api_doors import PERSONAL, ROWS, resources
from tests.cs_workbench.test_doors import OWNER, Undone
from tests.logistics.wire import down
from tests.merchant.api_client import make_api_token

pytestmark = pytest.mark.django_db
world = test_doors.world
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 6
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def rows(world: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """{address as the document writes it: a row of the world that stands there}."""
    found = {}
    for entry, resource in resources():
        if "<int:shop>" in str(entry.pattern):
            name = "errand_retry" if resource.noun in PERSONAL else ROWS.get(resource.noun, "")
            arguments = world.arguments.get(name, [])
            keys = [one.strip("<>").partition(":")[2] for one in resource.keys]
            values = arguments[1:] if len(arguments) > 1 else arguments
            found[resource.path] = {"shop": world.shop.pk, **dict(zip(keys, values, strict=True))}
    return found


@pytest.fixture(autouse=True)
def one_connection():
    """The end of a request does not close the connection that holds the test's transaction, as in Django's client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def ask(operation: Any, mode: GenerationMode, here: dict[str, Any], headers: dict[str, str]) -> list[int]:
    """A few requests to one address, each taken back; the statuses they got."""
    statuses = []

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        case.path_parameters.update(here)
        with Undone():
            answer = case.call(headers=headers)
        statuses.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    send()
    return statuses


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "not allowed"])
def test_no_request_finds_a_fault_and_every_answer_is_as_described(world, courier, settings, mode):
    settings.API_PER_MINUTE = 10**9
    courier.on("", down())
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.yaml", application)
    schema.config.generation.update(allow_x00=False)
    headers = {"Authorization": f"Bearer {make_api_token(world.people[OWNER], world.shop)[1]}"}
    there, sent = rows(world), {}

    for found in schema.get_all_operations():
        operation = found.ok()
        here = there.get(operation.path.split("/")[3], {}) if "{shop}" in operation.path else {}
        sent[operation.label] = ask(operation, mode, here, headers)

    assert len(sent) == 145
    if mode == GenerationMode.POSITIVE:
        # What the document allows is understood: done, or refused by a rule.
        assert {status for statuses in sent.values() for status in statuses} <= {200, 201, 202, 400, 403, 409}


def test_the_document_is_of_this_code():
    call_command("openapi", check=True)
