"""Layouts of after-sales rows for the importer: one module a platform, registered when the process starts."""

from aftersales.platforms.profiles.douyin import DouyinRefundRows
from aftersales.platforms.profiles.taobao import TaobaoRefundRows
from orders.intake.registry import register_profile


def register() -> None:
    """Add our layouts to those the importer knows."""
    register_profile(DouyinRefundRows())
    register_profile(TaobaoRefundRows())
