"""The command line as an operator has it: commands run here, bots in processes of their own."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.desk import Desk, Told, run, serving


@pytest.fixture
def desk(tmp_path):
    """A company with the sandbox, not started yet, on a free port."""
    return Desk(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A company whose bot runs while this module's tests do."""
    desk = Desk(tmp_path_factory.mktemp("running"))
    with serving(desk) as bot:
        desk.bot = bot
        yield desk


@pytest.fixture(scope="session")
def once_told(tmp_path_factory):
    """The data that a demo leaves behind, and what it printed."""
    folder = tmp_path_factory.mktemp("told")
    return Told(folder, run("demo", "--once", "--port", "0", "--data", str(folder)))


@pytest.fixture
def told(once_told, tmp_path):
    """A copy of it, to do with as one likes."""
    folder = tmp_path / "told"
    shutil.copytree(once_told.folder, folder)
    return Told(folder, once_told.demo)
