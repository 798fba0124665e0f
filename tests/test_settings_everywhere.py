"""A setting means the same in a file, in a variable and as a flag, for tap, target and command."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import singer_sdk
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from gorgias_api import SettingsError
from gorgias_api.settings import SHARED, Setting, Settings, gather, read
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve
from tap_gorgias.tap import TapGorgias
from target_gorgias.target import TargetGorgias
from tests.api.command import Gorgias
from tests.support import settings, sync, truth
from tests.target.support import lines, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gorgias_sandbox.serve import Sandbox
    from tests.support import Row

GOOD = {"domain": "acme", "username": "agent@acme.example", "api_key": "s3cr3t"}
Plugin = type[TapGorgias] | type[TargetGorgias]
PLUGINS: tuple[Plugin, ...] = (TapGorgias, TargetGorgias)
KNOWN = [(plugin, each) for plugin in PLUGINS for each in plugin._known_settings()]  # noqa: SLF001 - what is under test
EVERY = pytest.mark.parametrize(
    ("plugin", "setting"),
    [pytest.param(*known, id=f"{known[0].name}-{known[1].name}") for known in KNOWN],
)
SOURCES = pytest.mark.parametrize("source", ["file", "variable"])
WORDS = {
    True: ["true", "yes", "on", "y", "t", "1"],
    False: ["false", "no", "off", "n", "f", "0"],
}
ROOT = Path(__file__).parents[1]


def variable(plugin: Plugin, name: str) -> str:
    return f"{plugin.name.replace('-', '_')}_{name}".upper()


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Without the settings of whoever runs the tests."""
    return {name: value for name, value in environment.items() if "GORGIAS_" not in name}


def configured(plugin: Plugin, source: str, given: Row, folder: Path, **file: Any) -> Row:
    """What a plugin makes of settings from a source, with a file that holds all it needs."""
    path = folder / "settings.json"
    path.write_text(json.dumps(GOOD | file | (given if source == "file" else {})))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", clean(os.environ))
        if source == "variable":
            for name, value in given.items():
                patch.setitem(os.environ, variable(plugin, name), value)
        config = plugin.cb_config(None, None, (str(path), "ENV"))  # type: ignore[arg-type]  # unused
        return dict(plugin(config=config.config, parse_env_config=True).config)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with serve(Options(rate_limit=None, tickets=150)) as sandbox:
        yield sandbox
    gc.unfreeze()  # what the seed froze would seem to leak


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """One account for all tests here, which hardly write."""
    running.backend.requests.clear()
    return running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings")


def spelled(text: str) -> st.SearchStrategy[str]:
    """The same word in any letter case and with blanks around it."""
    blanks = st.text(" \t\n", max_size=2)
    cases = st.tuples(*(st.sampled_from([letter, letter.upper()]) for letter in text))
    return st.builds(lambda a, word, b: a + "".join(word) + b, blanks, cases, blanks)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "integer": st.integers(1, 64),
    "number": st.floats(0.001, 1.0),
    "object": st.just({}),
    "array": st.just([]),
}
BANANAS: dict[str, list[Any]] = {
    "boolean": ["banana", "s3cr3t", "2", "tru", "yes no", 2, 1.0, [], {}],
    "integer": ["banana", "s3cr3t", "1.5", "1_0", "٣", "9" * 30, "9" * 5000, 1.5, True, []],
    "number": ["banana", "s3cr3t", "1_0", "nan", "inf", "٣", "0x1", 10**400, True, []],
    "object": ["banana", "s3cr3t", "[]", "{", "5", "[" * 100_000, [], 5, True],
    "array": ["banana", "s3cr3t", "{}", "[", "5", "[" * 100_000, {}, 5, True],
    "string": [5, True, [], {}],
}


@given(data=st.data())
def test_the_usual_words_for_true_and_false_are_understood_everywhere(
    data: st.DataObject, folder: Path
) -> None:
    booleans = [known for known in KNOWN if known[1].kind == "boolean"]
    plugin, setting = data.draw(st.sampled_from(booleans))
    more = {"flattening_max_depth": 1} if plugin is TapGorgias else {}
    meaning = data.draw(st.booleans())
    word = data.draw(st.sampled_from(WORDS[meaning]).flatmap(spelled))
    source = data.draw(st.sampled_from(["file", "variable"]))
    assert configured(plugin, source, {setting.name: word}, folder, **more)[setting.name] is meaning


