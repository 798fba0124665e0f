"""What is on the index is complete, and nothing else: wheel and sdist in a clean environment."""

from __future__ import annotations

import json
import tarfile
import tomllib
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from demo.meltano import PROJECT
from tests.release.commands import run

if TYPE_CHECKING:
    from pathlib import Path

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
PROGRAMS = sorted(PYPROJECT["project"]["scripts"])
USE = """
from gorgias_api import Client
from tap_gorgias.tap import TapGorgias
from target_gorgias.target import TargetGorgias
from gorgias_sandbox.serve import serve
client: int = Client.from_settings({})
with serve() as sandbox:
    url: int = sandbox.url
"""


def sources() -> set[str]:
    """Every file of the packages, those that are no Python too; no tool's cache."""
    files = (path for package in PACKAGES for path in (PROJECT / package).rglob("*.*"))
    names = {path.relative_to(PROJECT) for path in files if path.is_file()}
    return {str(name) for name in names if not any(part[0] in "._" for part in name.parts[:-1])}


def test_the_wheel_holds_every_file_of_the_packages_and_no_test(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        files = set(archive.namelist())
    assert {name for name in files if ".dist-info/" not in name} == sources()


def test_the_sdist_holds_every_file_of_the_packages(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    assert files >= sources() | {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_starts(clean: Path, tmp_path: Path, program: str) -> None:
    assert "Usage" in run(clean / program, "--help", cwd=tmp_path)


def test_the_tap_knows_its_version_and_its_streams(clean: Path, tmp_path: Path) -> None:
    about = json.loads(run(clean / "tap-gorgias", "--about", "--format=json", cwd=tmp_path))
    assert about["version"] == PYPROJECT["project"]["version"]
    catalog = json.loads(run(clean / "tap-gorgias", "--discover", cwd=tmp_path))
    assert len(catalog["streams"]) > len(PACKAGES)


def test_a_type_checker_sees_the_types_of_every_package(clean: Path, tmp_path: Path) -> None:
    program = tmp_path / "use.py"
    program.write_text(USE, encoding="utf-8")
    mypy = PROJECT / ".venv/bin/mypy"
    with pytest.raises(AssertionError) as failure:
        run(mypy, "--strict", "--python-executable", clean / "python", program, cwd=tmp_path)
    found = [line for line in str(failure.value).splitlines() if "error:" in line]
    assert [line.partition(" error: ")[2].split(" (")[0] for line in found] == [
        "Incompatible types in assignment",
        "Incompatible types in assignment",
    ]
