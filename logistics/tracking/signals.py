"""Facts about parcels, sent after commit."""

from django.dispatch import Signal

# Carries package_id. Sent once per parcel whose projected state changed.
package_changed = Signal()
