"""One form a verb of the stock."""

import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchant.catalog.models import Sku
from merchant.money import fen
from merchant.refusals import Refused
from merchant.stock.enums import Grade
from merchant.stock.models import Warehouse
from merchant.ui.forms import NumberField, StyledFormMixin, VerbForm, YuanField

MOST_LINES = 500


class BinForm(VerbForm):
    """Where a stock row lies; nothing takes it off its place."""

    stock = NumberField(required=False)
    bin = forms.CharField(required=False)


def split_lines(text: str) -> list[list[str]]:
    """Lines as typed or pasted from a sheet: cells between tabs, commas or spaces."""
    return [re.split(r"[\t,，;；]+|\s+", line.strip()) for line in text.splitlines() if line.strip()]


class LinesForm(StyledFormMixin, forms.Form):
    """Base of forms with a line for each product: merchant code, quantity, and for a purchase the cost of a unit."""

    lines = forms.CharField(
        label=gettext_lazy("Goods"),
        widget=forms.Textarea,
        max_length=60_000,
        help_text=gettext_lazy("One line a product: merchant code, quantity; may be pasted from a sheet."),
    )

    def __init__(self, *args: Any, shop_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shop_id = shop_id
        offer_warehouses(self, shop_id)

    def clean_lines(self) -> list[tuple[Sku, int, int | None]]:
        rows = split_lines(self.cleaned_data["lines"])
        if len(rows) > MOST_LINES:
            raise forms.ValidationError(_("At most %(most)d lines at once.") % {"most": MOST_LINES})
        known = {sku.code: sku for sku in Sku.objects.filter(shop_id=self.shop_id, code__in=[row[0] for row in rows])}
        found = []
        for number, row in enumerate(rows, start=1):
            code, quantity, cost = [*row, "", ""][:3]
            if code not in known:
                raise forms.ValidationError(_("Line %(row)d: no product %(code)s.") % {"row": number, "code": code})
            if not quantity.isascii() or not quantity.isdigit() or not 0 < int(quantity[:10]) <= 10_000_000:
                raise forms.ValidationError(_("Line %(row)d: write how many.") % {"row": number})
            try:
                cost_fen = fen(cost) if cost else None
            except ValueError:
                raise forms.ValidationError(_("Line %(row)d: the cost is no amount.") % {"row": number}) from None
            found.append((known[code], int(quantity), cost_fen))
        return found


def offer_warehouses(form: forms.Form, shop_id: int) -> None:
    """Those of the shop, the preferred first. A shop that has none yet gets its first by what it does now."""
    rows = warehouses_of(shop_id)
    for name, field in list(form.fields.items()):
        if isinstance(field, forms.ModelChoiceField):
            field.queryset, field.empty_label = rows, None
            if name == "warehouse" and not rows:
                del form.fields[name]


def warehouses_of(shop_id: int) -> QuerySet[Warehouse]:
    return Warehouse.objects.filter(shop_id=shop_id, is_active=True).order_by("priority", "pk")


class TransferForm(LinesForm):
    source = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("From"))
    target = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("To"))
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=200)
    field_order = ("source", "target", "lines", "note")


