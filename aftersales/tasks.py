"""What this room does in the background: ids in, one call. Every task is safe twice and safe to die halfway."""

from celery import shared_task

from aftersales.decisions import intercepting, outcomes, sweeps
from aftersales.paying import sending
from aftersales.platforms import intake, platform_answers
from aftersales.statements import pulling, reading, reconciling
from merchant.errands import services as errands
from merchant.wakeups import each_then, gathered


@shared_task(name="aftersales.run_errand")
def run_errand(*, errand_id: int, **_: object) -> None:
    errands.run(errand_id)


@shared_task(name="aftersales.pull_statement")
def pull_statement(*, errand_id: int, **_: object) -> None:
    errands.run(errand_id)


@shared_task(name="aftersales.send_refund")
def send_refund(*, refund_id: int | None = None, **_: object) -> None:
    sending.send_refunds(gathered("aftersales.send_refund", refund_id))


@shared_task(name="aftersales.poll_refund")
def poll_refund(*, refund_id: int, **_: object) -> None:
    sending.poll_refund(refund_id)


@shared_task(name="aftersales.sweep_refunds")
def sweep_refunds(**_: object) -> None:
    sending.sweep_refunds()


@shared_task(name="aftersales.follow_interception")
def follow_interception(*, interception_id: int | None = None, **_: object) -> None:
    numbers = gathered("aftersales.follow_interception", interception_id)
    # What was approved is told to its channel by the same worker: a message more would cost more than the call.
    each_then(numbers, outcomes.follow_interceptions, name="aftersales.send_refund", then=sending.send_refunds)


@shared_task(name="aftersales.intercept_by_rule")
def intercept_by_rule(*, case_id: int | None = None, **_: object) -> None:
    intercepting.intercept_by_rule(case_id)


@shared_task(name="aftersales.tell_refusal")
def tell_refusal(*, case_id: int | None = None, **_: object) -> None:
    platform_answers.tell_refusals(case_id)


@shared_task(name="aftersales.sweep_cases")
def sweep_cases(**_: object) -> None:
    sweeps.sweep_cases()


@shared_task(name="aftersales.pull_platform_cases")
def pull_platform_cases(*, account_id: int | None = None, **_: object) -> None:
    intake.pull_platform_cases(account_id)


@shared_task(name="aftersales.read_statement")
def read_statement(*, file_id: int, **_: object) -> None:
    reading.read_statement(file_id)


@shared_task(name="aftersales.sweep_statements")
def sweep_statements(**_: object) -> None:
    reading.sweep_files()
    pulling.pull_statements()
    reconciling.reconcile_open()
