"""State says what is written: as soon as it is, never before, never after a row that failed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import GorgiasError
from tests.target.support import lines, rows, state, until

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

KEY = ("number",)


def people(first: int, count: int = 3) -> list[Row]:
    return rows(
        "customers",
        *({"number": n, "name": f"Name {n}"} for n in range(first, first + count)),
        keys=KEY,
    )


def made(desk: Desk) -> set[str]:
    """The customers made of rows, none of them twice."""
    given = [row["external_id"] or "" for row in desk.rows("customers")]
    ids = [each for each in given if each.startswith("customers:")]
    assert len(ids) == len(set(ids))
    return set(ids)


def test_states_come_out_in_order_and_the_last_one_at_the_end(desk: Desk) -> None:
    messages = [each for n in range(6) for each in (*people(n * 3)[1:], state(n))]
    desk.write(people(0)[0], *messages)
    numbers = [each["at"] for each in desk.states]
    assert numbers == sorted(numbers)
    assert numbers[-1] == 5
    assert desk.summary["customers"]["created"] == 18


def test_a_state_alone_comes_out_at_once(desk: Desk) -> None:
    assert desk.write(state(1), state(2))[-1] == {"at": 2}


def test_equal_states_are_no_trouble(desk: Desk) -> None:
    assert desk.write(*people(0), state(1), *people(9)[1:], state(1))[-1] == {"at": 1}


def test_no_state_comes_out_in_a_dry_run(desk: Desk) -> None:
    assert desk.write(*people(0), state(1), dry_run=True) == []


def test_no_state_comes_out_after_a_row_that_failed(desk: Desk) -> None:
    desk.sandbox.fail("/api/customers", method="POST", status=401, skip=3, times=99)
    with pytest.raises(GorgiasError):
        desk.write(
            *people(0),
            state(1),
            *people(3)[1:],
            state(2),
            *people(6)[1:],
            state(3),
            max_parallelism=1,
        )
    assert desk.states == [{"at": 1}]


def test_a_state_waits_for_the_slowest_row_it_covers(desk: Desk) -> None:
    desk.sandbox.fail("/api/customers", method="POST", delay=0.4)
    desk.sandbox.fail("/api/customers", method="POST", status=401, skip=4, times=99)
    with pytest.raises(GorgiasError):
        desk.write(*people(0), state(1), *people(3)[1:], state(2), max_parallelism=3)
    assert desk.states in ([], [{"at": 1}])
    assert desk.states == [] or made(desk) >= {f"customers:{n}" for n in range(3)}


class Running:
    """The target in a process of its own, whose input is given bit by bit."""

    def __init__(self, desk: Desk, **more: Any) -> None:
        config = desk.folder / "config.json"
        config.write_text(json.dumps(desk.settings | more))
        self.process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "target_gorgias", f"--config={config}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def give(self, *messages: Row) -> None:
        assert self.process.stdin
        self.process.stdin.write(lines(messages))
        self.process.stdin.flush()

    def state(self) -> Row:
        assert self.process.stdout
        found: Row = json.loads(self.process.stdout.readline())
        return found

    def end(self) -> tuple[str, str]:
        return self.process.communicate(timeout=20)


def test_a_state_comes_out_while_the_input_goes_on(desk: Desk) -> None:
    running = Running(desk)
    running.give(*people(0), state(1))
    assert running.state() == {"at": 1}
    assert made(desk) == {f"customers:{n}" for n in range(3)}
    running.give(*people(3)[1:], state(2))
    assert running.state() == {"at": 2}
    running.end()
    assert running.process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_what_is_under_way_end_and_the_state_is_true(
    desk: Desk, number: signal.Signals
) -> None:
    running = Running(desk, max_parallelism=2)
    running.give(*people(0), state(1))
    assert running.state() == {"at": 1}
    desk.sandbox.fail("/api/customers", method="POST", skip=2, delay=0.5, times=2)
    running.give(*people(3, 40)[1:], state(2))
    until(lambda: len(desk.written) >= 5)
    running.process.send_signal(number)
    out, log = running.end()
    assert running.process.returncode == 1, log
    assert "Traceback" not in log
    assert out == ""
    noted = desk.summary["customers"]["created"]
    assert len(made(desk)) == noted
    assert 3 <= noted < 43
    # The next run goes on and makes nobody twice.
    desk.sandbox.backend.faults.clear()
    desk.write(*people(3, 40), state(2))
    assert made(desk) == {f"customers:{n}" for n in range(43)}


def test_nobody_who_reads_the_state_is_one_sentence(desk: Desk) -> None:
    running = Running(desk)
    assert running.process.stdout
    running.process.stdout.close()
    running.process.stdout = None
    running.give(*people(0), state(1), *people(3)[1:], state(2))
    _, log = running.end()
    assert running.process.returncode == 1, log
    assert "Nobody reads the state any more" in log
    assert "Traceback" not in log
    assert "Exception ignored" not in log


def test_a_state_may_be_any_json(desk: Desk) -> None:
    assert desk.write(state([1, None])) == [{"at": [1, None]}]
