"""The base of every state machine, tried on a machine of its own with the row lock left out."""

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext, isolate_apps
from django_fsm import ConcurrentTransition, FSMField, TransitionNotAllowed, transition

from merchant.fsm import StateMachine, state_constraint


class State(models.TextChoices):
    SHUT = "shut"
    OPEN = "open"


with isolate_apps("merchant"):

    class Door(StateMachine):
        state = FSMField(default=State.SHUT, choices=State.choices, protected=True)
        colour = models.CharField(max_length=10, default="green")

        class Meta:
            app_label = "merchant"
            db_table = "test_door"
            constraints = [state_constraint("door_state", State)]

        @transition(field=state, source=State.SHUT, target=State.OPEN)
        def open(self):
            pass

        @transition(field=state, source=State.OPEN, target=State.SHUT)
        def shut(self):
            pass


@pytest.fixture
def door(db):
    with connection.schema_editor() as editor:
        editor.create_model(Door)
    return Door.objects.create()


def test_a_state_cannot_be_set_by_hand(door):
    with pytest.raises(AttributeError, match="Direct state modification is not allowed"):
        door.state = "open"

    assert door.state == "shut"


def test_a_move_that_the_table_does_not_know_is_refused(door):
    with pytest.raises(TransitionNotAllowed):
        door.shut()

    assert door.state == "shut"


def test_a_stale_copy_cannot_save_its_move(door):
    stale = Door.objects.get(pk=door.pk)
    door.open()
    door.save()

    stale.open()
    with pytest.raises(ConcurrentTransition), transaction.atomic():
        stale.save()

    assert Door.objects.get(pk=door.pk).state == "open"


def test_a_stale_copy_cannot_save_even_another_field(door):
    stale = Door.objects.get(pk=door.pk)
    door.open()
    door.save()

    stale.colour = "red"
    with pytest.raises(ConcurrentTransition), transaction.atomic():
        stale.save(update_fields=["colour"])

    assert Door.objects.get(pk=door.pk).colour == "green"


def test_a_refresh_reads_everything_in_one_query_and_the_copy_may_save_again(door):
    copy = Door.objects.get(pk=door.pk)
    door.open()
    door.colour = "red"
    door.save()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        copy.refresh_from_db()
        seen = (copy.state, copy.colour)
    copy.shut()
    copy.save()

    assert (seen, len(queries)) == (("open", "red"), 1)
    assert Door.objects.get(pk=door.pk).state == "shut"


def test_a_refresh_keeps_the_state_protected_while_it_reads(door):
    held = []

    class Watching(models.QuerySet):
        def get(self, *args, **kwargs):
            held.append(Door._meta.get_field("state").protected)
            return super().get(*args, **kwargs)

    door.refresh_from_db(from_queryset=Watching(Door))

    assert held == [True]
    with pytest.raises(AttributeError):
        door.state = "open"


def test_a_refresh_of_a_row_that_is_gone_loses_neither_state_nor_protection(door):
    Door.objects.filter(pk=door.pk).delete()

    with pytest.raises(Door.DoesNotExist):
        door.refresh_from_db()

    assert (door.state, Door._meta.get_field("state").protected) == ("shut", True)
    with pytest.raises(AttributeError):
        door.state = "open"


def test_refreshing_another_field_does_not_pretend_that_the_state_was_read(door):
    stale = Door.objects.get(pk=door.pk)
    door.open()
    door.save()

    stale.refresh_from_db(fields=["colour"])
    stale.colour = "red"
    with pytest.raises(ConcurrentTransition), transaction.atomic():
        stale.save()

    assert stale.state == "shut"


def test_refreshing_another_field_keeps_a_move_that_is_not_saved_yet(door):
    door.open()
    door.refresh_from_db(fields=["colour"])
    door.save()

    assert Door.objects.get(pk=door.pk).state == "open"


def test_a_deferred_state_is_read_when_it_is_asked_for(door):
    copy = Door.objects.defer("state").get(pk=door.pk)

    copy.open()
    copy.save()

    assert Door.objects.get(pk=door.pk).state == "open"


def test_a_list_that_leaves_the_state_out_costs_one_query(door):
    Door.objects.create()

    with CaptureQueriesContext(connection) as queries:
        colours = [door.colour for door in Door.objects.only("colour")]

    assert (colours, len(queries)) == (["green", "green"], 1)


def test_a_copy_without_its_state_is_compared_with_the_state_it_finds(door):
    copy = Door.objects.defer("state").get(pk=door.pk)

    copy.colour = "red"
    copy.save()

    row = Door.objects.get(pk=door.pk)
    assert (row.colour, row.state) == ("red", "shut")


def test_the_database_does_not_let_sql_invent_a_state(door):
    with pytest.raises(IntegrityError, match="door_state"), transaction.atomic():
        Door.objects.filter(pk=door.pk).update(state="ajar")

    assert Door.objects.get(pk=door.pk).state == "shut"
