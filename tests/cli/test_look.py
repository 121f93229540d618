"""`taoli look`: a designer's own template is drawn in all that it offers, and what is wrong is said."""

from __future__ import annotations

import shutil
from pathlib import Path

from templates import ROOT
from tests.cli.desk import run


def a_look(folder: Path, old: str = "", new: str = "") -> Path:
    """The coast as only a tall poster, with something else in its look.toml."""
    home = shutil.copytree(ROOT / "posters" / "coast", folder / "mine")
    plan = (home / "look.toml").read_text(encoding="utf-8").partition("\n[card]")[0]
    assert old in plan
    (home / "look.toml").write_text(plan.replace(old, new, 1), encoding="utf-8")
    return home


def test_a_look_that_can_be_used_is_said_to_be(tmp_path):
    checked = run("look", str(a_look(tmp_path)))

    assert (checked.exit_code, checked.stdout) == (0, "")
    assert "这个图样可以用" in checked.stderr


def test_each_poster_that_cannot_be_drawn_is_named(tmp_path):
    home = a_look(tmp_path, "height = 722", "height = 322")

    checked = run("look", str(home))

    assert checked.exit_code == 1
    assert checked.stdout.startswith("tall、日间、字多时；tall、夜间、字多时：字放不下")
    assert checked.stdout.count("\n") == 1


def test_a_look_that_cannot_be_read_is_refused_with_its_reason(tmp_path):
    home = a_look(tmp_path, "left = 632", "left = 832")

    broken, missing = run("look", str(home)), run("look", str(tmp_path))

    assert (broken.exit_code, missing.exit_code) == (2, 2)
    assert "mine/look.toml: tall.qr 出了画面" in broken.stderr
    assert "look.toml" in missing.stderr
