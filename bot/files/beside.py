"""Doing one kind of work in a process beside, so that it and the use of its results go on at the same time.

The other process is a child that ends with us: its end of the pipe closes when we do, however that happens.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from referral.errors import ReferralError

Item = TypeVar("Item")
Result = TypeVar("Result")
Setting = TypeVar("Setting")


_RARELY = 200_000  # objects made before the collector looks for circles


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Let Python's collector look for circles rarely in this process meanwhile.

    Batches are made of very many rows and of no circles; looking through them took half of the time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class Deserted(ReferralError):
    """The process beside has died."""


def beside(
    items: Iterable[Item], make: Callable[[Setting], Callable[[Item], Result]], setting: Setting
) -> Iterator[Result]:
    """What the work makes of each item, in their order; the next is worked on while one is being used.

    `make(setting)` gives the work, in the other process; it is a function of a module, and all values can be pickled.
    Raises `Deserted` if that process dies.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_serve, args=(there, make, setting), daemon=True)
    child.start()
    there.close()
    try:
        yield from _exchanged(items, here)
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        raise Deserted("帮忙读取文件的进程意外结束了，请再试一次") from error
    finally:
        here.close()
        child.join()


def _exchanged(items: Iterable[Item], child: Connection[Any, Any]) -> Iterator[Any]:
    """Never two items on the way: then neither side waits for the other to read."""
    waiting = False
    for item in items:
        result = child.recv() if waiting else None
        child.send(item)
        if waiting:
            yield result
        waiting = True
    if waiting:
        yield child.recv()


def _serve(parent: Connection[Any, Any], make: Callable[[Any], Callable[[Any], Any]], setting: Any) -> None:
    work = make(setting)
    with collecting_rarely(), suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            parent.send(work(parent.recv()))
