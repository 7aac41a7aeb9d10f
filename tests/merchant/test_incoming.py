"""Text from outside: what becomes of NULs, half emojis, endless numbers, depth and other alphabets."""

import pytest

from merchant.incoming import clean, clean_text, decode, is_storable, read_json, read_xml, short_id, unfit, whole
from merchant.platforms.values import identifier, number


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (r'{"a": "x\u0000y"}', {"a": "xy"}),
        (r'{"a": "\ud83d"}', {"a": "\ufffd"}),
        (r'{"a": "\ud83d\ude00"}', {"a": "😀"}),
        (r'{"a\u0000": ["\udc00", {"b": "\ud800x"}]}', {"a": ["\ufffd", {"b": "\ufffdx"}]}),
        ('{"a": "x\0y"}', {"a": "xy"}),
        (r'{"a": "\\u0000"}', {"a": r"\u0000"}),
        ('{"a": Infinity, "b": NaN, "c": -Infinity, "d": 1e999}', {"a": None, "b": None, "c": None, "d": None}),
        ('{"id": 9223372036854775807}', {"id": 2**63 - 1}),
        ('{"id": 9223372036854775808}', {"id": "9223372036854775808"}),
        ('{"id": -9223372036854775809}', {"id": "-9223372036854775809"}),
        ('{"id": ' + "7" * 5000 + "}", {"id": "7" * 5000}),
        ("\ufeff[1]", [1]),
        (b"\xef\xbb\xbf[1]", [1]),
        ('["中\xff"]'.encode("latin-1", errors="replace"), ["?ÿ".replace("ÿ", "\ufffd")]),
        ("[" * 60 + "]" * 60, None),
    ],
)
def test_json_comes_in_as_values_that_can_be_stored(raw, value):
    read = read_json(raw)

    assert value is None or read == value
    assert unfit(read) is None


@pytest.mark.parametrize(
    "raw", ["[" * 5000, "[" * 5000 + "]" * 5000, '{"a":' * 70 + "1" + "}" * 70, "", "{", b"\xff", "nul"]
)
def test_what_is_no_json_or_too_deep_is_a_value_error_and_nothing_else(raw):
    with pytest.raises(ValueError):
        read_json(raw)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<a>中</a>", "中"),
        ("<a>中</a>".encode(), "中"),
        ('<?xml version="1.0" encoding="GBK"?><a>中</a>'.encode("gbk"), "中"),
        ('<?xml version="1.0" encoding="gb2312"?><a>中</a>'.encode("gb2312"), "中"),
        ('<?xml version="1.0" encoding="UTF-8"?>\n<a>中</a>'.encode(), "中"),
        ('<?xml version="1.0" encoding="utf-16"?><a>中</a>'.encode(), "中"),
        ('<?xml version="1.0" encoding="no-such-thing"?><a>中</a>'.encode(), "中"),
        (b"\xef\xbb\xbf<a>x</a>", "x"),
        ("<a>x\0y</a>", "xy"),
        ("<a>\ud83dy</a>", "\ufffdy"),
    ],
)
def test_xml_comes_in_whatever_encoding_it_says(raw, text):
    assert read_xml(raw).text == text


@pytest.mark.parametrize(
    "raw",
    [
        "<a>" * 5000 + "</a>" * 5000,
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        '<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>',
        "<a>".encode("utf-16"),
        b"",
        "no xml",
        "<a",
    ],
)
def test_what_is_no_xml_is_a_value_error_and_nothing_else(raw):
    with pytest.raises(ValueError):
        read_xml(raw)


def test_a_wrong_byte_does_not_lose_the_rest():
    assert decode(b"\xe6\x9d\xad\xe5\xb7\x9e\xff\x00!") == "杭州\ufffd!"


def test_a_tree_is_cleaned_in_its_keys_too():
    assert clean({"\0a": ["\ud800", 1, None]}) == {"a": ["\ufffd", 1, None]}


@pytest.mark.parametrize(("text", "fits"), [("中😀\n", True), ("", True), ("a\0", False), ("\udfff", False)])
def test_what_the_database_takes_is_known_beforehand(text, fits):
    assert (is_storable(text), is_storable(clean_text(text))) == (fits, True)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"lines": [{"text": "a\0"}]}, "lines.0.text"),
        ({"a\0": 1}, "a"),
        ({"n": 2**63}, "n"),
        ({"n": float("inf")}, "n"),
        ("\ud800", "."),
        ({"a": 1, "b": [1.5, "x", None, True]}, None),
    ],
)
def test_where_a_value_stands_that_does_not_fit_is_said(value, place):
    assert unfit(value) == place


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "9" * 30, "9" * 5000, True, None, 1.5, "x", [], ""])
def test_a_number_that_no_column_holds_is_none(value):
    with pytest.raises(ValueError):
        whole(value)


@pytest.mark.parametrize(
    ("value", "read"), [(5, 5), ("5", 5), (True, 1), (None, 0), ("", 0), ("x", 0), ([], 0), ("²", 0), (1.9, 1)]
)
def test_a_platform_s_number_is_one_or_zero(value, read):
    assert number(value) == read


@pytest.mark.parametrize("value", [10**30, "9" * 30])
def test_a_platform_s_number_beyond_64_bits_is_not_taken_for_zero(value):
    with pytest.raises(ValueError, match="64 bits"):
        number(value)


def test_an_identifier_is_at_most_as_long_as_its_column():
    assert (short_id(" 12 "), identifier(7), identifier("0"), len(short_id("x" * 64))) == ("12", "7", "", 64)
    with pytest.raises(ValueError, match="65 characters"):
        short_id("x" * 65)
