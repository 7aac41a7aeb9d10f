"""Tables: what the database itself must hold."""

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.db.migrations import AddField, AddIndex, CreateModel
from django.db.migrations.loader import MigrationLoader

from merchant.fsm import StateMachine
from merchant.management.commands.makemigrations import folded
from merchant.state_diagrams import OUR_APPS, machines

# Rows that belong to nobody's shop, each with its reason.
WITHOUT_SHOP = {
    "merchant.user": "a person may work for several shops",
    "merchant.secondfactor": "belongs to a person",
    "merchant.role": "roles are the same for every shop",
    "merchant.shop": "is the shop",
    "merchant.team": "a team may serve several shops",
    "merchant.processbeat": "processes serve all shops",
    "merchant.jobrow": "reached through its job",
    "merchant.idempotentanswer": "reached through its token",
    "merchant.inboxtask": "reached through its message",
    "logistics.watch": "the narrow table of the poller, reached through its package",
    "logistics.accounthealth": "reached through its courier account",
}


def our_models() -> list[type[models.Model]]:
    return [model for label in OUR_APPS for model in apps.get_app_config(label).get_models()]


@pytest.mark.parametrize(("model", "field"), list(machines()), ids=lambda part: getattr(part, "__name__", ""))
def test_a_state_is_protected_by_code_and_database(model, field):
    checked = [
        constraint.name
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint)
        and constraint.condition == models.Q(**{f"{field.name}__in": [str(value) for value, _ in field.choices]})
    ]

    assert issubclass(model, StateMachine)
    assert field.protected
    assert len(checked) == 1


@pytest.mark.parametrize(("model", "field"), list(machines()), ids=lambda part: getattr(part, "__name__", ""))
def test_stored_states_are_lower_snake(model, field):
    values = [str(value) for value, _ in field.choices]

    assert [value for value in values if value != value.lower() or not value.replace("_", "a").isalnum()] == []


@pytest.mark.parametrize(("model", "field"), list(machines()), ids=lambda part: getattr(part, "__name__", ""))
def test_a_verb_has_one_way_in(model, field):
    """Two @transition decorators on one method would leave all but the first unseen by those who ask by name."""
    targets = {}
    for transition in field.get_all_transitions(model):
        targets.setdefault(transition.name, set()).add(str(transition.target))

    assert targets
    assert {name: sorted(found) for name, found in targets.items() if len(found) > 1} == {}


def test_every_row_says_whose_it_is():
    without = {model._meta.label_lower for model in our_models() if "shop" not in {f.name for f in model._meta.fields}}
    linked = {
        model._meta.label_lower
        for model in our_models()
        if any(isinstance(f, models.ManyToManyField) for f in model._meta.many_to_many)
    }

    assert sorted(without - set(WITHOUT_SHOP) - linked) == []


def test_money_is_whole_fen():
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.fields
        if isinstance(field, models.DecimalField | models.FloatField)
        or (field.name.endswith("_fen") and not isinstance(field, models.BigIntegerField))
    ]

    assert wrong == []


def test_instants_end_in_at():
    # Named by Django. A row that is nothing but a moment (activity, ledger, calls) has a plain `at`.
    kept = {"last_login", "date_joined"}
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.fields
        if isinstance(field, models.DateTimeField)
        and field.name not in kept
        and field.name != "at"
        and not field.name.endswith(("_at", "_until"))
    ]

    assert wrong == []


@pytest.mark.django_db
def test_migrations_say_what_the_models_say():
    out = StringIO()

    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=out)
    except SystemExit:
        pytest.fail(out.getvalue())

    assert out.getvalue().strip() == "No changes detected"


def test_the_diagrams_are_drawn_from_this_code():
    try:
        call_command("states", check=True)
    except CommandError as error:
        pytest.fail(str(error))


def test_a_new_database_is_made_without_a_step_for_each_index():
    """`makemigrations` writes them where their table is made; by hand they would be a step each again."""
    loader = MigrationLoader(None)
    loose = {
        str(migration)
        for (app, _name), migration in loader.disk_migrations.items()
        if app in OUR_APPS and len(folded(migration.operations)) < len(migration.operations)
    }

    assert loose == set()


def test_an_index_of_a_field_that_comes_later_stays_behind_it():
    table = CreateModel("Cup", [("size", models.IntegerField())])
    late, early = AddField("cup", "place", models.TextField()), models.Index(fields=["size"], name="by_size")
    of_late = AddIndex("cup", models.Index(fields=["place"], name="by_place"))

    [made, *rest] = folded([table, AddIndex("cup", early), late, of_late])

    assert made.options["indexes"] == [early]
    assert rest == [late, of_late]
