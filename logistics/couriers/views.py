"""The couriers' door: stored raw first, acknowledged in milliseconds, worked on later."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from logistics.couriers import door, registry
from logistics.couriers.base import Courier
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxVerdict
from merchant.shops.models import CourierAccount

# A push that is known already is acknowledged. One about a parcel that is not this account's is not: the courier
# repeats it a few times, and a parcel imported a moment later still gets its scan.
STATUSES = {
    InboxVerdict.VERIFIED: 200,
    InboxVerdict.REPLAYED: 200,
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
    account = CourierAccount.objects.select_related("shop").filter(push_token=push_token, is_active=True).first()
    courier = registry.find(account.courier) if account else None
    if account is None or courier is None:
        raise Http404
    count = door.count_push(account)
    if count > door.PUSHES_PER_MINUTE:
        if count == door.PUSHES_PER_MINUTE + 1:
            # One row a minute says enough; a row a push would be the flood itself.
            _store(request, account, b"", InboxVerdict.THROTTLED)
        return _answer(courier, InboxVerdict.THROTTLED)
    # One byte more than allowed is enough to know, however much is sent.
    raw = request.read(settings.PUSH_MAX_BYTES + 1)
    judgement = door.judge(account, courier, {k.lower(): v for k, v in request.headers.items()}, raw)
    _store(request, account, raw, judgement.verdict, judgement.digest)
    if judgement.verdict == InboxVerdict.VERIFIED:
        door.remember(account, judgement.digest)
    return _answer(courier, judgement.verdict, judgement.ack)


def _store(request: HttpRequest, account: CourierAccount, raw: bytes, verdict: str, digest: str = "") -> None:
    inbox.receive(
        f"courier:{account.courier}",
        shop=account.shop,
        account_id=account.pk,
        headers=dict(request.headers),
        body=raw,
        verdict=verdict,
        event_key=digest,
    )


def _answer(courier: Courier, verdict: str, ack: str = "") -> HttpResponse:
    status = STATUSES[InboxVerdict(verdict)]
    body, content_type, _ = courier.ack(status == 200)
    return HttpResponse(ack if ack and status == 200 else body, content_type=content_type, status=status)
