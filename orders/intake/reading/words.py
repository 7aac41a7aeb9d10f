"""What is said of a file that is refused, or of a row of one, by the code the reading gives."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

FILES: Mapping[str, Any] = {
    "bomb": _("it unpacks to %(times)s times its size, which no export does"),
    "unpacked": _("unpacked it is larger than %(most)s MB; split it"),
    "memory": _("it needs more memory than a file may take; split it, or save it as CSV"),
    "time": _("it takes longer to read than a file may; split it, or save it as CSV"),
    "died": _("reading it broke off %(times)s times"),
    "rows": _("it has more than %(most)s rows; split it"),
    "columns": _("it has more than %(most)s columns"),
    "cell": _("one of its cells is longer than a cell can be"),
    "encoding": _("it is neither UTF-8, UTF-16 nor GB18030 text"),
    "packed": _("the packed file is damaged"),
    "nested": _("it is an archive inside an archive; unpack it first"),
    "members": _("it packs more than %(most)s files"),
    "password": _("it is protected by a password"),
    "damaged": _("Excel could not be read: the file is damaged"),
    "json": _("the JSON in it is damaged"),
    "stranger": _("it is a %(kind)s file; save it as xlsx or CSV"),
    "empty": _("it holds no rows"),
}
ROWS: Mapping[str, Any] = {
    "json": _("this is not readable JSON"),
    "quote": _("a quotation mark in this row is not closed"),
    "letters": _("this row holds damaged characters"),
    "wide": _("this row has more cells than there are columns: a comma in one of them is not in quotation marks"),
}
