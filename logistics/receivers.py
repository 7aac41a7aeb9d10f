"""Reactions to facts from the rooms below; filled where those rooms announce them."""
