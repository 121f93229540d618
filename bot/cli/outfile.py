"""Writing a result to a file: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from referral.errors import ReferralError


class NoFolder(ReferralError):
    """The folder that should take a file is not there."""


@contextmanager
def whole(output: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `output` once the block has ended well; else nothing is left of it.

    A pipe or a device is written to directly. Raises `NoFolder`, or `OSError` naming the file.
    """
    target = output.resolve()
    if not target.parent.is_dir():
        raise NoFolder(f"-o: 没有这个文件夹：{output.parent}")
    if target.exists() and not target.is_file():
        with target.open("wb") as device:
            yield device
        return
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(output)) from error
    finally:
        part.unlink(missing_ok=True)
