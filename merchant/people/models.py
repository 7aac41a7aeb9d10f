from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class PeopleManager(UserManager["User"]):
    use_in_migrations = False

    def create_superuser(self, *args: Any, **fields: Any) -> "User":
        """Whoever may do everything in the administration also sees every shop: `createsuperuser` asks nothing more."""
        fields.setdefault("is_platform_admin", True)
        return super().create_superuser(*args, **fields)


class Density(models.TextChoices):
    NORMAL = "", _("normal")
    COMPACT = "compact", _("compact")
    ROOMY = "roomy", _("roomy")


class User(AbstractUser):
    """A person who signs in. What they may do stands in their memberships, shop by shop."""

    display_name = models.CharField(_("name shown to colleagues"), max_length=40, blank=True)
    # How tight lines and tables stand on this person's screen.
    density = models.CharField(_("density"), max_length=8, choices=Density, blank=True, default=Density.NORMAL)
    # After a decision the desk opens the next task by itself.
    goes_on = models.BooleanField(_("open the next task after a decision"), default=True)
    is_platform_admin = models.BooleanField(_("platform administrator"), default=False)
    # Somebody else knows the password: it is changed before anything else (merchant.people.middleware).
    has_first_password = models.BooleanField(_("changes the password first"), default=False, db_default=False)

    objects: ClassVar[PeopleManager] = PeopleManager()

    # The mark of the authenticator app in use (merchant.second_factor); a session holds the same once it showed a code.
    second_factor = models.UUIDField(null=True, editable=False)

    class Meta(AbstractUser.Meta):
        verbose_name = _("user")  # type: ignore[assignment]
        verbose_name_plural = _("users")  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def density_choices(self) -> list[tuple[str, Any]]:
        return [(density.value, density.label) for density in Density]

    def set_password(self, raw_password: str | None) -> None:
        """A password that its owner chose; whoever gives one out sets `has_first_password` after it."""
        super().set_password(raw_password)
        self.has_first_password = False


# Who gave an order: a person, or None, which is the system itself.
Actor = User | None


class Team(models.Model):
    shop = models.ForeignKey("merchant.Shop", models.PROTECT, related_name="teams")
    name = models.CharField(_("name"), max_length=40)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = [models.UniqueConstraint(fields=["shop", "name"], name="team_once")]

    def __str__(self) -> str:
        return self.name


class Scope(models.TextChoices):
    """Whose customers a role sees; a customer nobody keeps is everybody's (P-AGENT-SCOPE)."""

    OWN = "own", _("own customers")
    TEAM = "team", _("the team's customers")
    SHOP = "shop", _("the whole shop")


class AgentScope(models.TextChoices):
    """What a shop decided its agents and teams see (P-AGENT-SCOPE)."""

    OWN = "own", _("the customers they keep and those nobody keeps; supervisors their team's")
    SHOP = "shop", _("every customer of the shop")


class SecondFactorFor(models.TextChoices):
    """Whom a shop asks for two-step sign-in (P-SECOND-FACTOR)."""

    NOBODY = "nobody", _("whoever wants it")
    MONEY = "money", _("who pays or decides: owners, finance, administrators")
    EVERYBODY = "all", _("everybody")


class Role(models.Model):
    """Rights and amount limits as data. A role without a shop is a default for every shop (docs/rules.md, rights)."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, null=True, blank=True, related_name="roles")
    slug = models.SlugField(max_length=32)
    name = models.CharField(_("name"), max_length=40)
    rights = ArrayField(models.CharField(max_length=32), default=list, verbose_name=_("rights"))
    # What there was to give when this role was last decided about: for a default role its rights then, for a shop's own
    # every right. What has come since is new to it.
    known_rights = ArrayField(models.CharField(max_length=32), default=list, db_default=[])
    # {right: fen}: the most this role may decide on one case, on one order in sum, and in sum over a day.
    limits = models.JSONField(_("amount limits (fen)"), default=dict, blank=True)
    scope = models.CharField(_("sees"), max_length=8, choices=Scope, default=Scope.SHOP)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [models.UniqueConstraint(fields=["shop", "slug"], name="role_once", nulls_distinct=False)]

    def __str__(self) -> str:
        from django.utils.translation import gettext

        return gettext(self.name) if self.shop_id is None else self.name


class Membership(models.Model):
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    shop = models.ForeignKey("merchant.Shop", models.PROTECT, related_name="memberships")
    role = models.ForeignKey(Role, models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="memberships")
    limits = models.JSONField(_("own amount limits (fen)"), default=dict, blank=True)
    # Whom orders go to (orders.assignment): what somebody can do, and how many orders they have in hand at most.
    skills = ArrayField(models.CharField(max_length=30), verbose_name=_("skills"), default=list, blank=True)
    capacity = models.PositiveSmallIntegerField(_("orders in hand at most"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["shop", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.role} · {self.shop}"
