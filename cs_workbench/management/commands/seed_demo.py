from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from aftersales.decisions.assigning import claim_case
from cs_workbench.demo import history, home, steps
from cs_workbench.demo.before import make_outside
from cs_workbench.demo.claims import make_claims
from cs_workbench.demo.orders import OrderMaker
from cs_workbench.demo.quota import make_looks
from cs_workbench.demo.scenarios import Stage
from cs_workbench.demo.scenes import SCENES
from cs_workbench.demo.shops import open_shops, tell_our_doors
from cs_workbench.demo.statements import make_statement
from cs_workbench.demo.stock import make_stock
from merchant.celery import app as celery
from merchant.clock import now
from merchant.people.demo import PEOPLE
from merchant.shops.models import Shop
from merchant.trail import activity
from merchant.trail.models import Activity
from orders.assignment.services import claim_order
from orders.intake.services import upsert_orders
from orders.intake.sync import start_from
from orders.record.models import Order

PAST_ORDERS = {"kuaishou": 320, "own": 60, "douyin": 40}
SEED = 20_261_123
SEEDED = "demo.seed"


class Command(BaseCommand):
    help = "Fills an empty demo with three shops, orders, parcels on the road and refund cases. Needs both sandboxes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--outside-only", action="store_true", help="nothing here, only at platform and couriers")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_DEMO:
            raise CommandError("The demo shop belongs to the demo: set HUICANG_DEMO=1, or use `make demo`.")
        if options["outside_only"]:
            make_outside()
            return
        if not Activity.objects.filter(verb=SEEDED).exists():
            if Shop.objects.exists():
                # An earlier fill broke off halfway; in the demo's own database everything may begin again.
                call_command("flush", interactive=False, verbosity=0)
            # The wake-ups of this command run where they are called: no worker is up yet.
            celery.conf.task_always_eager = True
            with translation.override(settings.LANGUAGE_CODE):
                self._fill()
        tell_our_doors()
        self.stdout.write(self._accounts())

    def _fill(self) -> None:
        shops = open_shops()
        stage = Stage(shops, SEED)
        for name, count in PAST_ORDERS.items():
            shop = getattr(shops, name)
            past = OrderMaker(shop, SEED - shop.pk).past(count)
            upsert_orders(shop, past)
            stage.send_on(past, shop)
        history.make_past(stage, SEED)
        make_claims(shops)
        staged = stage.set_up(SCENES, is_told=False)
        history.pull(stage)
        history.take_cases(staged)
        for one in staged:
            if one.case is not None and one.scene.held_by:
                claim_case(one.case, by=shops.people[one.scene.held_by])
            if one.scene.is_pressed:
                history.press(one, shops.agent)
        # The agent's day begins with a parcel to stop; what is late to ship is her colleague's.
        late = Order.objects.awaiting_shipment().filter(ship_by_at__lte=now() + timedelta(hours=1), cases=None)
        for order in late:
            claim_order(order, by=shops.people["colleague"])
        make_stock(shops)
        home.set_up(shops, stage.makers[shops.own.pk])
        steps.set_up(shops, stage.makers[shops.own.pk])
        make_statement(shops.own)
        make_looks(shops)
        activity.record(shops.kuaishou, SEEDED, by=None, shop=shops.kuaishou)
        # The past was moved back in time after the platform told it: it is not to be told again.
        for shop in (shops.kuaishou, shops.douyin):
            start_from(shop.platform_accounts.get(), now())

    def _accounts(self) -> str:
        width = max(len(person.username) for person in PEOPLE)
        lines = [f"{person.username:<{width}}  {person.password}  {person.can}" for person in PEOPLE]
        with translation.override(settings.LANGUAGE_CODE):
            return "\n".join(["Sign in as (one click each on the page):", *lines])
