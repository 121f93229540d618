"""Expected problems as an operator reads them: one sentence that names the field, file or address, and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

import click

from bot.config import ConfigError
from bot.copy import CopyError
from bot.keys import KeysError
from bot.posters.errors import PosterError
from referral.errors import BadInput, ReferralError

EXPECTED = (ReferralError, ConfigError, KeysError, CopyError, PosterError, OSError)
"""What may go wrong without being a fault of this program."""

_SAID = {
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已用完",
    errno.EFBIG: "文件太大，超出了限制",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "磁盘是只读的",
    errno.ENOENT: "没有这个文件或文件夹",
    errno.ENOTDIR: "路径里有一段不是文件夹",
    errno.EISDIR: "这是一个文件夹",
    errno.EEXIST: "已经存在，而且不是文件夹",
    errno.EADDRINUSE: "端口已被占用",
    errno.EADDRNOTAVAIL: "这台机器没有这个地址",
    errno.EMFILE: "打开的文件太多",
}


class Refused(click.ClickException):
    """A command that was not done."""

    def show(self, file: Any = None) -> None:
        click.echo(f"taoli: {self.message}", file=file or sys.stderr)


class Mistyped(Refused):
    """What was typed cannot be."""

    exit_code = 2


def refusal(error: Exception) -> Refused:
    """The sentence and the exit code for an expected problem."""
    if isinstance(error, PosterError):
        return Refused(f"海报没有做出来：{error}")
    if isinstance(error, OSError):
        return Refused("：".join(filter(None, (_place(error), said(error)))))
    return (Mistyped if isinstance(error, BadInput) else Refused)(str(error))


def said(error: OSError) -> str:
    """What the operating system complains of."""
    return _SAID.get(error.errno or 0) or error.strerror or type(error).__name__


def let_go_of_stdout() -> None:
    """Where results cannot be written, do not try them again while Python ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _place(error: OSError) -> str:
    return os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
