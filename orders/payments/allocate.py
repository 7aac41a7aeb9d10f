"""How a sum falls apart into lines and units, exactly (M2, M3, M4). Pure: integers in, integers out, fen everywhere."""

from collections.abc import Sequence


def split(total_fen: int, bases: Sequence[int]) -> list[int]:
    """Share `total_fen` in proportion to `bases` (M2): floors first, then one fen each to the largest remainders, a tie
    going to the earlier line. The shares always add up to the total. Bases that are all zero share equally."""
    if total_fen < 0 or any(base < 0 for base in bases):
        raise ValueError("amounts to share are never negative")
    if not bases:
        if total_fen:
            raise ValueError("there is no line to carry the amount")
        return []
    whole = sum(bases)
    weights = list(bases) if whole else [1] * len(bases)
    whole = whole or len(bases)
    shares = [total_fen * weight // whole for weight in weights]
    left = total_fen - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda line: (-(total_fen * weights[line] % whole), line))
    for line in by_remainder[:left]:
        shares[line] += 1
    return shares


def share_of_units(net_fen: int, *, quantity: int, units: int, units_before: int = 0) -> int:
    """What `units` of a line's `quantity` are worth after `units_before` went back already (M3). The last unit takes
    the rest, so that the units of a line always add up to its net."""
    if not 0 < units <= quantity - units_before:
        raise ValueError(f"{units} of {quantity} units cannot go back after {units_before}")
    return net_fen * (units_before + units) // quantity - net_fen * units_before // quantity


def freight_back(freight_fen: int, *, is_any_shipped: bool, is_last_goods_line: bool) -> int:
    """The freight that goes back with a refund (M4): only while nothing has shipped, and with the last goods line."""
    return freight_fen if is_last_goods_line and not is_any_shipped else 0