@settings_of_hypothesis(max_examples=40)
@given(data=st.data())
def test_text_is_read_as_what_it_says(data: st.DataObject, folder: Path) -> None:
    named = [known for known in KNOWN if known[1].kind in VALUES]
    plugin, setting = data.draw(st.sampled_from(named))
    more = {"flattening_max_depth": 1} if plugin is TapGorgias else {}
    value = data.draw(VALUES[setting.kind])
    text = f" {json.dumps(value)}\n"
    wanted = configured(plugin, "file", {setting.name: value}, folder, **more)
    for source in ("file", "variable"):
        assert configured(plugin, source, {setting.name: text}, folder, **more) == wanted


@EVERY
def test_null_and_blank_mean_the_default(plugin: Plugin, setting: Setting, folder: Path) -> None:
    plain = configured(plugin, "file", {}, folder)
    nothing: list[tuple[str, Any]] = [("variable", ""), ("variable", " \t")]
    if setting.name not in GOOD:
        nothing += [("file", ""), ("file", " "), ("file", None)]
        assert read(setting, plain) == setting.default
    if setting.kind != "string":
        nothing += [("file", "null"), ("variable", " null ")]
    for source, value in nothing:
        assert configured(plugin, source, {setting.name: value}, folder) == plain


@EVERY
@SOURCES
def test_a_value_that_is_none_is_told_where_it_stands_and_not_shown(
    plugin: Plugin, setting: Setting, source: str, folder: Path
) -> None:
    place = variable(plugin, setting.name) if source == "variable" else f"'{setting.name}'"
    for banana in BANANAS[setting.kind]:
        if source == "variable" and not isinstance(banana, str):
            continue
        with pytest.raises(SettingsError) as caught:
            configured(plugin, source, {setting.name: banana}, folder)
        assert str(caught.value).startswith(
            f"The {'setting' if source == 'file' else source} {place} must be of type"
        )
        assert "s3cr3t" not in str(caught.value)
        assert "banana" not in str(caught.value)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_aliases_work_in_variables_which_win_over_the_file(plugin: Plugin, folder: Path) -> None:
    given = {"subdomain": "other", "password": "new", "email_address": "two@acme.example"}
    found = configured(plugin, "variable", given, folder)
    assert Settings.from_mapping(found) == Settings.from_mapping(
        {"domain": "other", "api_key": "new", "username": "two@acme.example"}
    )
    with pytest.raises(SettingsError) as caught:
        configured(plugin, "variable", given | {"domain": "third"}, folder)
    names = [variable(plugin, name) for name in ("domain", "subdomain")]
    assert str(caught.value) == (
        f"The variable {names[0]} and the variable {names[1]} mean the same; give only one."
    )


def test_a_later_source_wins_whatever_name_it_uses(folder: Path) -> None:
    (folder / "first.json").write_text(json.dumps(GOOD | {"page_size": 7, "max_retries": 2}))
    (folder / "second.json").write_text('{"subdomain": "other", "page_size": null}')
    files = (str(folder / "first.json"), str(folder / "second.json"))
    found = TapGorgias(config=TapGorgias.cb_config(None, None, files).config)  # type: ignore[arg-type]  # unused
    assert found.config == GOOD | {"domain": "other", "max_retries": 2}


def test_null_in_an_entry_means_its_default_too(sandbox: Sandbox) -> None:
    report = {"name": "created", "scope": "tickets-created", "measures": ["ticketCount"]}
    plain, nulls = (
        sync(sandbox, "reports", reports=[report | more], lookback=span).records["reports"]
        for more, span in (({}, {}), ({"granularity": None, "timezone": None}, {"reports": None}))
    )
    assert plain
    assert [row["measures"] for row in nulls] == [row["measures"] for row in plain]
    config = GOOD | {"streams": {"a": {"operation": "tags", "ids": None, "replace": None}}}
    assert TargetGorgias(config=config).rules.routes.of_stream("a")


