"""The demo: the story in a terminal."""

import json
import signal

from rich.cells import cell_len

from bot.posters import qr
from tests.cli.desk import Bot, Desk, run

STEPS = 12


def ticks(text: str) -> int:
    return sum(line.startswith("✓ ") for line in text.splitlines())


def test_the_story_is_told_and_every_step_confirmed(told):
    shown = told.demo

    assert (shown.exit_code, shown.stderr) == (0, "")
    assert ticks(shown.stdout) == STEPS
    assert "✗" not in shown.stdout
    prose = [line for line in shown.stdout.splitlines() if "/" not in line]
    assert max(cell_len(line) for line in prose) <= 80
    (poster,) = told.folder.glob("poster-*.jpg")
    assert str(qr.decode(poster.read_bytes())).startswith("HTTP://")
    logged = {json.loads(line)["event"] for line in (told.data / "demo.log").read_text().splitlines()}
    assert logged <= {"sqlite.version", "calendar.uncertain", "plan.made", "care.planned", "fraud.watched"}


def test_it_can_be_told_again_with_the_same_data(told):
    again = run("demo", "--once", "--port", "0", "--data", str(told.folder))

    assert (again.exit_code, again.stderr) == (0, "")
    assert ticks(again.stdout) == STEPS
    assert len(told.json("campaign", "list")) == 2
    assert len(told.rows("rewards")) == 4
    assert told.json("ledger", "verify")["ok"] is True


def test_a_step_that_the_other_side_does_not_show_ends_the_demo_with_1(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "qr").write_text("a file where pictures should go")

    result = run("demo", "--once", "--port", "0", "--data", str(tmp_path))

    assert result.exit_code == 1
    assert result.stderr.startswith("✗ ")
    assert ticks(result.stdout) < STEPS


def test_a_real_companys_data_is_left_alone(tmp_path):
    desk = Desk(tmp_path, '[company]\nname = "真公司"\n')

    result = run("demo", "--once", "--port", "0", "--data", str(tmp_path))

    assert result.exit_code == 1
    assert "--data" in result.stderr
    assert not desk.database.exists()


def test_a_damaged_sandbox_is_said(told):
    (told.data / "sandbox.json").write_text("{")

    result = run("demo", "--once", "--port", "0", "--data", str(told.folder))

    assert result.exit_code == 1
    assert "sandbox.json" in result.stderr
    assert result.stderr.startswith("taoli: 沙盒的记录读不懂")


def test_after_the_story_it_serves_until_it_is_asked_to_stop(tmp_path):
    bot = Bot("demo", "--port", "0", "--data", str(tmp_path))
    try:
        ready = bot.wait_for("已就绪：http://127.0.0.1:", stdout=True)
        listed = Desk(tmp_path).json("campaign", "list")
        bot.signal(signal.SIGINT)
        code, _, err = bot.ended()
    finally:
        bot.process.kill()

    assert (code, err) == (0, "")
    assert ready.strip().endswith("/sandbox/")
    assert [campaign["state"] for campaign in listed] == ["running"]


def test_it_can_be_stopped_in_the_middle(tmp_path):
    bot = Bot("demo", "--port", "0", "--data", str(tmp_path))
    try:
        bot.wait_for("✓ 活动开始", stdout=True)
        bot.signal(signal.SIGTERM)
        code, out, err = bot.ended()
    finally:
        bot.process.kill()

    assert code == 1
    assert "Traceback" not in err
    assert "已就绪" not in out
