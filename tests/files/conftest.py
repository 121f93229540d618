"""A company's folder and files that a CRM may have written."""

from __future__ import annotations

import pytest

from tests.cli.desk import Desk, serving


@pytest.fixture
def desk(tmp_path):
    """A company with the sandbox, not started yet."""
    return Desk(tmp_path)


@pytest.fixture
def running(desk):
    """The same with its bot running."""
    with serving(desk) as bot:
        desk.bot = bot
        yield desk