@pytest.mark.parametrize("given", [{}, {"include_trashed": None}, {"include_trashed": " Y "}])
def test_trashed_tickets_come_by_default(sandbox: Sandbox, given: Row) -> None:
    trashed = {row["id"] for row in truth(sandbox, "tickets") if row["trashed_datetime"]}
    assert trashed
    found = {row["id"] for row in sync(sandbox, "tickets", **given).records["tickets"]}
    assert trashed <= found


@pytest.mark.parametrize(("wanted", "told"), [(None, 1), ("On", 1), ("off", 0)])
def test_a_loader_is_told_by_default_what_is_gone(
    sandbox: Sandbox, wanted: str | None, told: int
) -> None:
    output = sync(sandbox, "teams", emit_activate_version_messages=wanted)
    kinds = [message["type"] for message in output.messages]
    assert kinds.count("ACTIVATE_VERSION") == told


@pytest.mark.parametrize("given", [{"stream_maps": None}, {"stream_map_config": " "}])
@pytest.mark.parametrize("plugin", PLUGINS)
def test_nothing_is_what_the_sdk_gets_of_its_own_settings_that_are_null(
    plugin: Plugin, given: Row
) -> None:
    assert plugin(config=GOOD | given).config == GOOD


@pytest.mark.parametrize("word", [word for words in WORDS.values() for word in words])
@pytest.mark.parametrize("source", ["file", "GORGIAS", "TAP_GORGIAS"])
def test_the_command_understands_the_same_words(
    sandbox: Sandbox, folder: Path, source: str, word: str
) -> None:
    name = f"{source}_DEBUG_REQUESTS"
    path = folder / "command.json"
    path.write_text(json.dumps({"debug_requests": f" {word.upper()} "} if source == "file" else {}))
    ended = Gorgias(sandbox)("--config", path, "account", **{name: f" {word.upper()}\n"})
    assert ended.code == 0
    assert ("GET /api/account -> 200" in ended.err) is (word in WORDS[True])


@pytest.mark.parametrize("setting", SHARED, ids=lambda setting: setting.name)
def test_the_command_names_what_it_cannot_read(setting: Setting, folder: Path) -> None:
    if setting.kind == "string":
        return
    name = setting.name
    said = {
        f"variable GORGIAS_{name.upper()}": Gorgias()(
            "account", **{f"GORGIAS_{name.upper()}": "s3cr3t"}
        ),
        f"variable TAP_GORGIAS_{name.upper()}": Gorgias()(
            "account", **{f"TAP_GORGIAS_{name.upper()}": "s3cr3t"}
        ),
        f"setting '{name}'": Gorgias()("--config", written(folder, {name: "s3cr3t"}), "account"),
    }
    if setting.kind != "boolean":
        flag = f"--{name.replace('_', '-')}"
        said[f"option {flag}"] = Gorgias()(flag, "s3cr3t", "account")
    for place, ended in said.items():
        assert ended.code == 2
        assert ended.err.startswith(f"gorgias: The {place} must be of type ")
        assert "s3cr3t" not in ended.err


def written(folder: Path, config: Row) -> Path:
    path = folder / "written.json"
    path.write_text(json.dumps(config))
    return path


def test_null_means_the_default_for_the_command_too(sandbox: Sandbox, folder: Path) -> None:
    nulls = dict.fromkeys(setting.name for setting in SHARED)
    ended = Gorgias(sandbox)("--config", written(folder, nulls), "account", GORGIAS_MAX_RETRIES=" ")
    assert ended.json["domain"] == "acme"


@pytest.mark.parametrize("prefix", ["GORGIAS", "TAP_GORGIAS"])
def test_aliases_work_in_variables_of_the_command(sandbox: Sandbox, prefix: str) -> None:
    given = {
        f"{prefix}_API_URL": sandbox.api_url,
        f"{prefix}_EMAIL_ADDRESS": sandbox.email,
        f"{prefix}_PASSWORD": sandbox.api_key,
    }
    assert Gorgias()("account", **given).json["domain"] == "acme"


def test_a_flag_is_read_like_the_rest() -> None:
    flags = {"max_retries": " 7 ", "debug_requests": True, "rate_limit_share": ".5"}
    assert gather(SHARED, flags) == {
        "rate_limit_share": 0.5,
        "max_retries": 7,
        "debug_requests": True,
    }


