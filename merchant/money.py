"""Money is integer fen everywhere inside; yuan exist only on a page or in a file."""

from decimal import Decimal

# A thousand milliard yuan: what is more is a slip or an attack, and `1e999999` would become a million digits.
MOST = 10**14
LONGEST = 64


def yuan(fen: int) -> str:
    """8800 → `88.00`, -5 → `-0.05`; no currency sign, thousands grouped."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def fen(text: object) -> int:
    """`88`, `88.0`, `1,288.50`, 178.8 → fen, exactly. Raises ValueError on anything finer or not a number."""
    if len(str(text)) > LONGEST:
        raise ValueError("longer than any amount")
    try:
        value = Decimal(str(text).strip().replace(",", "").removeprefix("¥").removeprefix("￥")) * 100
    except ArithmeticError:
        raise ValueError(f"not an amount: {text!r}") from None
    if value.is_finite() and abs(value) > MOST:
        raise ValueError("more than any amount of money here")
    if not value.is_finite() or value != value.to_integral_value():
        raise ValueError(f"not a whole number of fen: {text!r}")
    return int(value)
