"""`manage.py setup_code`: where the first account of an empty product is made, and the code that opens the page."""

from typing import Any

from django.core.management.base import BaseCommand

from merchant.staff import first


class Command(BaseCommand):
    help = "Prints the address that makes the first account, with its code, while there is none."

    def handle(self, *args: Any, **options: Any) -> None:
        if first.is_empty():
            self.stdout.write(first.setup_address())
        else:
            self.stdout.write("There are accounts already: sign in, or make one with `manage.py createsuperuser`.")
