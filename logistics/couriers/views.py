"""The couriers' door: stored raw first, acknowledged in milliseconds, worked on later."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from logistics.couriers import push_endpoint, registry
from logistics.couriers.base import Courier
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxVerdict
from merchant.shops.models import CourierAccount

# A push that is known already is acknowledged, and so is one that mixes parcels up: it would come again.
# One about a parcel that is not this account's is not: the courier repeats it a few times, and a parcel imported a
# moment later still gets its scan.
STATUSES = {
    InboxVerdict.VERIFIED: 200,
    InboxVerdict.REPLAYED: 200,
    InboxVerdict.STRAY: 200,
    InboxVerdict.MALFORMED: 400,
    InboxVerdict.FORGED: 403,
    InboxVerdict.FOREIGN: 404,
    InboxVerdict.OVERSIZED: 413,
    InboxVerdict.THROTTLED: 429,
}


@csrf_exempt
@require_POST
def courier_push(request: HttpRequest, push_token: str) -> HttpResponse:
    """One push of one account. The address is the account's secret; the signature says the rest."""
    account = push_endpoint.accounts.find(push_token)
    courier = registry.of(account)
    if account is None or courier is None:
        raise Http404
    # One byte more than allowed is enough to know, however much is sent.
    raw = request.read(settings.PUSH_MAX_BYTES + 1)
    headers = {name.lower(): value for name, value in request.headers.items()}
    while account is not None and courier is not None:
        judgement = push_endpoint.judge(account, courier, headers, raw)
        if over := push_endpoint.over_limit(account, courier, judgement):
            if over == 1:
                # One row says enough; a row a push would be the flood itself.
                _store(request, account, courier, b"", push_endpoint.Judgement(InboxVerdict.THROTTLED))
            return _answer(courier, InboxVerdict.THROTTLED)
        verdict = _store(request, account, courier, raw, judgement)
        if verdict is not None:
            return _answer(courier, verdict, judgement)
        # Changed since this process read it: what was judged by its old secrets is judged again.
        account = push_endpoint.accounts.find_again(push_token)
        courier = registry.of(account)
    raise Http404


def _store(
    request: HttpRequest, account: CourierAccount, courier: Courier, raw: bytes, judgement: push_endpoint.Judgement
) -> str | None:
    """The verdict it is on record with; None when nothing was stored, because the account has changed."""
    stored = inbox.receive(
        f"courier:{courier.code}",
        shop=account.shop,
        account_id=account.pk,
        headers=dict(request.headers),
        body=raw,
        verdict=judgement.verdict,
        event_key=judgement.digest,
        ours_if=push_endpoint.goes_through(account, judgement.waybills),
        is_once=True,
        only_if=push_endpoint.accounts.unchanged(account),
    )
    return stored.verdict if stored else None


def _answer(courier: Courier, verdict: str, judgement: push_endpoint.Judgement | None = None) -> HttpResponse:
    status = STATUSES[InboxVerdict(verdict)]
    body, content_type, _ = courier.ack(status == 200)
    if judgement is not None and judgement.ack and status == 200:
        body, content_type = judgement.ack, judgement.ack_type or content_type
    return HttpResponse(body, content_type=content_type, status=status)
