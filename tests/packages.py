"""`python -m tests.packages licences|audit`: under which licences the locked packages stand, and what is known against them.

The list of licences is docs/licences.md, compared by a test. The audit asks the open vulnerability database (osv.dev); where
that cannot be reached it says that it did not run, and ends well: a machine of CI reaches a package index and no more."""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from importlib import metadata
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LIST = PROJECT / "docs" / "licences.md"
DATABASE = os.environ.get("HUICANG_AUDIT_URL", "https://api.osv.dev/v1/querybatch")
TIMEOUT_S = 20
LINE = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;]+)(\s*;)?")
HEAD = """# Licences of what the product runs on

Made by `python -m tests.packages licences` from the packages of requirements.txt as they name it themselves; a test compares.
All may be used and passed on with an Apache-2.0 product; psycopg2 (LGPL) is used as it is published, unchanged.

| package | licence |
| --- | --- |
"""


def locked(name: str) -> dict[str, tuple[str, bool]]:
    """{package: (version, whether some machines only need it)} of a lock file."""
    lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
    return {found[1].lower(): (found[2], bool(found[3])) for line in lines if (found := LINE.match(line))}


def licence_of(name: str) -> str:
    """In the words of the package."""
    told = metadata.metadata(name)
    if expression := told.get("License-Expression"):
        return str(expression)
    marks = [mark.rpartition(" :: ")[2] for mark in told.get_all("Classifier") or () if mark.startswith("License ::")]
    return "; ".join(marks) or (told.get("License") or "not said").splitlines()[0].strip()[:80]


def licences() -> str:
    """The text of docs/licences.md; packages that this kind of machine does not need are not in it."""
    rows = []
    for name, (_version, is_for_some) in sorted(locked("requirements.txt").items()):
        try:
            rows.append(f"| {name} | {licence_of(name)} |\n")
        except metadata.PackageNotFoundError:
            if not is_for_some:
                raise
    return HEAD + "".join(rows)


def known_against(packages: dict[str, str], address: str) -> dict[str, list[str]]:
    """{"name version": ids of vulnerabilities}, of those that have any. Raises OSError where nobody answers."""
    asked = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in packages.items()]
    request = urllib.request.Request(
        address, json.dumps({"queries": asked}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        results = json.load(answer)["results"]
    return {
        f"{name} {version}": [one["id"] for one in result["vulns"]]
        for (name, version), result in zip(packages.items(), results, strict=True)
        if result.get("vulns")
    }


def audit(address: str = DATABASE) -> int:
    packages = {name: version for name, (version, _some) in locked("requirements-dev.txt").items()}
    try:
        found = known_against(packages, address)
    except (OSError, ValueError, KeyError) as error:
        print(f"The audit did NOT run: the vulnerability database cannot be asked ({type(error).__name__}).")
        return 0
    for package, ids in found.items():
        print(f"{package}: {', '.join(ids)}")
    print(f"{len(packages)} packages asked about, {len(found)} with something known against them.")
    return 1 if found else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["audit"]:
        sys.exit(audit())
    if sys.argv[1:] != ["licences"]:
        sys.exit("python -m tests.packages licences|audit")
    LIST.write_text(licences(), encoding="utf-8")