class PurchaseForm(LinesForm):
    supplier = forms.CharField(label=gettext_lazy("Supplier"), max_length=80)
    warehouse = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("Warehouse"))
    expected_date = forms.DateField(
        label=gettext_lazy("Expected on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=200)
    field_order = ("supplier", "warehouse", "expected_date", "lines", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lines"].help_text = _(
            "One line a product: merchant code, quantity, cost of a unit in yuan where it is known."
        )


class CountForm(StyledFormMixin, forms.Form):
    warehouse = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("Warehouse"), empty_label=None)
    bins = forms.CharField(
        label=gettext_lazy("Bins that begin with"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("Empty: the whole warehouse."),
    )

    def __init__(self, *args: Any, shop_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_warehouses(self, shop_id)


class AdjustmentForm(StyledFormMixin, forms.Form):
    warehouse = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("Warehouse"), empty_label=None)
    code = forms.CharField(label=gettext_lazy("Merchant code"), max_length=80)
    grade = forms.ChoiceField(label=gettext_lazy("Grade"), choices=Grade.choices)
    delta = forms.IntegerField(
        label=gettext_lazy("More or fewer"),
        min_value=-10_000_000,
        max_value=10_000_000,
        help_text=gettext_lazy("Units more than in the books, with a minus where there are fewer."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)

    def __init__(self, *args: Any, shop_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shop_id = shop_id
        offer_warehouses(self, shop_id)

    def clean_code(self) -> Sku:
        code = self.cleaned_data["code"].strip()
        sku = Sku.objects.filter(shop_id=self.shop_id, code=code).first()
        if sku is None:
            raise forms.ValidationError(_("There is no product %(code)s.") % {"code": code})
        return sku


class WarehouseForm(StyledFormMixin, forms.Form):
    code = forms.CharField(label=gettext_lazy("Code"), max_length=20)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    place = forms.CharField(
        label=gettext_lazy("Province and city"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("For distances, for example 浙江省杭州市."),
    )
    address = forms.CharField(label=gettext_lazy("Address"), required=False, max_length=200)
    priority = forms.IntegerField(
        label=gettext_lazy("Order of preference"),
        min_value=0,
        max_value=1000,
        initial=100,
        help_text=gettext_lazy("The lower, the earlier it is asked for goods."),
    )
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)


class LineForm(VerbForm):
    """What is put on a sheet: a barcode or merchant code, and the grade."""

    codes = {"code": "SKU"}

    code = forms.CharField(max_length=80)
    grade = forms.ChoiceField(choices=Grade.choices, required=False)


class ReceiptForm(VerbForm):
    """Beside the units of each line: how often something came as the page knew it, and a note."""

    seen = NumberField(required=False)
    note = forms.CharField(required=False, max_length=200)


class PlaceForm(VerbForm):
    """Where a bin stands on the pickers' way."""

    codes = {"path_order": "BIN", "code": "BIN"}

    code = forms.CharField(max_length=20)
    path_order = NumberField()


class SkuForm(StyledFormMixin, forms.ModelForm):
    """What people say of a product; the merchant code is said once."""

    barcodes = forms.CharField(
        label=gettext_lazy("Barcodes"), required=False, help_text=gettext_lazy("Several with spaces between.")
    )
    parts = forms.CharField(
        label=gettext_lazy("Bundle of"),
        required=False,
        widget=forms.Textarea,
        help_text=gettext_lazy("Only for a bundle: merchant code and quantity of each part, one line each."),
    )
    list_price_fen = YuanField(label=gettext_lazy("List price (yuan)"), required=False)
    floor_fen = YuanField(label=gettext_lazy("Floor price (yuan)"), required=False)
    ceiling_fen = YuanField(label=gettext_lazy("Ceiling price (yuan)"), required=False)

    class Meta:
        model = Sku
        fields = (
            "code",
            "title",
            "spec",
            "category",
            "barcodes",
            "weight_g",
            "length_mm",
            "width_mm",
            "height_mm",
            "is_fragile",
            "list_price_fen",
            "floor_fen",
            "ceiling_fen",
            "low_at",
            "presale_date",
            "parts",
        )
        widgets = {"presale_date": forms.DateInput(attrs={"type": "date"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["code"]
            self.fields["barcodes"].initial = " ".join(
                self.instance.barcodes.order_by("code").values_list("code", flat=True)
            )
            self.fields["parts"].initial = "\n".join(
                f"{row.part.code} {row.quantity}" for row in self.instance.parts.select_related("part").order_by("pk")
            )

    def clean_barcodes(self) -> list[str]:
        return str(self.cleaned_data["barcodes"]).replace(",", " ").replace("，", " ").split()

    def clean_parts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in split_lines(self.cleaned_data["parts"]):
            code, quantity = [*row, ""][:2]
            if not quantity.isascii() or not quantity.isdigit() or not 0 < len(quantity) < 6:
                raise forms.ValidationError(_("%(code)s: write how many are in a bundle.") % {"code": code})
            found[code] = found.get(code, 0) + int(quantity)
        return found

    def _post_clean(self) -> None:
        """The services write, and say what does not fit: the instance stays as it was read."""


def units_of(posted: Any, prefix: str) -> dict[int, int]:
    """{row: units} of the fields `<prefix><row>` somebody filled in. Raises Refused LINES for what is no count."""
    found: dict[int, int] = {}
    for name, value in posted.items():
        row, text = name.removeprefix(prefix), str(value).strip()
        if name == row or not row.isdigit() or not text:
            continue
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise Refused("LINES", _("“%(text)s” is no number of units.") % {"text": text[:20]}, field=name)
        found[int(row)] = int(text)
    return found
