"""A raw message as it may be shown: personal data masked wherever it stands, the rest as it came.

A message is a document (JSON, XML, a form, percent-encoded or one inside the other) as long as it can be read as one;
then its keys say whose a value is. What is cut off or broken is read key by key, and all text is masked as text."""

import html
import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote_plus

from merchant.incoming import MAX_DEPTH, read_json
from merchant.personal_data import digits_of, mask_text
from merchant.vault import masking

# Parts of a key that say the value is a person's. Compared in lower case, without separators.
NAMES = (
    "name", "contact", "consignee", "receiver", "recipient", "sender", "nick", "buyer", "linkman", "signman", "signer",
    "dispman", "scanman", "operator", "employee", "courierman", "deliveryman", "people", "person", "user", "owner",
    "姓名", "名字", "收件人", "收货人", "寄件人", "发件人", "联系人", "签收人", "派件员", "快递员", "业务员", "买家",
    "昵称", "会员名",
)  # fmt: skip
PHONES = ("phone", "mobile", "tel", "cellular", "电话", "手机", "联系方式", "号码")
ADDRESSES = (
    "address", "addr", "detail", "street", "road", "house", "building", "doorno", "roomno", "地址", "住址", "街道",
    "门牌",
)  # fmt: skip
NUMBERS = (
    "idcard",
    "identitycard",
    "certno",
    "idno",
    "passport",
    "身份证",
    "证件号",
    "bankcard",
    "bankaccount",
    "银行卡",
)
MAILS = ("email", "mailbox", "邮箱")
# Keys that look personal and are not.
PLAIN = frozenset(
    "filename companyname sitename scansitename statusname citycode signname skuname provincename cityname countyname "
    "districtname areaname orgname oporgname scannetworkname facilityname networkname itemname goodsname productname "
    "producttitle shopname sellername username couriername expressname companycode categoryname eventname apiname "
    "servicename typename scantypename problemtypename issuename addresscode userid useragent sellernick buyerid "
    "receiverid addressid orderdetail details ownership personal logisticproviderid detailid mailno mailnos telecode "
    "hotel title acceptaddress usertype operatortype receivertype sendertype receiverstatus "
    "店铺名称 商品名称 快递公司名称 文件名 单号 运单号 订单号 编号".split()
)
# In `{"key": "mobile", "value": "138…"}` the one names the other.
NAMING, NAMED = frozenset({"key", "name", "field", "label", "code", "k"}), frozenset({"value", "content", "text", "v"})
SHOWN = 16_384
# Names and addresses of one message that are looked for in the rest of it.
ENOUGH = 64
_said: ContextVar[dict[str, str] | None] = ContextVar("said", default=None)
_IS_A_NAME = re.compile(r"[\u4e00-\u9fff·]{2,8}|[A-Za-z]{3,20}(?: [A-Za-z]{2,20})+")
# A number that the end of what was kept has cut.
_CUT_PHONE = re.compile(r"(?<!\d)1[3-9]\d{5,8}$")

_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_FORM = re.compile(r"^[^\s=&<>{}\"]{1,80}=[^&\n]*(?:&[^\s=&<>{}\"]{1,80}=[^&\n]*)*&?$")
_QUOTED = re.compile(r"""(\\*["'])([^"'\\:{}\[\],]{1,60})\1(\s*:\s*)(\\*["'])((?:(?!\4).)*)""", re.DOTALL)
_LOOSE = re.compile(
    r"""(?<![\w"'])([A-Za-z_\-\u4e00-\u9fff]{2,30})(\s{0,2}[=:：]\s{0,2})"""
    r"""([^\s,;&"'<>{}|，；][^,;&"'<>{}|\n，；]{0,200})"""
)
_ELEMENT = re.compile(
    r"<([^\s<>/!?\"'=]{1,80})((?:\s[^<>]{0,2000})?)(?:>|$)(\s*(?:<!\[CDATA\[)?)([^<]*?)(?=\]\]>|<|$)", re.DOTALL
)
_ATTRIBUTE = re.compile(r"""([^\s<>/"'=]{1,80})(\s*=\s*)(?:"([^"<]*)"|'([^'<]*)')""")
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}")


