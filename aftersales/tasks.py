"""What this room does in the background: ids in, one call. Every task is safe twice and safe to die halfway."""

from celery import shared_task


@shared_task(name="aftersales.send_refund")
def send_refund(*, refund_id: int, **_: object) -> None:
    from aftersales.paying import sending

    sending.send_refund(refund_id)


@shared_task(name="aftersales.poll_refund")
def poll_refund(*, refund_id: int, **_: object) -> None:
    from aftersales.paying import sending

    sending.poll_refund(refund_id)


@shared_task(name="aftersales.sweep_refunds")
def sweep_refunds(**_: object) -> None:
    from aftersales.paying import sending

    sending.sweep_refunds()


@shared_task(name="aftersales.refund_stopped_parcels")
def refund_stopped_parcels(*, interception_id: int | None = None, **_: object) -> None:
    from aftersales.decisions import outcomes

    outcomes.refund_stopped_parcels(interception_id)


@shared_task(name="aftersales.hand_back_failed_cases")
def hand_back_failed_cases(*, interception_id: int | None = None, **_: object) -> None:
    from aftersales.decisions import outcomes

    outcomes.hand_back_failed_cases(interception_id)


@shared_task(name="aftersales.hand_back_unknown_cases")
def hand_back_unknown_cases(*, interception_id: int | None = None, **_: object) -> None:
    from aftersales.decisions import outcomes

    outcomes.hand_back_unknown_cases(interception_id)


@shared_task(name="aftersales.hand_back_withdrawn_cases")
def hand_back_withdrawn_cases(*, interception_id: int | None = None, **_: object) -> None:
    from aftersales.decisions import outcomes

    outcomes.hand_back_withdrawn_cases(interception_id)


@shared_task(name="aftersales.raise_delivered_anyway")
def raise_delivered_anyway(*, interception_id: int | None = None, **_: object) -> None:
    from aftersales.decisions import outcomes

    outcomes.raise_delivered_anyway(interception_id)


@shared_task(name="aftersales.intercept_by_rule")
def intercept_by_rule(*, case_id: int | None = None, **_: object) -> None:
    from aftersales.decisions import intercepting

    intercepting.intercept_by_rule(case_id)


@shared_task(name="aftersales.tell_refusal")
def tell_refusal(*, case_id: int | None = None, **_: object) -> None:
    from aftersales.platforms import platform_answers

    platform_answers.tell_refusals(case_id)


@shared_task(name="aftersales.sweep_cases")
def sweep_cases(**_: object) -> None:
    from aftersales.decisions import sweeps

    sweeps.sweep_cases()


@shared_task(name="aftersales.pull_platform_cases")
def pull_platform_cases(*, account_id: int | None = None, **_: object) -> None:
    from aftersales.platforms import intake

    intake.pull_platform_cases(account_id)


@shared_task(name="aftersales.read_statement")
def read_statement(*, file_id: int, **_: object) -> None:
    from aftersales.statements import reading

    reading.read_statement(file_id)


@shared_task(name="aftersales.sweep_statements")
def sweep_statements(**_: object) -> None:
    from aftersales.statements import pulling, reading, reconciling

    reading.sweep_files()
    pulling.pull_statements()
    reconciling.reconcile_open()
