"""The fact that rooms above hear of an interception."""

from django.dispatch import Signal

# Sent after the commit of any change of its state or question; carries `interception`. The row is the truth: whoever
# hears it reads the state there (`aftersales.decisions.outcomes.BY_STATE`, `logistics.claims.sweeps.HEARD_STATES`).
interception_changed = Signal()
