"""Facts about interceptions, sent after commit; each carries `interception`. The row is the truth, they wake."""

from django.dispatch import Signal

interception_submitted = Signal()
interception_accepted = Signal()
interception_succeeded = Signal()
interception_failed = Signal()
interception_withdrawn = Signal()
# The result is not known, or needs a person: `interception.question` says why.
interception_unknown = Signal()
interception_returned = Signal()
interception_delivered_anyway = Signal()
interception_lost = Signal()
