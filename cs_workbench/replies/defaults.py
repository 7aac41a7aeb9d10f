"""What a new shop says before it has written anything of its own. In the house's language, and the shop's to change."""

from django.conf import settings
from django.utils.translation import gettext, gettext_noop, override

from cs_workbench.replies.variables import in_this_language

TEXTS = (
    (
        gettext_noop("Being stopped"),
        gettext_noop(
            "Hello {buyer}, we have asked {courier} to turn parcel {waybill} back. It is now: {parcel}. Once it is "
            "stopped we refund {amount}; whatever the result, we tell you. Should it reach you before that, please "
            "refuse it."
        ),
    ),
    (
        gettext_noop("Stopped, refunded"),
        gettext_noop(
            "Hello {buyer}, parcel {waybill} has been stopped and is on its way back to us. Your refund of {amount}: "
            "{refund}; expected: {arrival}. You need not do anything more."
        ),
    ),
    (
        gettext_noop("Could not be stopped"),
        gettext_noop(
            "Hello {buyer}, we are sorry: {courier} could not stop parcel {waybill}, it is now: {parcel} "
            "({scan_time}). If you have not opened it, refuse it or send it back as it is; if you have, apply for a "
            "return on order {order} and we handle it at once."
        ),
    ),
    (
        gettext_noop("Refund on its way"),
        gettext_noop(
            "Hello {buyer}, the refund of {amount} for order {order} goes back the way you paid. Expected: {arrival}. "
            "If it has not arrived by then, write to us and we ask the channel."
        ),
    ),
    (
        gettext_noop("Please send it back"),
        gettext_noop(
            "Hello {buyer}, please send the goods back to the address shown in your after-sale application, and only "
            "there. Keep the packaging and accessories together, do not send it cash on delivery, and enter the "
            "tracking number in the application. We inspect it when it arrives and refund {amount}."
        ),
    ),
    (
        gettext_noop("Late to ship"),
        gettext_noop(
            "Hello {buyer}, we are sorry: order {order} was promised for {ship_by} and has not left yet. We are "
            "hurrying it and tell you the tracking number as soon as it does. If you would rather not wait, we refund "
            "you at any time."
        ),
    ),
    (
        gettext_noop("Address changed"),
        gettext_noop(
            "Hello {buyer}, the delivery address of order {order} has been changed as you asked. Please look at it "
            "once more on the order page; once the parcel has left, it can no longer be changed."
        ),
    ),
    (
        gettext_noop("Goods differ"),
        gettext_noop(
            "Hello {buyer}, the return for order {order} has arrived, and what we found differs from what was sent. "
            "The photos are in the after-sale application. Please have a look; we will find an answer together before "
            "anything is decided. {agent}, {shop}"
        ),
    ),
)


def default_texts() -> list[tuple[str, str]]:
    """(title, text) of each, in the house's language."""
    with override(settings.LANGUAGE_CODE):
        return [(gettext(title), in_this_language(gettext(text))) for title, text in TEXTS]