def mask_value(key: str, value: str) -> str:
    """One value by what its key says; the text of every other is masked as text."""
    key = _bare(key)
    if key not in PLAIN and value:
        if any(part in key for part in PHONES) and (masked := _phone(value)):
            return masked
        if any(part in key for part in NUMBERS):
            return masking.mask_number(value)
        if any(part in key for part in MAILS) and "@" in value:
            return f"{value[:1]}***@{value.rpartition('@')[2]}"
        if any(part in key for part in ADDRESSES) and not value.strip().isdecimal():
            return _remembered(value, masking.mask_address(value))
        if any(part in key for part in NAMES) and 1 < len(value.strip()) <= 20 and not _is_a_code(value):
            return _remembered(value, masking.mask_name(value))
    return mask_text(value)


def _remembered(plain: str, masked: str) -> str:
    """Whom one member of a message names another may name in its sentence."""
    said, plain = _said.get(), plain.strip()
    if said is not None and len(said) < ENOUGH and (len(plain) > 5 or _IS_A_NAME.fullmatch(plain)):
        said[plain] = masked
    return masked


def _bare(key: str) -> str:
    return re.sub(r"[^a-z\u4e00-\u9fff]", "", key.lower())


def _phone(value: str) -> str:
    """A number, or several of them, hidden; "" when there is none in it."""
    digits = digits_of(value)
    if len(digits) < 5:
        return ""
    masked = mask_text(value)
    return masked if masked != value and len(digits) > 15 else masking.mask_phone(value)


def _is_a_code(value: str) -> bool:
    """What stands under `receiver` or `user` and names nobody: a number, a flag, an id."""
    return value.isascii() and (any(sign.isdigit() for sign in value) or value.lower() in ("true", "false", "null"))


def mask_tree(value: Any, key: str = "", depth: int = MAX_DEPTH) -> Any:
    """The same for a whole document; a string that holds a document is opened too, as couriers like to nest them."""
    if depth <= 0:
        return "…"
    if isinstance(value, dict):
        return _mask_object(value, key, depth)
    if isinstance(value, list):
        return [mask_tree(inner, key, depth - 1) for inner in value]
    if isinstance(value, str):
        return mask_string(value, key, depth - 1)
    if isinstance(value, int | float) and not isinstance(value, bool):
        written = f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
        masked = mask_value(key, written)
        return value if masked == written else masked
    return value


def _mask_object(fields: dict[str, Any], key: str, depth: int) -> dict[str, Any]:
    named = next((str(inner) for name, inner in fields.items() if _bare(name) in NAMING and isinstance(inner, str)), "")
    masked: dict[str, Any] = {}
    for name, inner in fields.items():
        says = f"{key}.{named}" if named and _bare(name) in NAMED else name
        if says is name and named and _bare(name) in NAMING and any(_bare(other) in NAMED for other in fields):
            # It names the value beside it, and is nobody's name.
            masked[name] = (
                inner if isinstance(inner, str) and mask_text(inner) == inner else mask_tree(inner, "", depth - 1)
            )
            continue
        shown_name = mask_text(name)
        while shown_name in masked:
            shown_name += "'"
        masked[shown_name] = mask_tree(inner, says, depth - 1)
    return masked


def mask_string(value: str, key: str = "", depth: int = 8) -> str:
    """A string that may be a document, a form or percent-encoded, or only text."""
    if depth > 0 and len(value) > 3:
        opened = _opened(value, key, min(depth, 8))
        if opened is not None:
            return opened
    return mask_value(key, value)


def _opened(value: str, key: str, depth: int) -> str | None:
    start = value.lstrip()[:1]
    if start in ("{", "[", '"'):
        try:
            found = read_json(value)
        except ValueError:
            return mask_broken(value) if start != '"' else None
        if isinstance(found, dict | list):
            return json.dumps(mask_tree(found, key, depth), ensure_ascii=False)
        return None
    if start == "<":
        return mask_markup(value, depth)
    if "=" in value and _FORM.match(value):
        return mask_form(value, depth)
    if _PERCENT.search(value):
        plain = unquote_plus(value) if " " not in value else re.sub(r"(?:%[0-9A-Fa-f]{2})+", _unquoted, value)
        if plain != value:
            return mask_string(plain, key, depth - 1)
    if "=" in value or ":" in value or "：" in value:
        masked = mask_broken(value)
        return masked if masked != value else None
    return None


