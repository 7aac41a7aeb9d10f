"""What an uploaded file may cost, and the one error for what costs more. Imported by the child: no Django here."""

from typing import Any

# A spreadsheet's own limit; also the size at which an upload is more likely a mistake than a month of orders.
MAX_ROWS = 1_048_576
# The widest export we know has 75 columns.
MAX_COLUMNS = 1024
MAX_CELL = 1024 * 1024
# Text that has to stand in memory, and parts of a workbook that are read as a stream.
MAX_TEXT_BYTES = 256 * 1024 * 1024
MAX_UNPACKED_BYTES = 2048 * 1024 * 1024
# Deflate reaches 1,032 : 1 with zeros; exports we know stay below 40 : 1. Small files may unpack as they like.
MAX_RATIO, RATIO_FROM_BYTES = 200, 32 * 1024 * 1024
MAX_MEMBERS = 200


class Unreadable(Exception):
    """The file is refused. `code` names the sentence (orders.intake.reading.words), `facts` what it tells."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def check_unpacked(packed: int, unpacked: int, *, most: int = MAX_TEXT_BYTES) -> None:
    """Raises Unreadable when so many packed bytes may not become so many."""
    if unpacked > RATIO_FROM_BYTES and unpacked > MAX_RATIO * max(packed, 1):
        raise Unreadable("bomb", times=unpacked // max(packed, 1))
    if unpacked > most:
        raise Unreadable("unpacked", most=most // 1024 // 1024)
