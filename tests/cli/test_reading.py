"""Commands that only read, on what a told story left behind."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.posters import qr
from storage.exports import COLUMNS
from tests.cli.desk import ROOT, TAOLI

EXPLAINED = {"about", "state", "since", "method", "reason", "missing", "change", "until", "do"}
REWARD = ["id", "campaign", "referral", "person", "side", "kind", "unit", "amount", "state", "reason"]


def test_why_tells_what_a_person_did_and_got(told):
    mei = told.json("why", "crm:mei")
    friend = told.json("why", told.rows("referrals")[0]["friend"])

    assert list(mei) == ["person", "shares", "referrals", "rewards", "nudge", "appeals"]
    assert mei["person"]["crm_id"] == "mei"
    assert list(mei["nudge"])[:4] == ["decision", "why", "against", "not_before"]
    assert {share["level"] for share in mei["shares"]} >= {"prepared", "added", "bought"}
    (brought,) = mei["referrals"]
    assert brought["status"] == "credited"
    assert set(brought["reason"]) == {"code", "text"}
    assert brought["explained"]["state"] == "done"
    assert set(brought["explained"]) == EXPLAINED
    assert friend["referrals"] == [brought]
    assert [reward["state"] for reward in mei["rewards"]] == ["granted"]
    assert list(mei["rewards"][0])[: len(REWARD)] == REWARD


def test_a_person_is_found_by_any_of_their_names(told):
    row = next(row for row in told.rows("people") if row["crm_id"] == "mei")

    found = [told.json("why", name) for name in ("crm:mei", f"wecom:{row['external_userid']}", row["id"])]

    assert found[0] == found[1] == found[2]


def test_why_tells_an_order_and_a_reward(told):
    order = told.json("why", "order:sandbox/S0001")
    reward = told.json("why", f"reward:{order['rewards'][0]['id']}")

    assert list(order) == ["order", "outcome", "reasons", "referral", "rewards", "explained"]
    assert order["outcome"] == "held"
    assert set(order["reasons"][0]) == {"code", "text"}
    assert {each["side"] for each in order["rewards"]} == {"advocate", "friend"}
    assert reward["reward"] == order["rewards"][0]


def test_why_is_readable_too(told):
    spoken = [told.run("why", what).stdout for what in ("crm:mei", "order:sandbox/S0001")]

    assert "已到账" in spoken[0]
    assert spoken[1].startswith("订单 sandbox/S0001")


@pytest.mark.parametrize(
    ("what", "code", "says"),
    [
        ("crm:nobody", 1, "没有找到这个人：crm:nobody"),
        ("order:sandbox/X9", 1, "没有这个订单：sandbox/X9"),
        ("order:X9", 2, "order:SOURCE/NO"),
        ("reward:r0", 1, "没有这份谢礼：r0"),
        ("mei", 2, "PERSON"),
    ],
)
def test_why_says_whom_or_what_it_does_not_know(told, what, code, says):
    result = told.run("why", what, "--json")

    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr


@pytest.mark.parametrize("what", COLUMNS)
def test_an_export_is_one_object_a_line_with_its_columns(told, what):
    output = told.folder / "out.jsonl"
    rows = told.rows(what)

    written = told.run("export", what, "--format", "jsonl", "-o", str(output))

    assert all(list(row) == list(COLUMNS[what]) for row in rows)
    assert rows
    assert (written.exit_code, written.output) == (0, "")
    assert [json.loads(line) for line in output.read_text("utf-8").splitlines()] == rows


def test_an_export_that_fails_leaves_the_old_file_and_nothing_else(told):
    output = told.folder / "out.jsonl"
    output.write_text("old")
    told.ask_database("alter table shares rename to gone")

    failed = told.run("export", "shares", "-o", str(output))

    assert failed.exit_code == 1
    assert output.read_text() == "old"
    assert list(told.folder.glob(".out.jsonl*")) == []


def test_an_export_to_a_full_disk_fails_with_a_sentence(told):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*TAOLI, "export", "ledger", "--config", str(told.file)],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr.decode() == "taoli: 磁盘已满\n"


def test_a_file_goes_into_a_folder_that_is_there(told):
    code = told.rows("shares")[0]["code"]
    missing = str(told.folder / "missing" / "file")

    for result in (told.run("export", "people", "-o", missing), told.run("poster", code, "-o", missing)):
        assert (result.exit_code, result.stdout) == (1, "")
        assert "-o: 没有这个文件夹" in result.stderr


def test_a_device_is_written_to_and_not_replaced(told):
    result = told.run("export", "people", "-o", os.devnull)

    assert result.exit_code == 0, result.output
    assert not Path(os.devnull).is_file()


def test_the_head_is_signed_at_the_sandboxs_time(told):
    head = told.json("ledger", "head")

    assert list(head) == ["size", "root", "at", "signature", "key"]
    assert head["size"] == 4
    ahead = datetime.fromisoformat(head["at"]) - datetime.now(UTC)
    assert timedelta(days=15) < ahead < timedelta(days=30)


def test_the_ledger_verifies_and_a_changed_row_is_found(told):
    assert told.json("ledger", "verify")["ok"] is True
    told.ask_database("drop trigger if exists ledger_entries_no_update")
    for (name,) in told.ask_database("select name from sqlite_master where type = 'trigger'"):
        told.ask_database(f"drop trigger {name}")
    told.ask_database("update ledger_entries set amount = amount + 1 where rowid = 1")

    changed = told.run("ledger", "verify", "--json")
    spoken = told.run("ledger", "verify")

    assert changed.exit_code == spoken.exit_code == 1
    found = json.loads(changed.stdout)
    assert list(found)[:4] == ["ok", "size", "root", "problem"]
    assert (found["ok"], found["size"]) == (False, 4)
    assert found["problem"] in spoken.stdout


def test_a_head_kept_outside_shows_that_the_end_was_cut_off(told):
    kept = told.data / "ledger-heads.jsonl"
    assert kept.read_text().count("\n") >= 1
    for (name,) in told.ask_database("select name from sqlite_master where type = 'trigger'"):
        told.ask_database(f"drop trigger {name}")
    for table in ("ledger_heads", "ledger_nodes", "ledger_leaves", "ledger_salts", "ledger_entries"):
        told.ask_database(f"delete from {table}")

    found = told.run("ledger", "verify", "--json")

    assert found.exit_code == 1
    assert "不见了" in json.loads(found.stdout)["problem"]


def test_a_line_that_a_power_cut_left_unfinished_is_no_head(told):
    kept = told.data / "ledger-heads.jsonl"
    kept.write_text(kept.read_text() + '{"size": 4, "ro')

    assert told.json("ledger", "verify")["ok"] is True


def test_a_proof_is_made_and_checked_and_a_forged_one_is_not_believed(told):
    reward = told.rows("rewards")[0]["id"]
    proof = told.json("ledger", "prove", reward)
    file = told.folder / "proof.json"
    file.write_text(told.run("ledger", "prove", reward).stdout, encoding="utf-8")

    good = told.json("ledger", "check-proof", str(file))
    proof["entry"]["amount"] += 1
    file.write_text(json.dumps(proof), encoding="utf-8")
    forged = told.run("ledger", "check-proof", str(file), "--json")

    keys = ["reward", "entry", "salt", "leaf_hash", "leaf_index", "tree_size", "path", "root"]
    assert list(proof) == keys
    assert good == {"ok": True, "problem": None}
    assert (forged.exit_code, json.loads(forged.stdout)["ok"]) == (1, False)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"\xff", 2), (b"{", 2), (b"[" * 100_000, 2), (b"1" * 5000, 2), (b"[]", 1), (b"{}", 1), (b" " * (1 << 21), 2)],
)
def test_a_file_that_is_no_proof_is_refused(told, content, code):
    file = told.folder / "proof.json"
    file.write_bytes(content)

    result = told.run("ledger", "check-proof", str(file), "--json")

    assert result.exit_code == code


def test_a_reward_that_is_not_there_has_no_proof(told):
    result = told.run("ledger", "prove", "r0", "--json")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "r0" in result.stderr


@pytest.mark.parametrize("edition", ["feed", "friend"])
def test_a_poster_is_written_and_carries_its_link(told, edition):
    code, output = told.rows("shares")[0]["code"], told.folder / "poster.jpg"

    typed = f"{code[:4].lower()}-{code[4:]}"
    result = told.run("poster", typed, "--edition", edition, "-o", str(output))

    assert (result.exit_code, result.stdout) == (0, "")
    assert str(qr.decode(output.read_bytes())).upper().endswith(f"/I/{code}")


@pytest.mark.parametrize(
    ("code", "options", "exit_code", "says"),
    [
        ("nonsense", (), 2, "CODE"),
        ("00000000", (), 1, "没有这个邀请码"),
        (None, ("--template", "nosuch"), 2, "--template: 没有这个模板：nosuch"),
        (None, ("--size", "a4", "--theme", "dark"), 2, "--theme: a4 是印刷用的，纸上总是浅色"),
    ],
)
def test_a_poster_that_cannot_be_is_said(told, code, options, exit_code, says):
    output = told.folder / "poster.jpg"

    result = told.run("poster", code or told.rows("shares")[0]["code"], *options, "-o", str(output))

    assert (result.exit_code, output.exists()) == (exit_code, False)
    assert says in result.stderr


def test_a_poster_is_not_written_into_a_file_that_says_it_is_something_else(told):
    output = told.folder / "poster.png"

    result = told.run("poster", told.rows("shares")[0]["code"], "-o", str(output))

    assert (result.exit_code, output.exists()) == (2, False)
    assert "-o: 海报只写成 .jpg、.jpeg、.pdf 文件，写不成 poster.png" in result.stderr
