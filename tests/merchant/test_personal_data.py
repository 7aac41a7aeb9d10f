"""One masker for running text and raw messages: phones in every dress, names beside them, doors; nothing else."""

import json
import logging
from urllib.parse import quote, urlencode

import pytest

from logistics.couriers.base import Event
from logistics.couriers.scans import site_in, without_phones
from logistics.parcels.projection import point_of
from merchant.clock import now
from merchant.personal_data import MaskingFormatter, digits_of, mask_text
from merchant.vault.raw_masking import mask_value, shown

PHONES = [
    "13800001234", "（13800001234）", "“13800001234”", "'13800001234'", "【张三13800001234】", "+86 138 0000 1234",
    "+8613800001234", "0086-138-0000-1234", "(+86)138 0000 1234", "86-13800001234", "１３８００００１２３４",
    "１３８－００００－１２３４", "138.0000.1234", "138·0000·1234", "138_0000_1234", "138/0000/1234", "138—0000—1234",
    "138\u30000000\u30001234", "138\xa00000\xa01234", "138\u200b0000\u200b1234", "1 3 8 0 0 0 0 1 2 3 4",
    "13-80-00-01-23-4", "1380000 1234", "138 0000-1234", "(138)00001234", "（138）0000-1234", "138,0000,1234",
    "138、0000、1234", "tel:13800001234", "T13800001234", "a=13800001234&b", '"13800001234"', "[13800001234]", "138\n0000\n1234",
    "13800001234/13900001234", "13800001234 13900001234", "联系13800001234,13900001234", "+86１３８ 0000 1234",
    "电话 0571-88000034", "座机：(0571)88000034", "（010）6800-0034", "010 6800 0034", "0571 8800 0034", "057188000034",
    "+86-571-88000034", "0086 571 88000034", "02188000034转123", "电话：88000034", "电话：8800-0034", "Phone 88000034",
]  # fmt: skip


@pytest.mark.parametrize("text", PHONES)
def test_a_phone_is_hidden_however_it_is_written(text):
    masked = mask_text(text)

    assert "0000" not in digits_of(masked)
    assert mask_text(masked) == masked


@pytest.mark.parametrize(
    "text",
    ["13800001234转5678", "13800001234-5678", "13800001234#5678", "13800001234,5678", "13800001234 ext 5678",
     "13800001234分机5678", "13800001234[5678]", "13800001234（转5678）", "0571-88000034转5678"],
)  # fmt: skip
def test_an_extension_goes_with_its_number(text):
    masked = mask_text(text)

    assert "0000" not in masked and "5678" not in masked and masked.endswith("-****")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("派件员: 王小明 137 0000 1234", "派件员: 王** 137****1234"),
        ("快递员张三正在为您派件", "快递员张**正在为您派件"),
        ("快递员【张三13800000000】", "快递员【张**138****0000】"),
        ("收件人：张三", "收件人：张**"),
        ("张三，13800001234", "张**，138****1234"),
        ("请联系张三13800001234", "请联系张**138****1234"),
        ("13800001234（张三）", "138****1234（张**）"),
        ("欧阳娜娜 13800001234", "欧** 138****1234"),
        ("张三先生 13800001234", "张**先生 138****1234"),
        ("姓名：阿依古丽·买买提", "姓名：阿**"),
        ("送货员【张三13800000000】", "送货员【张**138****0000】"),
        ("浙江省杭州市余杭区文一西路969号3幢2单元101室", "浙江省杭州市余杭区***"),
        ("收货地址：浙江省杭州市余杭区仓前街道文一西路969号", "收货地址：浙江省杭州市余杭区仓前街道******"),
        ("放西溪小区12幢3单元501", "放西溪小区***"),
    ],
)
def test_names_beside_numbers_and_doors_behind_roads_are_hidden(text, masked):
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    ["【杭州市】快件已到达 杭州转运中心", "2026-11-30 12:30:00", "18 2026-11-30 09:00:12", "2026-11-13 14:22:33 2026-11-13",
     "快件已签收，签收人：本人", "签收人：门卫", "7312345678901234", "YT1380000123412", "JT1380000123401", "SF1380000123401",
     "订单 2611160099650", "1764000000000", "1764000000", "合计 1,380,000.12", "192.168.100.101", "派件员正在派件",
     "收件人已签收", "快递员会尽快联系您", "取件码 8-3-1234", "2026年11月30日 14时", "投诉热线95338", "id 138000012345678",
     "浙江省杭州市余杭区仓前街道", "第13期 2026-11-30", "客户要求改约时间", "单价 138.00 数量 12 总价 1656.00", ""],
)  # fmt: skip
def test_what_is_nobody_s_stays(text):
    assert mask_text(text) == text


