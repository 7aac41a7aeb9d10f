"""The outcome of every row as a CSV a spreadsheet opens right: UTF-8 with a mark, no cell that could be a formula."""

import csv
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from merchant.jobs.models import TABLE_ROWS, Job

# The full-width ones count too where Chinese is typed.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value: Any) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    found = str(value)
    return "'" + found if found.startswith(FORMULA_STARTS) else found


def outcome_label(outcome: str) -> str:
    return {
        "created": pgettext("import outcome", "created"),
        "updated": pgettext("import outcome", "updated"),
        "unchanged": pgettext("import outcome", "unchanged"),
        "refused": pgettext("import outcome", "refused"),
    }.get(outcome, outcome)


class _Echo:
    def write(self, line: str) -> str:
        return line


def lines(job: Job, *, only: str = "") -> Iterator[str]:
    """The report line by line. `only` keeps one outcome, so that refused rows can be mended and sent alone."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([_("Row"), _("Order number"), _("Outcome"), _("Reason")])
    tables = job.options.get("tables") or []
    rows = job.rows.order_by("row_no")
    if only:
        rows = rows.filter(outcome=only)
    for row_no, subject, outcome, reason in rows.values_list("row_no", "subject", "outcome", "reason").iterator(
        chunk_size=2000
    ):
        position, number = divmod(row_no, TABLE_ROWS)
        place = f"{tables[position]} · {number}" if len(tables) > 1 and position < len(tables) else number
        yield writer.writerow([safe_cell(place), safe_cell(subject), outcome_label(outcome), safe_cell(reason)])
