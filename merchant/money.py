"""Money is integer fen everywhere inside; yuan exist only on a page or in a file."""

from decimal import Decimal, InvalidOperation


def yuan(fen: int) -> str:
    """8800 → `88.00`, -5 → `-0.05`; no currency sign, thousands grouped."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def fen(text: object) -> int:
    """`88`, `88.0`, `1,288.50`, 178.8 → fen, exactly. Raises ValueError on anything finer or not a number."""
    try:
        value = Decimal(str(text).strip().replace(",", "").removeprefix("¥").removeprefix("￥")) * 100
    except InvalidOperation:
        raise ValueError(f"not an amount: {text!r}") from None
    if not value.is_finite() or value != value.to_integral_value():
        raise ValueError(f"not a whole number of fen: {text!r}")
    return int(value)
