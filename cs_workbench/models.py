"""The tables of this room, gathered for Django."""

from cs_workbench.replies.models import QuickReply

__all__ = ["QuickReply"]
