"""For whoever runs the server: an owner who is shut out gets in again."""

from typing import Any

from axes.utils import reset as reset_attempts
from django.core.management.base import BaseCommand, CommandError, CommandParser

from merchant.people.models import User
from merchant.second_factor import services as second_factor
from merchant.staff.services import invitation_link


class Command(BaseCommand):
    help = "Prints a link where this person chooses a new password; forgets wrong tries and the two-step sign-in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--keep-second-step", action="store_true", help="the phone is not lost: ask for its code")

    def handle(self, username: str, keep_second_step: bool, **_options: Any) -> None:
        user = User.objects.filter(username__iexact=username, is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody of the name {username!r} may sign in here.")
        reset_attempts(username=user.username)
        if user.second_factor is not None and not keep_second_step:
            second_factor.remove(user, by=None)
        self.stdout.write(invitation_link(user))
