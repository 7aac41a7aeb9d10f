"""Tables that have just grown are counted, so that the next plan is not made for an empty one."""

import pytest
from django.db import connection

from merchant import table_statistics

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE just_grown (pk bigint, words text) WITH (autovacuum_enabled = off)")
    return "just_grown"


def grow(table, rows):
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} SELECT n, repeat('x', 1000) FROM generate_series(1, %s) n", [rows])


def counted(table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table])
        return int(cursor.fetchone()[0])


def test_a_table_that_has_doubled_is_counted_and_left_alone_until_it_doubles_again(table):
    grow(table, 2000)
    first, known = table_statistics.analyze_grown(), counted(table)
    grow(table, 1000)
    second = table_statistics.analyze_grown()
    grow(table, 1500)
    third = table_statistics.analyze_grown()

    assert (f"public.{table}" in first, known) == (True, 2000)
    assert f"public.{table}" not in second
    assert (f"public.{table}" in third, counted(table)) == (True, 4500)


def test_a_small_table_is_none_of_its_business(table):
    grow(table, 500)

    assert f"public.{table}" not in table_statistics.analyze_grown()
