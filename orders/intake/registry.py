"""The layouts this house reads: our own files of `profiles/`, and what other rooms register (cases, statements)."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from django.utils.translation import gettext as _

from merchant.people.models import Actor
from merchant.refusals import Refused
from orders.intake import columns
from orders.intake.mapping import Record
from orders.intake.models import ShopLayout
from orders.intake.normal import RowOutcome
from orders.intake.picking import best_score
from orders.intake.profile import OrderProfile
from orders.intake.readers import Table

OWN_FIRST = 10_000
SHIPPED = Path(__file__).resolve().parent / "profiles"


class Profile(Protocol):
    """What the importer asks of a layout. `OrderProfile` is one; a room above brings its own for rows of its kind."""

    name: str
    kind: str

    @property
    def title(self) -> str: ...

    def score(self, header: Sequence[str]) -> int:
        """0 when the header is not this layout's, else how many of its columns are known."""

    def pick(self, tables: Sequence[Table]) -> tuple[Table, dict[str, Table]]: ...

    def unknown_columns(self, table: Table) -> list[str]: ...

    def records(self, main: Table, joined: dict[str, Table]) -> Iterable[Record]: ...

    def store(self, shop: Any, records: Sequence[Record], *, by: Actor) -> list[RowOutcome]:
        """Write one chunk inside the caller's transaction; an outcome for every row number of every record."""


_profiles: dict[str, Profile] = {}


def register_profile(profile: Profile) -> None:
    """Registering a name again replaces it."""
    _profiles[profile.name] = profile


def load_shipped_profiles() -> None:
    for path in sorted(SHIPPED.glob("*.toml")):
        register_profile(OrderProfile.load(path, is_shipped=True))
    columns.learn(profile.body for profile in _profiles.values() if isinstance(profile, OrderProfile))


def profiles_of(shop: Any) -> list[OrderProfile]:
    """The layouts this shop mapped by hand, the newest first."""
    rows = ShopLayout.objects.filter(shop=shop).order_by("-updated_at")
    return [OrderProfile(row.body, origin=row.name) for row in rows]


def all_profiles() -> list[Profile]:
    return sorted(_profiles.values(), key=lambda profile: (profile.kind != "orders", profile.name))


def profile_named(name: str, shop: Any = None) -> Profile:
    """A registered layout, one in a file (`./my_layout.toml`), or one of the shop's own. Raises Refused("LAYOUT")."""
    if name.startswith("own-") and shop is not None:
        found = next((profile for profile in profiles_of(shop) if profile.name == name), None)
        if found is not None:
            return found
    if name.endswith(".toml") and Path(name).is_file():
        return OrderProfile.load(Path(name))
    if name not in _profiles:
        raise Refused("LAYOUT", _("There is no layout called %(name)s.") % {"name": name}, name=name)
    return _profiles[name]


def detect(tables: Sequence[Table], shop: Any = None) -> Profile:
    """The layout that knows most of a file's columns. Raises Refused("LAYOUT"), naming the columns, when none fits."""
    own = profiles_of(shop) if shop is not None else []
    best = max(
        (
            # What a shop mapped by hand goes before what we recognise.
            (score + (OWN_FIRST if profile in own and score else 0), -position, profile)
            for position, profile in enumerate([*own, *all_profiles()])
            for table in tables
            for score in [best_score(profile.score, table)]
        ),
        key=lambda found: found[:2],
        default=(0, 0, None),
    )
    if best[2] is None or best[0] == 0:
        names = " / ".join(", ".join(table.header[:12]) for table in tables)
        raise Refused(
            "LAYOUT",
            _("No layout fits these columns: %(columns)s. Choose one, or add a profile for it.")
            % {"columns": names[:400]},
        )
    return best[2]
