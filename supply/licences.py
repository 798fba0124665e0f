"""Write the licences of what the image holds: `python -m supply.licences`.

The names and versions are those of the lock file; the licences are what the packages say of
themselves where they are installed.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements-image.lock"
FILE = ROOT / "THIRD-PARTY-LICENCES.md"
IMAGE = {
    "platform_system": "Linux",
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
}
HEAD = """# Licences of the packages in the image

Made from `requirements-image.lock` by `make licences`.

| package | version | licence |
|---|---|---|
"""
UNSAID = "see the package"
LONGEST = 60


def packages() -> dict[str, str]:
    """The version of each package that the lock file has for the image."""
    lines = re.findall(r"^([^\s#-][^\\\n]*)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    found = [Requirement(line) for line in lines]
    return {
        each.name: next(iter(each.specifier)).version
        for each in found
        if each.marker is None or each.marker.evaluate(IMAGE)
    }


def licence(package: str) -> str:
    """The licence that an installed package declares.

    Raises:
        PackageNotFoundError: it is not installed.
    """
    told = metadata.metadata(package)
    classes = [
        each.rpartition(" :: ")[2]
        for each in told.get_all("Classifier", [])
        if each.startswith("License :: ") and each != "License :: OSI Approved"
    ]
    (stated, *_) = told.get_all("License-Expression") or told.get_all("License") or [""]
    short = stated if stated and len(stated) <= LONGEST and "\n" not in stated else ""
    return short or ", ".join(sorted(classes)) or UNSAID


def row(package: str, version: str, said: str) -> str:
    """A line of the table."""
    return f"| {package} | {version} | {said} |\n"


def main() -> None:
    """Write the file."""
    rows = [row(name, version, licence(name)) for name, version in packages().items()]
    FILE.write_text(HEAD + "".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