def _unquoted(found: re.Match[str]) -> str:
    return unquote_plus(found[0])


def mask_form(text: str, depth: int = 8) -> str:
    """`name=value&…`, decoded, so that what is shown is what was said."""
    pairs = (pair.partition("=") for pair in text.split("&"))
    return "&".join(
        f"{mask_text(unquote_plus(name))}{equals}{mask_string(unquote_plus(value), unquote_plus(name), depth - 1)}"
        for name, equals, value in pairs
    )


def mask_markup(text: str, depth: int = 8) -> str:
    """XML or HTML, whole or cut off: every attribute by its name, every text by its element's."""

    def attribute(found: re.Match[str]) -> str:
        value = html.unescape(found[3] if found[3] is not None else found[4] or "")
        return f'{found[1]}{found[2]}"{html.escape(mask_string(value, found[1].rpartition(":")[2], depth - 1))}"'

    def element(found: re.Match[str]) -> str:
        name = found[1].rpartition(":")[2]
        inside = found[4] if "CDATA" in found[3] else html.unescape(found[4])
        masked = mask_string(inside.strip(), name, depth - 1) if inside.strip() else inside
        if "CDATA" not in found[3]:
            masked = html.escape(masked, quote=False)
        end = ">" if found.end(2) < len(text) else ""
        return f"<{found[1]}{_ATTRIBUTE.sub(attribute, found[2])}{end}{found[3]}{masked}"

    masked = _ELEMENT.sub(element, text)
    return mask_text(masked)


def mask_broken(text: str) -> str:
    """What is nearly a document, read key by key; the rest of it as text."""

    def quoted(found: re.Match[str]) -> str:
        value = _ESCAPE.sub(_written_out, found[5])
        return f"{found[1]}{found[2]}{found[1]}{found[3]}{found[4]}{mask_string(value, found[2], 2)}"

    def loose(found: re.Match[str]) -> str:
        if _bare(found[1]) in PLAIN or not any(
            part in _bare(found[1]) for part in (*NAMES, *PHONES, *ADDRESSES, *NUMBERS)
        ):
            return found[0]
        return f"{found[1]}{found[2]}{mask_value(found[1], unquote_plus(found[3]) if '%' in found[3] else found[3])}"

    return mask_text(_LOOSE.sub(loose, _QUOTED.sub(quoted, _ESCAPE.sub(_written_out, text))))


def _written_out(found: re.Match[str]) -> str:
    letter = chr(int(found[0][2:], 16))
    # Only what reads as text: quotes, backslashes and halves of a pair stay as they are written.
    return letter if letter.isalnum() or letter in " ·：（）【】" else found[0]


def shown(body: bytes, *, known: Mapping[str, str] | None = None) -> str:
    """The masked body as text, pretty when it is JSON; what is no text is counted, not shown. `known`: words that are
    somebody's wherever they stand, with what is shown instead (merchant.vault.services.words_to_hide)."""
    text = _text_of(bytes(body))
    if text is None:
        return f"({len(body)} bytes)"
    # Before: what is masked in part is not found any more. And behind it: a document may write letters as codes.
    always = dict(known or {})
    text = _without(text, always)
    try:
        found = read_json(text)
    except ValueError:
        found = None
    said: dict[str, str] = {}
    token = _said.set(said)
    try:
        if isinstance(found, dict | list):
            masked = json.dumps(mask_tree(found), ensure_ascii=False, indent=2)
        else:
            masked = _CUT_PHONE.sub("***", mask_string(text))
    finally:
        _said.reset(token)
    # Before the cut: a name that it halves would not be found.
    return _without(_without(masked, always)[:SHOWN], said)


def _without(text: str, words: Mapping[str, str]) -> str:
    for plain in sorted(words, key=len, reverse=True):
        text = text.replace(plain, words[plain])
    return text


def _text_of(body: bytes) -> str | None:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Only the first bytes of a refused message are kept, and may end in the middle of a letter.
        if error.reason == "unexpected end of data" and error.start >= len(body) - 3:
            return body[: error.start].decode("utf-8-sig")
    if re.match(rb"\s*<\?xml[^>]{0,100}encoding=[\"'](?:gbk|gb2312|gb18030)", body, re.IGNORECASE):
        return body.decode("gb18030", errors="replace")
    return None
