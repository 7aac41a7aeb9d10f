"""Products, stock and matches by file: a job over the same reading child as orders' files.

Every row is taken or refused by itself, with its row number, its column and the reason; the rest goes on. Stock becomes
a stocktake that a second person approves: a file moves nothing by itself."""

import csv
import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from merchant.catalog import services as catalog
from merchant.catalog.models import Sku
from merchant.catalog.policies import check_can_edit
from merchant.clock import now
from merchant.jobs.models import Job, JobRow, JobState
from merchant.jobs.running import forgotten, is_free
from merchant.locking import lock
from merchant.money import fen, yuan
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.stock import counting
from merchant.stock.enums import Grade
from merchant.stock.models import Stock, Warehouse
from merchant.stock.services import main_warehouse, set_bin
from merchant.trail import activity
from merchant.wakeups import wake
from orders.intake.models import ImportFile
from orders.intake.readers import BROKEN, SourceFile, Table, read_tables, why_broken
from orders.intake.report import safe_cell
from orders.listings import services
from orders.listings.enums import Content
from orders.record.listing_models import Listing

log = logging.getLogger(__name__)
KIND = "goods"
MAX_BYTES = 16 * 1024 * 1024
MOST_ROWS = 20_000
MAX_TRIES = 3

CODE, TITLE, SPEC, CATEGORY, BARCODES = "商家编码", "商品名称", "规格", "类目", "条码"
WEIGHT, LENGTH, WIDTH, HEIGHT, FRAGILE = "重量(克)", "长(毫米)", "宽(毫米)", "高(毫米)", "易碎"
LIST_PRICE, FLOOR, CEILING, LOW, PRESALE = "吊牌价", "最低售价", "最高售价", "低库存线", "预售发货日"
WAREHOUSE, BIN, QUANTITY, RESERVED = "仓库编码", "货位", "数量", "已锁定"
ITEM, LISTING_TITLE = "平台商品编号", "平台商品名称"
COLUMNS: dict[str, tuple[str, ...]] = {
    Content.PRODUCTS: (
        CODE, TITLE, SPEC, CATEGORY, BARCODES, WEIGHT, LENGTH, WIDTH, HEIGHT, FRAGILE, LIST_PRICE, FLOOR, CEILING, LOW,
        PRESALE,
    ),
    Content.STOCK: (CODE, WAREHOUSE, BIN, QUANTITY),
    Content.MATCHES: (ITEM, LISTING_TITLE, CODE),
}  # fmt: skip
NEEDED: dict[str, tuple[str, ...]] = {
    Content.PRODUCTS: (CODE,),
    Content.STOCK: (CODE, QUANTITY),
    Content.MATCHES: (ITEM, CODE),
}


class RowError(Exception):
    """Why one row is refused: the column and the reason."""

    def __init__(self, column: str, why: Any) -> None:
        super().__init__(f"{column}：{why}" if column else str(why))


