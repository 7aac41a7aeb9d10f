import json

import pytest

from merchant.platforms.sandbox.journal import Journal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "state.jsonl"


def test_what_was_written_is_there_after_a_restart(path):
    journal = Journal(path)
    journal.write([("order", "1", {"fee": 5}), ("refund", "2", {"名": "退"})])
    journal.write([("order", "1", {"fee": 6})])
    # No close: this is what a kill leaves.

    again = Journal(path)

    assert again.rows == {"order": {"1": {"fee": 6}}, "refund": {"2": {"名": "退"}}}


def test_changes_that_belong_together_are_one_line(path):
    journal = Journal(path)

    journal.write([("order", "1", {}), ("refund", "2", {}), ("payment", "3", {})])

    assert len(path.read_text().splitlines()) == 1


def test_a_line_cut_off_by_a_kill_is_dropped_as_a_whole(path):
    journal = Journal(path)
    journal.write([("order", "1", {"fee": 5})])
    journal.close()
    with path.open("ab") as file:
        file.write(json.dumps([["order", "1", {"fee": 6}], ["payment", "9", {}]]).encode()[:-3])

    again = Journal(path)
    again.write([("order", "2", {})])

    assert Journal(path).rows == {"order": {"1": {"fee": 5}, "2": {}}}


def test_a_start_leaves_one_line_a_row_and_no_draft(path):
    journal = Journal(path)
    for fee in range(50):
        journal.write([("order", "1", {"fee": fee})])
    journal.write([("order", "2", {}), ("order", "3", {})])
    journal.write([("order", "3", None)])

    Journal(path)

    assert path.read_text().splitlines() == ['[["order","1",{"fee":49}]]', '[["order","2",{}]]']
    assert [found.name for found in path.parent.iterdir()] == ["state.jsonl"]


def test_without_a_file_it_remembers_until_it_ends():
    journal = Journal()
    journal.write([("order", "1", {"fee": 5})])
    journal.write([])

    assert journal.of("order") == {"1": {"fee": 5}}