PERSON = {
    "receiverName": "张三丰", "Mobile": "13800001234", "ADDRESS": "浙江省杭州市余杭区仓前街道文一西路969号",
    "remark": "请打（13800001234）张三丰", "billCode": "78310042196655",
    "Receiver_Address": {"Detail": "文一西路969号", "PROVINCE": "浙江省"},
    "extra": [{"key": "mobile", "value": "13800001234"}], "n": 13800001234, "13800001234": "x",
}  # fmt: skip
PLAIN_PERSON = {name: value for name, value in PERSON.items() if isinstance(value, str)}
WRITTEN, ASCII = json.dumps(PERSON, ensure_ascii=False), json.dumps(PERSON)
XML = (
    "<r><name>张三丰</name><ns:Phone a='1'>138-0000-1234</ns:Phone><address><![CDATA[浙江省杭州市余杭区文一西路969号]]></address>"
    "<Route mailno='78310042196655' remark='派件员 张三丰 13800001234' contact='张三丰'/><x>&#49;3800001234</x></r>"
)
MESSAGES = {
    "json": WRITTEN,
    "json in ascii": ASCII,
    "json in lines": json.dumps(PERSON, ensure_ascii=False, indent=1),
    "json in json in json": json.dumps({"a": json.dumps({"b": WRITTEN})}),
    "json, cut off": WRITTEN[: WRITTEN.index('"extra"')],
    "json in ascii, cut off": ASCII[: ASCII.index('"extra"')],
    "json, cut in a value": WRITTEN[: WRITTEN.index("969号") + 2],
    "json in a form": urlencode({"data": ASCII, "sign": "aa"}),
    "a form": urlencode(PLAIN_PERSON),
    "a form nobody encoded": "name=张三丰&mobile=138 0000 1234&addr=浙江省杭州市文一西路969号",
    "encoded twice": urlencode({"x": quote(WRITTEN)}),
    "encoded three times": quote(quote(quote(WRITTEN))),
    "encoded words": "call %E5%BC%A0%E4%B8%89%E4%B8%B0 %31%33%38%30%30%30%30%31%32%33%34",
    "xml": XML,
    "xml in a form": urlencode({"logistics_interface": XML}),
    "xml in json": json.dumps({"d": XML}),
    "xml, cut off": XML[: XML.index("&#49;")],
    "an open element": '<a Name="张三丰" TEL="13800001234" Addr="文一西路969号"',
    "python's writing": str(PLAIN_PERSON),
    "a log line": "name: 张三丰, phone: 13800001234, address: 浙江省杭州市文一西路969号",
    "lines": "name=张三丰\nmobile=13800001234\n",
    "escaped quotes": '{\\"receiverName\\":\\"张三丰\\",\\"mobile\\":\\"13800001234\\"',
    "words": "收件人 张三丰 电话13800001234 地址：浙江省杭州市余杭区文一西路969号",
    "chinese keys": json.dumps(
        {"收件人": "张三丰", "联系电话": "13800001234", "收货地址": "浙江省杭州市文一西路969号"}
    ),
    "two numbers": '{"tel": "0571-88000012", "phones": ["13800001234", "13800001234,13900001234"]}',
    "a float": '{"phone": 13800001234.0}',
    "a call back": "callback(" + WRITTEN[: WRITTEN.index('"extra"')] + ")",
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_a_raw_message_shows_nobody_in_whatever_form_it_comes(message):
    seen = shown(message.encode())

    assert [word for word in ("三丰", "0000", "969", "文一西路") if word in seen] == []


def test_a_raw_message_still_says_what_it_is_about():
    seen = shown(urlencode({"data": ASCII, "sign": "aa"}).encode())

    assert seen.startswith("data=") and seen.endswith("&sign=aa")
    assert '"receiverName": "张**"' in seen and '"billCode": "78310042196655"' in seen and "浙江省" in seen


@pytest.mark.parametrize(
    ("key", "value", "masked"),
    [
        ("RECEIVER_NAME", "王小明", "王**"),
        ("siteName", "杭州中心", "杭州中心"),
        ("receiverId", "12", "12"),
        ("idCard", "330106199001011234", "3****************4"),
        ("email", "wang@example.com", "w***@example.com"),
        ("consigneeTel", "0571-88001234", "**********34"),
        ("scanTime", "2026-11-30 09:00:00", "2026-11-30 09:00:00"),
        ("mailNo", "YT1380000123412", "YT1380000123412"),
    ],
)
def test_a_value_is_hidden_by_what_its_key_says(key, value, masked):
    assert mask_value(key, value) == masked


@pytest.mark.parametrize(
    "start", ['{"a":', "<a>", "a=b&", "%25", '"a":"', "a:b ", "<a b='", '\\"', "=", '["', "1 ", "张", "派件员"]
)
def test_a_message_made_to_take_long_is_masked_in_time(start):
    # Sixteen thousand letters of one kind; what grows with their square would take minutes.
    assert isinstance(shown((start * 16_000)[:16_000].encode()), str)


def test_a_courier_s_sentence_and_the_site_in_it_name_nobody():
    text = "【张三13800001234】已揽收，派件员 王小明 137-0000-1234"

    assert without_phones(text) == "【张**138****1234】已揽收，派件员 王** 137****1234"
    assert site_in(text) == "张**138****1234"
    assert point_of(Event(now(), "", "x", site="张三 13800001234", city="杭州市")).site == "张** 138****1234"


def test_a_log_line_and_its_traceback_name_nobody():
    formatter = MaskingFormatter("%(message)s")
    try:
        raise ValueError("no such buyer: 张三 13800001234")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "", 1, "POST /push/courier/%s/ from %s", ("s3cret", "13900001234"), None
        )
        record.exc_info = (ValueError, error, error.__traceback__)

    line = formatter.format(record)

    assert line.startswith("POST /push/courier/***/ from 139****1234")
    assert "0000" not in line and "张三" not in line
