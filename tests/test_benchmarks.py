"""The benchmarks' one command: what it takes, what it prints and when it says that a goal was missed."""

from __future__ import annotations

import pytest

from benchmarks import command, frame, pages, peers
from benchmarks.frame import Benchmark, Found, Line, Options, Row, Unavailable, least, most

pytestmark = pytest.mark.sqlite
GUARDED = Row("page", "µs", "hello", most(30))


@pytest.mark.full("measures")
def test_a_row_is_measured_and_printed_with_goal_and_verdict(capsys, monkeypatch):
    """A real one, with few rounds: how it turns out says nothing on a machine that runs tests."""
    monkeypatch.setattr(pages, "FILLED", 30)
    assert command.main(["pages", "--quick"]) in (0, 1)
    said = capsys.readouterr().out
    lines = {line.split(" | ")[0].strip("| "): line for line in said.splitlines() if line.startswith("| ")}
    for row in pages.ROWS:
        assert row.name in lines
        assert row.goal is None or str(row.goal) in lines[row.name]
    assert "met" in lines["permission check"].lower()


def test_a_ratio_is_judged_by_what_it_is_compared_with():
    assert GUARDED.judge(Found(290, 10)) is True
    assert GUARDED.judge(Found(310, 10)) is False
    assert Row("uploads", "MiB/s", "bare", least(0.9)).judge(Found(80, 100)) is False
    assert Row("uploads", "MiB/s", "bare", least(0.9)).judge(Found(80, 100, ratio=0.95)) is True
    with pytest.raises(ValueError, match="nothing was measured to compare with"):
        GUARDED.judge(Found(290))


def test_a_goal_with_a_unit_is_judged_by_itself():
    row = Row("start", "s", "python", most(3, "s"))
    assert row.judge(Found(2.9, 0.1)) is True
    assert row.judge(Found(3.1, 3.0)) is False
    assert Row("told", "s", "").judge(Found(100)) is None


def test_what_is_not_on_this_machine_is_said_and_missed_by_nobody():
    def measure(_options):
        raise Unavailable("needs nginx")
        yield

    (line,) = frame.run(Benchmark("live", "", (GUARDED,), measure), Options())
    assert line.verdict == "not here"
    assert "needs nginx" in frame.table([line])


PEER = """
import json, sys

def application(environ, start):
    is_known = environ.get("HTTP_KEY") == "let me in" and environ["PATH_INFO"] in ("/page", "/list")
    start("200 OK" if is_known else "403 Forbidden", [])
    return [b"rows"]

if __name__ == "__main__":
    print("made", sys.argv[1])
    print(json.dumps({name: {"path": f"/{name}", "headers": {"Key": "let me in"}} for name in ("page", "list")}))
"""


@pytest.mark.full("starts two servers to measure")
def test_a_peer_is_filled_and_served_beside_us(tmp_path, monkeypatch):
    """What it takes to be one is what the module says; how it turns out says nothing here."""
    (tmp_path / "peer.py").write_text(PEER)
    measured = peers.load.requests_a_second
    monkeypatch.setattr(
        peers.load, "requests_a_second", lambda port, path, headers, _: measured(port, path, headers, 1)
    )
    monkeypatch.setattr(peers, "SIZE", 3)
    lines = frame.run(peers.BENCHMARKS[0], Options(is_quick=True, peer=tmp_path))
    assert all(line.found for line in lines), [line.missing for line in lines]
    assert all(line.found.base > 0 for line in lines)


def test_a_peer_that_is_not_given_or_fails_is_said(tmp_path):
    (line, *_) = frame.run(peers.BENCHMARKS[0], Options())
    assert "--peer" in line.missing
    (tmp_path / "peer.py").write_text("import no_such_framework")
    (line, *_) = frame.run(peers.BENCHMARKS[0], Options(peer=tmp_path))
    assert "No module named 'no_such_framework'" in line.missing


def test_a_missed_goal_is_the_exit_code(monkeypatch, capsys):
    for value, code in ((20.0, 0), (40.0, 1)):
        made = Benchmark("mine", "", (GUARDED,), lambda _options, value=value: iter([("page", Found(value, 1.0))]))
        monkeypatch.setattr(command, "BENCHMARKS", (made,))
        assert command.main(["mine"]) == code
        assert ("NOT MET" in capsys.readouterr().out) == bool(code)


def test_benchmarks_are_chosen_by_the_beginning_of_their_names(capsys):
    assert {each.name for each in command.choose(["growth"])} == {f"growth-{kind}" for kind in ("members", "media", "audit", "tokens")}  # fmt: skip
    assert not any(each.is_slow for each in command.choose([]))
    assert set(command.choose([], is_all=True)) == set(command.BENCHMARKS)
    assert command.main(["nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_every_row_has_a_name_of_its_own():
    names = [row.name for benchmark in command.BENCHMARKS for row in benchmark.rows]
    assert len(set(names)) == len(names)


def test_the_table_lines_up():
    drawn = frame.table([Line(GUARDED, Found(1234.5, 41.0)), Line(Row("a", "s", ""), Found(0.5))]).splitlines()
    assert len({len(line) for line in drawn}) == 1
    assert drawn[2].split("|")[4].strip() == "30.1x"
