"""An import that is killed halfway is simply run again."""

from __future__ import annotations

import json
import subprocess
import time

from bot.cli import importing
from tests.cli.desk import ROOT, TAOLI, Desk

ROWS = importing.MANY + 2_000


def customers(folder):
    file = folder / "people.csv"
    lines = (f"{n},138{n:08d},客户{n},2024-01-{1 + n % 28:02d},{n % 11},{n * 0.5},{n % 3 % 2}" for n in range(ROWS))
    head = "客户编号,手机号,姓名,成为客户日期,满意度,活跃度,同意营销"
    file.write_text("\n".join((head, *lines)) + "\n", encoding="utf-8")
    return str(file)


def known(desk):
    """Everything about everybody but our own ids, times and chance."""
    return desk.ask_database(
        "select i.value, p.name, p.joined_at, m.consent, m.customer_since, m.satisfaction, m.activity, m.rank,"
        " (select count(*) from identities j where j.person = p.id),"
        " (select group_concat(c.answer) from consent c where c.person = p.id)"
        " from identities i join people p on p.id = i.person join moments m on m.person = p.id"
        " where i.kind = 'crm' order by i.value"
    )


def test_an_import_killed_halfway_and_run_again_ends_as_if_it_had_not_been(tmp_path):
    whole, killed = (Desk(folder) for folder in (tmp_path / "whole", tmp_path / "killed") if not folder.mkdir())
    for desk in (whole, killed):
        customers(desk.folder)
    assert whole.run("import", "people", str(whole.folder / "people.csv")).exit_code == 0

    command = [*TAOLI, "import", "people", str(killed.folder / "people.csv"), "--config", str(killed.file)]
    process = subprocess.Popen(command, cwd=ROOT)
    while process.poll() is None and not written(killed):
        time.sleep(0.01)
    process.kill()
    process.wait()
    halfway = written(killed)
    again = killed.run("import", "people", str(killed.folder / "people.csv"), "--json")

    report = json.loads(again.stdout)
    assert 0 < halfway < ROWS
    assert (report["same"], report["new"]) == (halfway, ROWS - halfway)
    assert known(killed) == known(whole)


def written(desk):
    try:
        return desk.ask_database("select count(*) from people")[0][0] if desk.database.exists() else 0
    except Exception:  # noqa: BLE001  the schema is being made
        return 0
