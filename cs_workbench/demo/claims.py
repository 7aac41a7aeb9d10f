"""Parcels of the past that came home: inspected, most of them fine, a few broken, with claims in different states."""

import io
from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from aftersales.returns import inspecting
from aftersales.returns import services as returns
from aftersales.returns.inspecting import Count
from aftersales.returns.models import Inspection
from cs_workbench.demo.shops import DemoShops
from logistics.claims import services as claims
from logistics.claims.models import Claim
from logistics.interception.enums import InterceptionState
from logistics.interception.models import Interception
from merchant.attachments.models import Attachment, Purpose
from merchant.attachments.services import attach, read_files
from merchant.catalog.services import set_cost
from orders.record.goods import sku_of

# Left for the visitor to look into.
TO_INSPECT = 3
BROKEN = 4


def make_claims(shops: DemoShops) -> int:
    """One claim to file, one with the courier, one refused, one paid and closed. Returns how many."""
    rows = Interception.objects.filter(shop=shops.kuaishou, state=InterceptionState.RETURNED)
    home = list(rows.select_related("package__order", "shop").order_by("pk"))
    made = [
        _inspect(row, shops.people["warehouse"], is_broken=number < BROKEN)
        for number, row in enumerate(home[: len(home) - TO_INSPECT])
    ]
    drafts = list(Claim.objects.filter(inspection_number__in=[one.number for one in made]).order_by("pk"))
    for claim, steps in zip(drafts, (0, 1, 2, 4), strict=False):
        _lead(claim, steps, shops)
    return len(drafts)


def _inspect(row: Interception, warehouse: Any, *, is_broken: bool) -> Inspection:
    inspection = returns.receive_parcel(row.package, by=warehouse).inspection
    lines = returns.expected_lines(inspection.parcel)
    for line, _units in lines:
        # A made-up cost price: six tenths of what it sold for.
        set_cost(sku_of(line.listing), cost_fen=line.goods_fen // max(line.quantity, 1) * 6 // 10, by=None)
    if is_broken:
        attach(inspection, _photos(), by=warehouse, purpose=Purpose.PHOTO)
    counts = {line.pk: Count(sellable=units - is_broken, defective=int(is_broken)) for line, units in lines}
    return inspecting.finish_inspection(
        inspection, counts=counts, note="演示：外箱压扁，里面碎了" if is_broken else "", by=warehouse
    )


def _lead(claim: Claim, steps: int, shops: DemoShops) -> None:
    """So many steps on its way: filed, answered, paid, closed."""
    agent, finance = shops.people["agent"], shops.people["finance"]
    if steps >= 1:
        claim = claims.file_claim(claim, by=agent, through="portal", reference=f"DEMO-{claim.pk:04d}")
    if steps == 2:
        claims.reject_claim(claim, by=agent, reason="演示：快递说包装不合格")
    if steps > 2:
        claim = claims.accept_claim(claim, by=agent, agreed_fen=claim.claimed_fen)
        claim = claims.book_payment(claim, by=finance, paid_fen=claim.claimed_fen, through="set_off")
        claims.close_claim(claim, by=finance)


def _photos() -> Sequence[Attachment]:
    """Two drawings of a broken bowl: nobody takes them for photos."""
    files = []
    for number, paper in enumerate(("#e8e4dc", "#dfe6e4")):
        picture = Image.new("RGB", (640, 480), paper)
        pen = ImageDraw.Draw(picture)
        pen.chord((140, 60, 500, 420), 0, 180, fill="#3d6b73")
        pen.line([(320, 240), (290, 300), (340, 340), (300, 420)], fill=paper, width=10)
        pen.text((24, 440), "DEMO", fill="#5b5b55")
        out = io.BytesIO()
        picture.save(out, "JPEG")
        files.append(SimpleUploadedFile(f"demo-{number + 1}.jpg", out.getvalue()))
    return read_files(files)
