"""Templates, styles and scripts: strict content policy, one design system, no text outside the catalogue."""

import gzip
import re

import pytest
from django.core.management import CommandError, call_command

from merchant.languages import CATALOGUE, can_extract, faults_of
from tests.conventions.sources import PROJECT, code, files_under

# Text that is marked safe by hand, each place with its reason.
SAFE_BY_HAND = {
    "merchant/templatetags/ui.py": "fixed attributes between values that format_html escapes; a rendered block without its edges",
}
INLINE = {
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.I),
    "inline style sheet": re.compile(r"<style\b", re.I),
    "style attribute": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.I),
    "event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.I),
    "htmx that needs eval": re.compile(r"hx-on|hx-vals\s*=\s*[\"']js:|hx-vars|hx-trigger\s*=\s*[\"'][^\"']*\[", re.I),
    "another host": re.compile(r"(?:src|srcset|action|poster|data)\s*=\s*[\"'](?:https?:)?//", re.I),
    "a style sheet of another host": re.compile(r"<link[^>]*href\s*=\s*[\"'](?:https?:)?//", re.I),
    "unescaped text": re.compile(r"\|\s*safe\b|\|\s*safeseq\b|{%\s*autoescape\s+off"),
}


def templates() -> dict[str, str]:
    return files_under("templates", "merchant", "orders", "logistics", "aftersales", "cs_workbench", suffix=".html")


def test_our_own_styles_and_scripts_weigh_at_most_forty_kilobytes_compressed():
    """Each file by itself, as it is sent."""
    files = [*(PROJECT / "static" / "css").rglob("*.css"), *(PROJECT / "static" / "js").glob("*.js")]
    weight = sum(len(gzip.compress(file.read_bytes(), 9, mtime=0)) for file in files)

    assert 20_000 < weight <= 40_000


@pytest.mark.parametrize("what", list(INLINE))
def test_no_template_holds(what):
    found = [f"{name}: {match[0][:80]}" for name, text in templates().items() for match in INLINE[what].finditer(text)]

    assert found == []


def test_text_is_marked_safe_only_where_it_is_listed():
    found = [
        name
        for name, text in code().items()
        if re.search(r"\bmark_safe\(|\bSafeString\(", text) and name not in SAFE_BY_HAND
    ]

    assert found == []


def test_styles_and_scripts_ask_nothing_of_other_hosts():
    outside = re.compile(r"url\(\s*[\"']?(?:https?:)?//|@import|\bimport\s*\(?\s*[\"']https?:|fetch\(\s*[\"']https?:")
    found = [
        f"{name}: {match[0]}"
        for suffix in (".css", ".js")
        for name, text in files_under("static", suffix=suffix).items()
        for match in outside.finditer(text)
    ]

    assert found == []


def test_scripts_evaluate_no_text():
    evaluating = re.compile(r"\beval\(|new Function\(|document\.write\(|setTimeout\(\s*[\"']")

    assert [name for name, text in files_under("static", suffix=".js").items() if evaluating.search(text)] == []


def test_both_dark_papers_are_the_same():
    """The system's wish and the person's choice must look alike: two blocks, one content."""
    text = (PROJECT / "static" / "css" / "tokens.css").read_text(encoding="utf-8")

    def declarations(start: int) -> list[str]:
        body = text[text.index("{", start) + 1 :]
        return sorted(" ".join(line.split()) for line in body[: body.index("}")].split(";") if line.strip())

    wish = re.search(r"@media\s*\(prefers-color-scheme:\s*dark\)\s*\{\s*:root[^{]*(?=\{)", text)
    choice = re.search(r"(?m)^\s*(?:html|:root)?\[data-theme=[\"']?dark[\"']?\]\s*(?=\{)", text)

    assert wish is not None
    assert choice is not None
    assert len(declarations(choice.start())) > 10
    assert declarations(wish.end()) == declarations(choice.start())


def test_no_page_carries_chinese_outside_the_catalogue():
    """Chinese in a template or in code would stay Chinese for those who read English."""
    chinese = re.compile(r"[一-鿿]")
    without_comments = re.compile(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}|<!--.*?-->", re.S)
    allowed = {"templates/merchant/_brand.html"}

    found = [
        name
        for name, text in templates().items()
        if name not in allowed
        and chinese.search(without_comments.sub("", text).replace("中文", "").replace("回仓", ""))
    ]

    assert found == []


def test_the_chinese_catalogue_is_complete():
    if not can_extract():
        import polib

        assert not faults_of(polib.pofile(str(CATALOGUE)))
        return
    try:
        call_command("messages", check=True)
    except CommandError as error:
        pytest.fail(str(error))


def test_a_line_of_a_template_holds_what_a_person_takes_in():
    long = [
        f"{name}:{number}: {len(line)} characters"
        for name, text in templates().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if len(line) > 120
    ]

    assert long == []


def test_a_block_that_begins_inside_a_line_ends_there():
    """Else its end stands wherever the line happens to break, and djlint indents what follows as if it were closed."""
    mark = re.compile(r"{%[-+]?\s*(end)?(?:if|for|with|blocktranslate|spaceless|block|macro)\b")
    found = []
    for name, text in templates().items():
        for number, line in enumerate(text.splitlines(), start=1):
            marks = [-1 if match[1] else 1 for match in mark.finditer(line)]
            alone = len(marks) == 1 and mark.match(line.strip()) and (marks[0] == -1 or line.count("{%") == 1)
            if sum(marks) and not alone:
                found.append(f"{name}:{number}: {line.strip()[:80]}")

    assert found == []
