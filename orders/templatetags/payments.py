"""What pages say about payments."""

from django import template

from orders.payments.enums import PayChannel

register = template.Library()


@register.filter
def channel(code: str) -> str:
    """wechat_pay → 微信支付."""
    return str(dict(PayChannel.choices).get(code, code))
