"""The fact that rooms above hear of parcels."""

from django.dispatch import Signal

# Sent after the commit, once for all parcels whose track said something new; carries `package_ids`.
tracks_changed = Signal()
