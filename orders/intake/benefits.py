"""The platforms' words for a promise to the buyer, as the codes the rules ask about (orders.record.enums.Benefit).

A word that is not exactly one of ours stays as it is and is shown plainly: 假一赔三 is not 假一赔九, and freight
insurance (运费险) is paid by an insurer, not by the shop's 退货补运费.
"""

import re
from collections.abc import Iterable

from orders.record.enums import Benefit

LONGEST = 32
WORDS: dict[str, Benefit] = {
    "买贵必赔": Benefit.PRICE_MATCH,
    "主播实在宝": Benefit.HOST_GUARANTEE,
    "晚发立赔": Benefit.LATE_SHIP,
    "晚发必赔": Benefit.LATE_SHIP,
    "晚发即赔": Benefit.LATE_SHIP,
    "7天价保": Benefit.PRICE_PROTECTION,
    "七天价保": Benefit.PRICE_PROTECTION,
    "退款不退货": Benefit.REFUND_NO_RETURN,
    "坏了包退": Benefit.BREAKAGE_RETURN,
    "破损包退": Benefit.DAMAGE_RETURN,
    "过敏包退": Benefit.ALLERGY_RETURN,
    "退货补运费": Benefit.RETURN_FREIGHT,
    "假一赔九": Benefit.COUNTERFEIT,
    "七天无理由": Benefit.NO_REASON_RETURN,
    "七天无理由退货": Benefit.NO_REASON_RETURN,
    "七天无理由退换货": Benefit.NO_REASON_RETURN,
    "7天无理由": Benefit.NO_REASON_RETURN,
    "7天无理由退货": Benefit.NO_REASON_RETURN,
    "7天无理由退换货": Benefit.NO_REASON_RETURN,
    "极速退款": Benefit.INSTANT_REFUND,
}
BETWEEN = re.compile(r"[,，、;；|/\s]+")


def words_in(text: str) -> tuple[str, ...]:
    """A column that holds several words, apart."""
    return tuple(word for word in BETWEEN.split(text) if word)


def codes_of(words: Iterable[str]) -> list[str]:
    """Each known word as its code, every other as it is; each once, in their order."""
    return list(dict.fromkeys(str(WORDS.get(word, word))[:LONGEST] for word in words))
