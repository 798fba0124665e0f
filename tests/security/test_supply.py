"""What comes along: pinned, hashed, renewed, listed, and attested."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # the SDK brings it, nobody its stubs
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from demo.meltano import PROJECT
from supply.licences import FILE, HEAD, UNSAID, licence, packages, row

DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
WORKFLOWS = sorted((PROJECT / ".github/workflows").glob("*.yml"))
RELEASE: dict[str, Any] = yaml.safe_load(
    (PROJECT / ".github/workflows/release.yml").read_text(encoding="utf-8")
)
LOCKS = sorted(PROJECT.glob("requirements*.lock"))
PROJECT_TABLE = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HOLES = {
    "filelock": "3.20.2",  # the lock follows a planted link: CVE-2025-68146, CVE-2026-22701
    "requests": "2.32.5",  # predictable names of temporary files: CVE-2026-25645
    "urllib3": "2.6.3",  # bombs, secrets that follow a redirect: CVE-2026-44431, CVE-2026-44432
    "python-multipart": "0.0.30",  # without end in memory or time: CVE-2026-53539, CVE-2026-53540
    "starlette": "1.0.0",  # paths from a malformed Host: CVE-2026-48710
}
"""The newest version with a known hole that touches what we do with it."""


def direct() -> dict[str, Requirement]:
    """What the package asks for itself, its extras included."""
    extras = PROJECT_TABLE["optional-dependencies"].values()
    lines = [*PROJECT_TABLE["dependencies"], *(line for extra in extras for line in extra)]
    return {canonicalize_name(each.name): each for each in map(Requirement, lines)}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.name))
def test_every_package_of_every_lock_has_a_version_and_a_hash(lock: Any) -> None:
    entries = re.split(r"\n(?=[^\s#])", lock.read_text(encoding="utf-8").strip())
    assert entries
    for entry in entries:
        assert re.match(r"[\w.\[\],-]+==\S+ ", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


def test_the_image_installs_nothing_that_has_no_hash() -> None:
    steps = re.findall(r"^RUN (.*pip .*)$", DOCKERFILE, re.MULTILINE)
    assert steps
    for step in steps:
        assert "--require-hashes" in step or "--no-index" in step, step
    assert all("--no-build-isolation" in step for step in steps if " wheel " in step)


def test_the_base_of_the_image_is_pinned_by_its_digest() -> None:
    bases = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.13-slim@sha256:[0-9a-f]{64}", *bases)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: str(path.name))
def test_workflows_use_actions_by_commit_and_packages_by_hash(workflow: Any) -> None:
    text = workflow.read_text(encoding="utf-8")
    for action in re.findall(r"uses: (.+)", text):
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", action), action
    for step in re.findall(r"pip install .+", text):
        assert "--require-hashes" in step, step
    assert yaml.safe_load(text)["permissions"] in ({}, {"contents": "read"})


@pytest.mark.parametrize(("package", "version"), HOLES.items())
def test_lower_bounds_exclude_versions_with_known_holes(package: str, version: str) -> None:
    assert version not in direct()[package].specifier


def test_dependencies_of_every_kind_are_renewed() -> None:
    text = (PROJECT / ".github/dependabot.yml").read_text(encoding="utf-8")
    kinds = {each["package-ecosystem"] for each in yaml.safe_load(text)["updates"]}
    assert kinds == {"docker", "github-actions", "pip"}


def test_a_release_has_a_bill_of_materials_and_attestations() -> None:
    (job,) = RELEASE["jobs"].values()
    assert job["permissions"] == {
        "attestations": "write",
        "contents": "write",
        "id-token": "write",
    }
    steps = [each for each in job["steps"] if "actions/attest@" in each.get("uses", "")]
    given = [each["with"] for each in steps]
    bill = "singer-gorgias.cdx.json"
    assert given == [
        {"subject-path": "dist/*"},
        {"subject-path": "dist/*", "sbom-path": bill},
    ]
    commands = [each.get("run", "") for each in job["steps"]]
    assert any("cyclonedx-py" in each and bill in each for each in commands)
    assert "dist/*" in commands[-1]
    assert bill in commands[-1]


def test_the_licences_of_what_the_image_holds_are_listed() -> None:
    listed = FILE.read_text(encoding="utf-8")
    assert UNSAID not in listed
    assert listed.startswith(HEAD)
    rows = [each.split(" | ") for each in listed.removeprefix(HEAD).splitlines()]
    assert {name.removeprefix("| "): version for name, version, _ in rows} == packages(), (
        "`make licences` writes them anew"
    )
    for name, version in packages().items():
        try:
            assert row(name, version, licence(name)) in listed
        except PackageNotFoundError:
            continue  # on another Python than the image's
