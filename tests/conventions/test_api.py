"""Pages and API keep step: whoever adds a verb to one adds it to the other."""

import re

import yaml

from tests.conventions.sources import PROJECT, code

# Folders whose pages have verbs and that offer none by API, each with its reason.
WITHOUT_API = {
    "merchant/vault": "looking at personal data, and asking for more looks, is for people",
    "merchant/platforms": "doors of platforms, with signatures of their own",
    "logistics/couriers": "doors of couriers, with signatures of their own",
    "cs_workbench/bulk": "a program that wants many sends many: each verb has its own key and its own answer",
    "cs_workbench/replies": "quick replies are the workbench's own",
    "merchant/second_factor": "the second step of a person who signs in with a password",
    "merchant/staff": "who gets in, and as what, is decided by a person who signed in, not by whoever holds a token",
    "merchant/people": "how a person likes their own screen",
    "cs_workbench/start": "the way of a person through the pages",
    "cs_workbench/ops": "raw messages and the couriers' pauses are for whoever looks after the installation",
}
# Pages that mix rooms, or stand higher than what they show: their verbs are those of the capabilities named here.
SHOWN_BY = {
    "cs_workbench/desk": ("aftersales/decisions", "aftersales/returns", "orders/remarks"),
    "cs_workbench/orders": ("orders/remarks", "orders/editing"),
    "cs_workbench/interceptions": ("logistics/interception", "aftersales/returns"),
    "cs_workbench/refunds": ("aftersales/paying", "aftersales/refunds"),
    "logistics/shipping": ("logistics/tracking",),
}


def folders_with_verbs() -> set[str]:
    takes = re.compile(r"@require_POST|require_http_methods\(.*POST")
    return {name.rpartition("/")[0] for name, text in code().items() if takes.search(text) and "views" in name}


def has_api(folder: str) -> bool:
    return f"{folder}/api.py" in code()


def test_a_capability_whose_pages_have_verbs_has_them_by_api_too():
    without = {folder for folder in folders_with_verbs() if not has_api(folder)}

    assert without == {*WITHOUT_API, *SHOWN_BY}
    assert [name for names in SHOWN_BY.values() for name in names if not has_api(name)] == []


def test_every_api_py_is_gathered():
    from merchant.api.urls import CAPABILITIES

    there = {name.removesuffix(".py").replace("/", ".") for name in code() if name.endswith("/api.py")}
    assert set(CAPABILITIES) == there


def test_every_verb_of_the_document_takes_an_idempotency_key_and_names_its_scope():
    paths = yaml.safe_load((PROJECT / "docs" / "openapi.yaml").read_text(encoding="utf-8"))["paths"]
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    wrong = [
        (path, method)
        for path, methods in paths.items()
        for method, told in methods.items()
        if (key in told["parameters"]) != (method == "post")
        or (method == "post" and not re.search(r"Scope: `[a-z]+:(read|write)`\.$", told["description"]))
    ]

    assert {method for methods in paths.values() for method in methods} == {"get", "post"}
    assert wrong == []


def test_amounts_of_the_document_are_whole_fen():
    shapes = yaml.safe_load((PROJECT / "docs" / "openapi.yaml").read_text(encoding="utf-8"))["components"]["schemas"]
    wrong = [
        (name, member)
        for name, shape in shapes.items()
        for member, told in shape.get("properties", {}).items()
        if member.endswith("_fen") != (member.endswith("_fen") and "integer" in str(told.get("type")))
    ]

    assert wrong == []
