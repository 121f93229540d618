"""What a log line holds, and what not."""

import io
import json
import logging
import warnings

import pytest
import structlog

from bot.log import set_up


@pytest.fixture
def logged(monkeypatch):
    """Set up a log; what it holds, line by line."""
    out = io.StringIO()
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(False)  # an earlier command may have begun to
        set_up(out)
        yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
        logging.captureWarnings(False)
    structlog.reset_defaults()


def test_a_line_is_one_json_object_with_level_and_time(logged):
    structlog.get_logger().info("serve.started", address="http://127.0.0.1:1")

    (line,) = logged()
    assert (line["event"], line["level"], line["address"]) == ("serve.started", "info", "http://127.0.0.1:1")
    assert line["timestamp"].endswith("Z")


def test_libraries_log_and_warn_in_the_same_form(logged):
    logging.getLogger("aiohttp").warning("token %s", "access_token=abc")
    warnings.warn("an old thing", UserWarning, stacklevel=1)

    first, second = logged()
    assert (first["logger"], first["event"]) == ("aiohttp", "token access_token=…")
    assert "an old thing" in second["event"]


def test_persons_and_secrets_are_kept_out(logged):
    log = structlog.get_logger()
    deep = {"openid": "oX", "list": ["13812345678", {"token": "t"}], "n": 1}
    log.warning("call", nickname="梅姐", url="http://x", where="/me/pabc123", found=deep)
    try:
        int("wm" + "a" * 30)
    except ValueError:
        log.exception("broke")

    call, broke = logged()
    assert (call["nickname"], call["url"], call["where"]) == ("…", "…", "/me/…")
    assert call["found"] == {"openid": "…", "list": ["1…", {"token": "…"}], "n": 1}
    assert "wma" not in broke["exception"]
    assert "ValueError" in broke["exception"]