@pytest.fixture
def start(tmp_path: Path, sandbox: Sandbox) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a plugin as a process with the sandbox's settings, and more of them as variables."""

    def run(module: str, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "config.json"
        path.write_text(json.dumps(settings(sandbox)))
        sources = [f"--config={path}", "--config=ENV"]
        return subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", module, *sources, *options],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=clean(os.environ) | {"PYTHONPATH": str(ROOT)} | variables,
        )

    return run


@pytest.mark.parametrize("word", [" Y", "n"])
def test_a_variable_decides_what_a_process_reads(
    start: Callable[..., subprocess.CompletedProcess[str]], sandbox: Sandbox, word: str
) -> None:
    ended = start("tap_gorgias", TAP_GORGIAS_INCLUDE_TRASHED=word)
    assert ended.returncode == 0
    messages = [json.loads(line) for line in ended.stdout.splitlines()]
    ids = {
        each["record"]["id"]
        for each in messages
        if each.get("stream") == "tickets" and "record" in each
    }
    trashed = {row["id"] for row in truth(sandbox, "tickets") if row["trashed_datetime"]}
    assert ids & trashed == (set() if word == "n" else trashed)


def test_a_variable_keeps_a_process_from_writing(
    start: Callable[..., subprocess.CompletedProcess[str]],
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    (tmp_path / "rows.jsonl").write_text(lines(rows("tags", {"name": "new"})))
    options = ["--input=rows.jsonl"]
    ledger = f"sqlite:///{tmp_path}/ledger.db"
    more = {"TARGET_GORGIAS_LEDGER_URL": ledger, "TARGET_GORGIAS_DRY_RUN": "y"}
    assert start("target_gorgias", *options, **more).returncode == 0
    assert {each.method for each in sandbox.requests} <= {"GET"}
    assert start("target_gorgias", *options, TARGET_GORGIAS_LEDGER_URL=ledger).returncode == 0
    assert "POST" in {each.method for each in sandbox.requests}


@pytest.mark.parametrize(
    ("module", "name"),
    [("tap_gorgias", "TAP_GORGIAS_INCLUDE_TRASHED"), ("target_gorgias", "TARGET_GORGIAS_DRY_RUN")],
)
def test_a_word_for_neither_ends_a_process_before_it_asks_for_anything(
    start: Callable[..., subprocess.CompletedProcess[str]],
    sandbox: Sandbox,
    module: str,
    name: str,
) -> None:
    ended = start(module, **{name: "banana"})
    assert ended.returncode == 2
    assert f"The variable {name} must be of type boolean: true or false" in ended.stderr
    assert "banana" not in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not ended.stdout
    assert not sandbox.requests


@pytest.mark.parametrize("module", ["tap_gorgias", "target_gorgias"])
def test_no_dotenv_file_is_read(
    start: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, module: str
) -> None:
    # The SDK looks for one next to its own code and in all folders above.
    packages = tmp_path / "inner" / "packages"
    packages.mkdir(parents=True)
    (packages / "singer_sdk").symlink_to(Path(singer_sdk.__file__).parent)
    for place in (tmp_path, packages.parent, packages):
        (place / ".env").write_text(f"{module.upper()}_MAX_RETRIES=banana\n")
    (tmp_path / "rows.jsonl").write_text("")
    options = ["--discover"] if module == "tap_gorgias" else ["--input=rows.jsonl"]
    ended = start(module, *options, PYTHONPATH=f"{packages}{os.pathsep}{ROOT}")
    assert ended.returncode == 0, ended.stderr


def test_the_sdk_s_own_settings_come_as_variables(
    start: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    ended = start(
        "tap_gorgias",
        TAP_GORGIAS_STREAM_MAPS='{"__else__": null, "teams": {"__alias__": "groups"}}',
        TAP_GORGIAS_FLATTENING_ENABLED="Y",
        TAP_GORGIAS_FLATTENING_MAX_DEPTH=" 1 ",
    )
    assert ended.returncode == 0, ended.stderr
    messages = [json.loads(line) for line in ended.stdout.splitlines()]
    assert {each["stream"] for each in messages if each["type"] == "RECORD"} == {"groups"}
