"""A wrong value in the environment stops the start with a sentence that names it."""

import base64
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from merchant import environment

KEY = "k1:" + base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize(
    ("word", "value"), [("1", True), ("true", True), ("Yes", True), ("0", False), ("no", False), (" 1 ", True)]
)
def test_a_flag_is_on_or_off(monkeypatch, word, value):
    monkeypatch.setenv("A_FLAG", word)

    assert environment.flag("A_FLAG") is value


def test_a_flag_that_is_neither_is_named(monkeypatch):
    monkeypatch.setenv("A_FLAG", "maybe")

    with pytest.raises(ImproperlyConfigured, match="A_FLAG must be 1 or 0, not 'maybe'"):
        environment.flag("A_FLAG")


@pytest.mark.parametrize("word", ["x", "", "0", "-1", "nan", "inf"])
def test_a_number_that_cannot_be_is_named(monkeypatch, word):
    monkeypatch.setenv("A_NUMBER", word)

    with pytest.raises(ImproperlyConfigured, match="A_NUMBER must be"):
        environment.number("A_NUMBER", 1.0)


def test_a_number_and_words_are_read_and_have_defaults(monkeypatch):
    monkeypatch.setenv("A_NUMBER", "0.001")
    monkeypatch.setenv("SOME_WORDS", " a, b,,c ")

    assert (environment.number("A_NUMBER", 1.0), environment.number("NOT_SET", 2.5)) == (0.001, 2.5)
    assert (environment.words("SOME_WORDS"), environment.words("NOT_SET", "x")) == (["a", "b", "c"], ["x"])


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgres://huicang:p%40ss@db.example:5433/shop", ("db.example", "5433", "huicang", "p@ss", "shop", {})),
        ("postgresql://me@127.0.0.1/shop?sslmode=require", ("127.0.0.1", "", "me", "", "shop", {"sslmode": "require"})),
        ("postgres://me@%2FUsers%2FMei%2FData:5432/shop", ("/Users/Mei/Data", "5432", "me", "", "shop", {})),
        ("postgres:///shop?host=/Users/Mei/Data", ("/Users/Mei/Data", "", "", "", "shop", {})),
        ("postgres://me@[::1]:5432/shop", ("::1", "5432", "me", "", "shop", {})),
    ],
)
def test_a_database_address_is_taken_apart(monkeypatch, address, expected):
    monkeypatch.setenv("AN_ADDRESS", address)

    found = environment.postgres("AN_ADDRESS", "")

    assert tuple(found[name] for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME", "OPTIONS")) == expected


def test_another_database_is_refused(monkeypatch):
    monkeypatch.setenv("AN_ADDRESS", "sqlite:///shop.db")

    with pytest.raises(ImproperlyConfigured, match="AN_ADDRESS must be a postgres:// address"):
        environment.postgres("AN_ADDRESS", "")


def start(**variables):
    """Loads the settings in a process of its own; returns the last line it complained with, or 'started'."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUICANG_")}
    done = subprocess.run(
        [sys.executable, "-c", "import merchant.settings; print('started')"],
        cwd=settings.BASE_DIR,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return (done.stdout or done.stderr).strip().splitlines()[-1]


def test_a_public_address_needs_keys_of_its_own_and_is_no_demo():
    public = {
        "HUICANG_SITE_URL": "https://shop.example",
        "HUICANG_SECRET_KEY": "long-and-random",
        "HUICANG_PII_KEYS": KEY,
        "HUICANG_PII_INDEX_KEY": "another",
    }

    assert start(**public) == "started"
    for name in ("HUICANG_SECRET_KEY", "HUICANG_PII_KEYS", "HUICANG_PII_INDEX_KEY"):
        without = {key: value for key, value in public.items() if key != name}
        assert start(**without).endswith("must be set before the site is served over https.")
    assert start(**{**public, "HUICANG_PII_KEYS": ""}).endswith("must be set before the site is served over https.")
    everybodys = "k1:" + "aHVpY2FuZy1sb2NhbC1kZXZlbG9wbWVudC1rZXktMzI="
    assert start(**{**public, "HUICANG_PII_KEYS": everybodys}).endswith("before the site is served over https.")
    loud = {**public, "HUICANG_SITE_URL": "HTTPS://shop.example", "HUICANG_SECRET_KEY": ""}
    assert start(**loud).endswith("before the site is served over https.")
    for name in ("HUICANG_DEBUG", "HUICANG_TESTING"):
        assert start(**public, **{name: "1"}).endswith("not for a public https address.")
    assert start(**public, HUICANG_DEMO="1").endswith("it does not run on a public https address.")
