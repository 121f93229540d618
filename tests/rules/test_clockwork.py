"""The clock's jobs: one that is under way when the bot stops ends without a fault in the log."""

import asyncio
import logging
from datetime import timedelta

from scheduler.clock import Clockwork
from scheduler.ticks import Tick


async def test_a_job_under_way_when_the_bot_stops_is_no_fault(caplog):
    begun, never = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await never.wait()

    clock = Clockwork([Tick(name="sequence", every=timedelta(milliseconds=1), run=work)])
    with caplog.at_level(logging.WARNING, logger="apscheduler"):
        clock.start()
        await asyncio.wait_for(begun.wait(), 5)
        under_way = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        clock.stop()
        await asyncio.wait(under_way, timeout=5)

    assert under_way
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