@transaction.atomic
def start(shop: Any, name: str, body: bytes, *, content: str, by: Actor) -> Job:
    """Keep the file, sealed, and hand it to a worker. Raises Refused RIGHT, FILE."""
    check_can_edit(shop.pk, by)
    if not body:
        raise Refused("FILE", _("The file is empty."), field="file")
    if len(body) > MAX_BYTES:
        sentence = _("The file is larger than %(most)d MB; split it.") % {"most": MAX_BYTES // 1024 // 1024}
        raise Refused("FILE", sentence, field="file")
    job = Job.objects.create(
        shop=shop,
        number=new_number("JB"),
        kind=KIND,
        title=name[:200],
        options={"content": content, "language": get_language() or "zh-hans"},
        by=by,
    )
    digest = hashlib.sha256(body).hexdigest()
    ImportFile.objects.create(shop=shop, job=job, name=name[:200], size=len(body), digest=digest, body=body)
    activity.record(job, "import.start", by=by, to_state=job.state, files=[name[:200]])
    wake("orders.read_goods_file", job_id=job.pk)
    return job


def work_on(job_id: int) -> None:
    """The worker's entry. All rows of a file in one transaction: killed halfway, it begins anew."""
    job = Job.objects.select_related("shop", "by").filter(pk=job_id, kind=KIND).first()
    if job is None or not is_free(job):
        return
    tries = job.cursor.get("starts", 0) + 1
    Job.objects.filter(pk=job.pk).update(cursor={"starts": tries}, state=JobState.RUNNING, pulse_at=now())
    with override(job.options.get("language", "zh-hans")):
        if tries > MAX_TRIES:
            _end(job, JobState.FAILED, error=_("Reading it broke off %(times)d times.") % {"times": MAX_TRIES})
            return
        try:
            table = _open(job)
            _take(job, table)
        except Refused as refusal:
            _end(job, JobState.FAILED, error=str(refusal.message))


def sweep() -> None:
    for job in forgotten(KIND):
        work_on(job.pk)


def _open(job: Job) -> Table:
    file = ImportFile.objects.get(job=job)
    if file.body is None:
        raise Refused("FILE", _("The uploaded file has been purged; upload it again."))
    body, content = bytes(file.body), job.options["content"]
    needed = NEEDED[content]

    def fits(header: Sequence[str]) -> int:
        return sum(column in header for column in COLUMNS[content])

    tables = [table.headed(fits) for table in read_tables(SourceFile(file.name, lambda: body))]
    table = max(tables, key=lambda one: fits(one.header))
    missing = [column for column in needed if column not in table.header]
    if missing:
        raise Refused("FILE", _("The columns %(columns)s are not in this file.") % {"columns": "、".join(missing)})
    if table.total > MOST_ROWS:
        raise Refused("FILE", _("At most %(most)d rows at once; split the file.") % {"most": MOST_ROWS})
    return table


@transaction.atomic
def _take(job: Job, table: Table) -> None:
    job = lock(job)
    if job.state != JobState.RUNNING:
        return
    taker = TAKERS[job.options["content"]](job)
    rows: list[JobRow] = []
    for number, row in table.rows():
        subject = str(row.get(CODE) or "").strip()[:64]
        try:
            if BROKEN in row:
                raise RowError("", why_broken(row))
            with transaction.atomic():
                outcome, reason = taker.take(row), ""
        except (RowError, Refused) as error:
            outcome = "refused"
            reason = str(error.message) if isinstance(error, Refused) else str(error)
        rows.append(JobRow(job=job, row_no=number, subject=subject, outcome=outcome, reason=reason))
    JobRow.objects.bulk_create(rows, batch_size=2000)
    refused = sum(row.outcome == "refused" for row in rows)
    figures = taker.close()
    _end(job, JobState.DONE, total=len(rows), done=len(rows) - refused, refused=refused, figures=figures)


@transaction.atomic
def _end(job: Job, state: str, **more: Any) -> None:
    before = job.state
    Job.objects.filter(pk=job.pk).update(state=state, finished_at=now(), **more)
    activity.record(job, "import.end", by=None, from_state=before, to_state=state)


def _text(row: dict[str, Any], column: str) -> str:
    value = row.get(column)
    return str(value).strip() if value is not None else ""


def _number(row: dict[str, Any], column: str) -> int | None:
    text = _text(row, column)
    if not text:
        return None
    whole = text[:-2] if text.endswith(".0") else text
    if not whole.isascii() or not whole.isdigit() or len(whole) > 9:
        raise RowError(column, _("“%(text)s” is no whole number.") % {"text": text[:20]})
    return int(whole)


def _amount(row: dict[str, Any], column: str) -> int | None:
    text = _text(row, column)
    try:
        return fen(text) if text else None
    except ValueError:
        raise RowError(column, _("“%(text)s” is no amount.") % {"text": text[:20]}) from None


def _day(row: dict[str, Any], column: str) -> date | None:
    text = _text(row, column)
    try:
        return date.fromisoformat(text[:10].replace("/", "-")) if text else None
    except ValueError:
        raise RowError(column, _("“%(text)s” is no day; write 2026-12-05.") % {"text": text[:20]}) from None


def _sku(job: Job, row: dict[str, Any]) -> Sku:
    code = _text(row, CODE)
    sku = Sku.objects.filter(shop_id=job.shop_id, code=code).first()
    if sku is None:
        raise RowError(CODE, _("There is no product %(code)s.") % {"code": code or "–"})
    return sku


class _Products:
    """Adds and changes; a column that is not in the file, or an empty cell, leaves what is stored."""

    READ: dict[str, tuple[str, Callable[[dict[str, Any], str], Any]]] = {
        "title": (TITLE, _text),
        "spec": (SPEC, _text),
        "category": (CATEGORY, _text),
        "weight_g": (WEIGHT, _number),
        "length_mm": (LENGTH, _number),
        "width_mm": (WIDTH, _number),
        "height_mm": (HEIGHT, _number),
        "list_price_fen": (LIST_PRICE, _amount),
        "floor_fen": (FLOOR, _amount),
        "ceiling_fen": (CEILING, _amount),
        "low_at": (LOW, _number),
        "presale_date": (PRESALE, _day),
    }

    def __init__(self, job: Job) -> None:
        self.job = job

    def take(self, row: dict[str, Any]) -> str:
        facts = {name: read(row, column) for name, (column, read) in self.READ.items()}
        facts = {name: value for name, value in facts.items() if value not in (None, "")}
        if fragile := _text(row, FRAGILE):
            if fragile not in ("是", "否"):
                raise RowError(FRAGILE, _("write 是 or 否"))
            facts["is_fragile"] = fragile == "是"
        barcodes = _text(row, BARCODES).replace("，", " ").replace(",", " ").split()
        code = _text(row, CODE)
        if not code:
            raise RowError(CODE, _("is empty"))
        sku = Sku.objects.filter(shop_id=self.job.shop_id, code=code).first()
        if sku is None:
            catalog.add_sku(self.job.shop_id, code=code, by=self.job.by, barcodes=barcodes, **{"title": "", **facts})
            return "created"
        catalog.change_sku(sku, by=self.job.by, barcodes=barcodes or None, **facts)
        return "updated"

    def close(self) -> dict[str, Any]:
        return {}


class _Counts:
    """Lines of stocktakes, one a warehouse, filed for a second person."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.sheets: dict[int, Any] = {}
        self.counted: dict[int, dict[int, int]] = {}

    def take(self, row: dict[str, Any]) -> str:
        sku, units = _sku(self.job, row), _number(row, QUANTITY)
        if units is None:
            raise RowError(QUANTITY, _("is empty"))
        place = self._warehouse(_text(row, WAREHOUSE))
        if place.pk not in self.sheets:
            self.sheets[place.pk] = counting.open_empty(place, reason=self.job.title, by=self.job.by)
            self.counted[place.pk] = {}
        line = counting.add_line(self.sheets[place.pk], sku=sku, by=self.job.by, grade=Grade.SELLABLE)
        if line.pk in self.counted[place.pk]:
            raise RowError(CODE, _("stands twice in this file"))
        if name := _text(row, BIN):
            set_bin(line.stock, name=name, by=self.job.by)
        self.counted[place.pk][line.pk] = units
        return "updated"

    def _warehouse(self, code: str) -> Warehouse:
        if not code:
            return main_warehouse(self.job.shop_id)
        found = Warehouse.objects.filter(shop_id=self.job.shop_id, code=code, is_active=True).first()
        if found is None:
            raise RowError(WAREHOUSE, _("There is no warehouse %(code)s.") % {"code": code})
        return found

    def close(self) -> dict[str, Any]:
        numbers = []
        for pk, sheet in self.sheets.items():
            if self.counted[pk]:
                counting.count_lines(sheet, counted=self.counted[pk], by=self.job.by)
                numbers.append(counting.file_stocktake(sheet, by=self.job.by).number)
        return {"stocktakes": numbers}


class _Matches:
    def __init__(self, job: Job) -> None:
        self.job = job

    def take(self, row: dict[str, Any]) -> str:
        item, sku = _text(row, ITEM), _sku(self.job, row)
        rows = Listing.objects.filter(shop_id=self.job.shop_id, external_id=item) if item else Listing.objects.none()
        if title := _text(row, LISTING_TITLE):
            rows = rows.filter(title=title)
        found = list(rows)
        if not found:
            raise RowError(ITEM, _("No order or listing of this shop names %(item)s.") % {"item": item or "–"})
        for listing in found:
            services.match_listing(listing, sku=sku, by=self.job.by)
        return "updated"

    def close(self) -> dict[str, Any]:
        return {}


TAKERS: dict[str, Callable[[Job], Any]] = {
    Content.PRODUCTS: _Products,
    Content.STOCK: _Counts,
    Content.MATCHES: _Matches,
}


class _Echo:
    def write(self, line: str) -> str:
        return line


def export(shop_id: int) -> Iterator[str]:
    """Every product, a line for each warehouse it lies in; read back by the upload as it is."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([*COLUMNS[Content.PRODUCTS], WAREHOUSE, BIN, QUANTITY, RESERVED])
    skus = Sku.objects.filter(shop_id=shop_id).prefetch_related("barcodes").order_by("pk")
    for sku in skus.iterator(chunk_size=500):
        facts = [
            sku.code, sku.title, sku.spec, sku.category, " ".join(str(one) for one in sku.barcodes.all()),
            sku.weight_g, sku.length_mm, sku.width_mm, sku.height_mm, "是" if sku.is_fragile else "否",
            *(yuan(price).replace(",", "") if price is not None else None
              for price in (sku.list_price_fen, sku.floor_fen, sku.ceiling_fen)),
            sku.low_at, sku.presale_date,
        ]  # fmt: skip
        stocks = Stock.objects.filter(sku=sku, grade=Grade.SELLABLE).select_related("warehouse").order_by("pk")
        lying: list[tuple[Any, ...]] = [(row.warehouse.code, row.bin, row.on_hand, row.reserved) for row in stocks]
        for place in lying or [(None,) * 4]:
            yield writer.writerow(["" if cell is None else safe_cell(cell) for cell in (*facts, *place)])
