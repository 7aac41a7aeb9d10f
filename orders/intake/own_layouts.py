"""A shop's own layouts: the file's first rows, kept sealed for whoever maps its columns, and what they saved."""

import json
import re
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from merchant.jobs.models import Job
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.vault import masking, raw_masking
from orders.intake import columns, jobs
from orders.intake.models import ImportFile, ShopLayout
from orders.intake.values import text

SHOWN_ROWS = 3
# A column nobody guessed may hold people: two to four signs that begin like a family name.
NAME = re.compile(
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤欧阿买][\u4e00-\u9fff·]{1,5}"
)


@dataclass(frozen=True)
class Sheet:
    """One table of an uploaded file, as far as it is shown: its columns with the first values, people masked."""

    file: ImportFile
    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sheets_of(job: Job) -> list[Sheet]:
    """The tables of an import's files. Empty before they were read, and after they were purged."""
    found = []
    for file in job.files.defer("body").order_by("pk"):
        for table in json.loads(bytes(file.sample)) if file.sample else ():
            header = tuple(table["header"])
            guessed = columns.guess(header)
            rows = tuple(
                tuple(_masked(name, guessed[name], text(cell)) for name, cell in zip(header, row, strict=False))
                for row in table["rows"][:SHOWN_ROWS]
            )
            found.append(Sheet(file, table["name"], header, rows))
    return found


def _masked(column: str, guessed: str, value: str) -> str:
    """What a page may show of a cell: whoever maps columns needs its shape, not the person."""
    if guessed == "name":
        return masking.mask_name(value)
    if guessed == "phone":
        return masking.mask_phone(value)
    if guessed == "address":
        return masking.mask_address(value)
    if not guessed and NAME.fullmatch(value):
        return masking.mask_name(value)
    return raw_masking.mask_value(column, value)[:60]


@transaction.atomic
def map_columns(job: Job, *, by: Actor, title: str, choices: columns.Choices) -> Job:
    """Save the choices as this shop's layout of that name, and read the import's files by it from the beginning.

    Raises Refused RIGHT, COLUMNS (what is wrong with the choices), JOB, FILE."""
    check_right(by, job.shop_id, Right.IMPORT_ORDERS)
    if wrong := columns.faults(choices):
        raise Refused("COLUMNS", " ".join(map(str, wrong)))
    title = title.strip()[:60]
    if not title:
        raise Refused("COLUMNS", _("Give the layout a name, so that you find it next time."))
    known: set[str] = {name for sheet in sheets_of(job) for name in sheet.header}
    if strangers := sorted(set(choices.columns) - known):
        raise Refused(
            "COLUMNS", _("The file has no such columns: %(columns)s.") % {"columns": ", ".join(strangers)[:200]}
        )
    layout, _created = ShopLayout.objects.get_or_create(shop_id=job.shop_id, title=title, defaults={"by": by})
    platform = job.shop.platform
    layout.body = columns.body_of(choices, name=layout.name, title=title, platform=platform)
    layout.by = by
    layout.save()
    activity.record(job, "import.map", by=by, layout=title)
    return jobs.retry_import(job, by=by, profile=layout.name)
