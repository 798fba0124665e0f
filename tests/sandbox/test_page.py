"""The page at `/`: in a real browser, and the stream it lives on."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests

from gorgias_sandbox.clock import ManualClock
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve
from tests.sandbox.browser import CHROMIUM, DRIVER, browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gorgias_sandbox.serve import Sandbox
    from tests.sandbox.browser import Browser

    Ask = Callable[..., requests.Response]
    Row = dict[str, Any]

in_a_browser = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="needs the Debian packages chromium and chromium-driver",
)
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
TEXTS = "[...document.querySelectorAll(values[0])].map(each => each.textContent)"


@pytest.fixture
def desk() -> Iterator[Sandbox]:
    """As everywhere in this folder, but with the rate limit of an API key."""
    with serve(Options(tickets=40), clock=ManualClock()) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as window:
        yield window


@pytest.fixture
def page(desk: Sandbox, window: Browser) -> Iterator[Browser]:
    """A browser that shows the page."""
    window.open(desk.url)
    window.until("document.querySelector('#account dd') && document.querySelector('.message')")
    yield window
    # The server would wait for the stream when it stops.
    window.open("about:blank")


def texts(page: Browser, selector: str) -> list[str]:
    found: list[str] = page.run("const values = arguments; return " + TEXTS, selector)
    return found


def until_text(page: Browser, selector: str, text: str) -> None:
    page.until(f"{TEXTS}.some(each => each.includes(values[1]))", selector, text)


@contextmanager
def watched(desk: Sandbox) -> Iterator[Callable[[str], Any]]:
    """What gives the next event of some name from the live stream."""
    with requests.get(f"{desk.url}/_sandbox/live", stream=True, timeout=10) as answer:
        lines = answer.iter_lines(chunk_size=1)

        def following(name: str) -> Any:
            assert next(line for line in lines if line == f"event: {name}".encode())
            return json.loads(next(lines).removeprefix(b"data: "))

        yield following


def make_ticket(ask: Ask, **more: Any) -> Row:
    message = {"channel": "email", "via": "email", "from_agent": False, "body_text": "Where is it?"}
    first = {
        **message,
        "sender": {"email": "kim@example.com", "name": "Kim"},
        **more.pop("first", {}),
    }
    body = {"subject": "Lost parcel", "via": "email", "messages": [first], **more}
    answer = ask("POST", "/tickets", body)
    assert answer.status_code == 201, answer.text
    made: Row = answer.json()
    return made


def written(writes: list[Row]) -> dict[str, tuple[str | None, str | None]]:
    """Field -> before and after, of all objects of the newest write."""
    return {
        field["name"]: (field["before"], field["after"])
        for each in writes[0]["objects"]
        for field in each["fields"]
    }


@in_a_browser
def test_the_page_counts_what_the_tables_hold(desk: Sandbox, ask: Ask, page: Browser) -> None:
    def shown() -> dict[str, int]:
        counts = texts(page, "#account dd")
        return dict(zip(texts(page, "#account dt"), (int(each) for each in counts), strict=True))

    assert shown() == {name: len(table) for name, table in desk.world.tables.items()}
    ask("POST", "/tags", {"name": "fragile"})
    tags = len(desk.world.tables["tags"])
    page.until("document.querySelector('[data-table=tags]').textContent == values[0]", tags)
    assert shown() == {name: len(table) for name, table in desk.world.tables.items()}


@in_a_browser
def test_a_new_ticket_appears_on_top_without_a_reload(ask: Ask, page: Browser) -> None:
    page.run("window.same = true")
    made = make_ticket(ask)
    page.until("document.querySelector('#tickets button').dataset.ticket == values[0]", made["id"])
    assert "Lost parcel" in texts(page, "#tickets button")[0]
    assert "Kim" in texts(page, "#tickets button")[0]
    assert page.run("return window.same")


@in_a_browser
def test_a_chosen_ticket_shows_its_conversation_and_follows_it(ask: Ask, page: Browser) -> None:
    field = {"id": 501, "value": "Shipping::Lost"}
    made = make_ticket(ask, tags=[{"name": "parcel"}], custom_fields=[field])
    selector = f"[data-ticket='{made['id']}']"
    page.until("document.querySelector(values[0])", selector)
    page.run("document.querySelector(arguments[0]).click()", selector)
    until_text(page, "#conversation h2", "Lost parcel")
    assert texts(page, ".message .body") == ["Where is it?"]
    assert texts(page, ".tags li") == ["parcel"]
    assert "Contact reasonShipping::Lost" in texts(page, ".facts div")

    agent = {"via": "api", "from_agent": True}
    photo = {"name": "photo.png", "url": "https://files.example/a", "content_type": "image/png"}
    reply = {"channel": "api", "body_text": "On its way.", "attachments": [photo | {"size": 1500}]}
    ask("POST", f"/tickets/{made['id']}/messages", agent | reply)
    note = {"channel": "internal-note", "body_text": "Second one this month."}
    ask("POST", f"/tickets/{made['id']}/messages", agent | note)
    until_text(page, ".message .body", "Second one this month.")
    kinds = page.run(
        "return [...document.querySelectorAll('.message')].map(each => each.dataset.kind)"
    )
    assert kinds == ["customer", "agent", "note"]
    assert texts(page, ".files li") == ["photo.png · image/png · 2 kB"]

    ask("DELETE", f"/tickets/{made['id']}")
    page.until("document.querySelector('#conversation').dataset.hint.endsWith('was deleted.')")


@in_a_browser
def test_a_write_shows_what_it_changed(desk: Sandbox, ask: Ask, page: Browser) -> None:
    row = next(each for each in desk.world.tables["tickets"] if each["status"] == "closed")
    ask("PUT", f"/tickets/{row['id']}", {"status": "open"})
    until_text(page, "#writes b", f"PUT /api/tickets/{row['id']}")
    until_text(page, "#writes .object li", "status closed → open")


@in_a_browser
def test_the_request_log_shows_calls_newest_first_and_can_be_paused(
    ask: Ask, page: Browser
) -> None:
    ask("GET", "/tickets?limit=3")
    ask("GET", "/tickets/1")
    until_text(page, "#requests li", "/api/tickets/1")
    assert texts(page, "#requests .address") == ["/api/tickets/1", "/api/tickets?limit=3"]
    assert texts(page, "#requests .status") == ["404", "200"]
    assert texts(page, "#requests .auth") == ["API key", "API key"]

    page.run("document.querySelector('#pause').click()")
    ask("GET", "/account")
    until_text(page, "#pause", "Resume (1)")
    assert len(texts(page, "#requests li")) == 2
    page.run("document.querySelector('#pause').click()")
    assert texts(page, "#requests .address")[0] == "/api/account"
    assert texts(page, "#pause") == ["Pause"]


@in_a_browser
def test_the_gauge_fills_with_requests_and_drains_with_time(
    desk: Sandbox, ask: Ask, page: Browser
) -> None:
    level = "document.querySelector('#gauge').getAttribute('aria-valuenow') == values[0]"
    page.until(level, 0)
    for _ in range(4):
        ask("GET", "/account")
    page.until(level, 4)
    assert texts(page, "#budget-text") == ["4 of 40 in 20 s"]
    assert page.run("return document.querySelector('#gauge div').style.width") == "10%"
    desk.clock.advance(1)
    page.until(level, 2)
    desk.clock.advance(1)
    page.until(level, 0)


@in_a_browser
def test_markup_in_what_strangers_write_stays_text(ask: Ask, page: Browser) -> None:
    person = {"email": "mallory@example.com", "name": HOSTILE}
    first = {"body_text": HOSTILE, "sender": person}
    made = make_ticket(ask, subject=HOSTILE, tags=[{"name": HOSTILE}], first=first)
    ask("GET", f"/tickets?external_id={HOSTILE}")
    page.until("document.querySelector('#tickets button').dataset.ticket == values[0]", made["id"])
    page.run("document.querySelector('#tickets button').click()")
    places = ("#tickets strong", ".who", "#conversation h2", ".message b", ".body", ".tags li")
    for selector in (*places, "#writes .title", "#writes ins"):
        until_text(page, selector, HOSTILE)
    assert page.run("return document.querySelectorAll('img, body script').length") == 0
    assert page.run("return document.title") == "Gorgias sandbox"


@in_a_browser
def test_the_page_says_when_the_sandbox_is_gone(window: Browser) -> None:
    with serve(Options(tickets=0)) as sandbox:
        window.open(sandbox.url)
        until_text(window, "#connection", "live")
    until_text(window, "#connection", "no connection")


def test_watching_is_neither_recorded_nor_counted(desk: Sandbox) -> None:
    for path in ("/", "/_sandbox/page.js", "/_sandbox/page.css"):
        answer = requests.get(f"{desk.url}{path}", timeout=10)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    with watched(desk) as following:
        assert following("budget") == {"used": 0.0, "limit": 40, "window": 20.0}
    assert requests.get(f"{desk.url}/_sandbox/tickets/1", timeout=10).status_code == 404
    assert desk.requests == []


def test_a_ticket_is_told_with_the_labels_of_its_custom_fields(desk: Sandbox, ask: Ask) -> None:
    made = make_ticket(ask, custom_fields=[{"id": 501, "value": "Shipping::Lost"}])
    told = requests.get(f"{desk.url}/_sandbox/tickets/{made['id']}", timeout=10).json()
    assert told["custom_fields"] == [{"label": "Contact reason", "value": "Shipping::Lost"}]
    assert [each["body_text"] for each in told["messages"]] == ["Where is it?"]


def test_the_gauge_knows_other_limits(desk: Sandbox, ask: Ask) -> None:
    token = desk.backend.access.issue()["access_token"]
    with watched(desk) as following:
        following("budget")
        requests.get(
            f"{desk.api_url}/account", headers={"authorization": f"Bearer {token}"}, timeout=10
        )
        assert following("budget") == {"used": 1.0, "limit": 80, "window": 20.0}
        assert following("requests")[0]["auth"] == "bearer"
        desk.backend.change(rate_limit=None)
        ask("GET", "/account")
        assert following("budget")["limit"] is None


def test_a_request_without_known_credentials_is_logged_without_them(desk: Sandbox) -> None:
    with watched(desk) as following:
        headers = {"authorization": "top-secret"}
        requests.get(f"{desk.api_url}/account?a=b", headers=headers, timeout=10)
        seen = following("requests")[0]
    assert (seen["path"], seen["query"], seen["status"]) == ("/api/account", "a=b", 401)
    assert "top-secret" not in str(seen)
    assert seen["auth"] is None


def test_a_write_names_tags_and_custom_fields_and_tells_each_object_once(
    desk: Sandbox, ask: Ask
) -> None:
    with watched(desk) as following:
        made = make_ticket(ask, tags=[{"name": "parcel"}])
        created = following("writes")[0]
        assert created["cause"] == "POST /api/tickets"
        told = [(each["table"], each["what"], each["title"]) for each in created["objects"]]
        assert sorted(told) == [
            ("customers", "created", "Kim"),
            ("messages", "created", "Where is it?"),
            ("tags", "created", "parcel"),
            ("tickets", "created", "Lost parcel"),
        ]
        changes = {"tags": [], "custom_fields": [{"id": 501, "value": "Shipping::Lost"}]}
        ask("PUT", f"/tickets/{made['id']}", changes)
        fields = written(following("writes"))
    assert fields["tags"] == ("parcel", None)
    assert fields["custom_fields.Contact reason"] == (None, "Shipping::Lost")
    assert fields["usage"] == ("1", "0")


def test_a_deletion_tells_what_was_there_and_long_texts_are_cut(desk: Sandbox, ask: Ask) -> None:
    made = make_ticket(ask, subject="long " * 100, meta={"a": {"b": [1]}})
    with watched(desk) as following:
        following("writes")
        ask("DELETE", f"/tickets/{made['id']}")
        fields = written(following("writes"))
    assert fields["meta.a.b"] == ("[1]", None)
    before, after = fields["subject"]
    assert before == ("long " * 40) + "…"
    assert after is None


def test_a_job_is_one_write_with_its_first_objects_and_the_number_of_the_others(
    desk: Sandbox, ask: Ask
) -> None:
    ids = [row["id"] for row in desk.world.tables["tickets"]][:30]
    params = {"ticket_ids": ids, "updates": {"external_id": "moved"}}
    with watched(desk) as following:
        ask("POST", "/jobs", {"type": "updateTicket", "params": params})
        assert following("writes")[0]["cause"] == "POST /api/jobs"
        desk.clock.advance(60)
        write = following("writes")[0]
    assert write["cause"] == "a moment later"
    assert (len(write["objects"]), write["more"]) == (20, 11)


def test_a_change_from_outside_is_told_too_unless_it_changes_nothing(desk: Sandbox) -> None:
    row = next(iter(desk.world.tables["tags"]))
    with watched(desk) as following:
        desk.world.update("tags", row["id"], name=row["name"])
        assert following("writes") == []
        desk.world.update("tags", row["id"], name="fragile")
        writes = following("writes")
    assert writes[0]["cause"] == "from outside"
    assert written(writes) == {"name": (row["name"], "fragile")}


def test_a_sandbox_ends_although_somebody_watches() -> None:
    with serve(Options(tickets=0)) as sandbox:
        answer = requests.get(f"{sandbox.url}/_sandbox/live", stream=True, timeout=10)
        assert next(answer.iter_lines(chunk_size=1)) == b"event: account"
    answer.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(sandbox.url, timeout=10)
