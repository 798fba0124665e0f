"""The distribution, built once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.meltano import PROJECT
from tests.release.commands import UV, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sdist, and of the wheel that was built from the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(UV, "build", "--quiet", "--out-dir", folder, PROJECT)
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment with nothing but the wheel and its extras."""
    folder = tmp_path_factory.mktemp("clean")
    run(UV, "venv", "--quiet", folder / "venv")
    programs = folder / "venv/bin"
    package = f"{wheel}[postgres,sandbox]"
    run(UV, "pip", "install", "--quiet", "--python", programs / "python", package)
    return programs
