"""The model's night, in a process of its own: what it takes, and how much memory.

The day before, some customers in a hundred were asked, of whom some took a poster; then the night learns from all of
them (`learn_from_asks`), and afterwards everybody's score is made anew for weights that have moved for all (`rescore`),
which no ordinary night has to.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import random
import resource
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import crowd
import structlog
from crowd import NOW
from sqlalchemy import insert

from bot.ranking import rerank
from bot.ripening import learn_from_asks, rescore
from referral import learning, scoring
from referral.learning import ARMS
from referral.moments import Thresholds
from storage import tables as t
from storage.open import open_store
from storage.times import ms
from storage.transaction import Transaction

_TOGETHER = 500


def night(url: str, size: int, asks: int) -> dict[str, Any]:
    """Measure it on a company that is laid in already; `asks` of its customers were asked."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # output is the figures'
    return asyncio.run(_night(url, size, asks))


async def _night(url: str, size: int, asks: int) -> dict[str, Any]:
    store, facts, rng = await open_store(url), crowd.house(), random.Random(3)
    gc.collect()
    gc.freeze()
    try:
        asked = rng.sample(range(size), asks)
        for start in range(0, asks, _TOGETHER):
            some = asked[start : start + _TOGETHER]
            await store.write(lambda tx, some=some: _ask(tx, some, rng))
        await store.write(lambda tx: tx.moments.set_thresholds(Thresholds.of(range(100))))  # as of the night before
        told: dict[str, Any] = {"customers": size, "asks": asks}
        began, used = time.perf_counter(), time.process_time()
        told["ranks_changed"] = await rerank(store, facts, clock=_clock)
        told["ranked_seconds"] = round(time.perf_counter() - began, 1)
        told["learned_from"] = await learn_from_asks(store, clock=_clock)
        told["update_seconds"] = round(time.perf_counter() - began, 1)
        told["update_cpu_seconds"] = round(time.process_time() - used, 1)
        await store.write(_move)
        began, used = time.perf_counter(), time.process_time()
        told["rescored"] = await rescore(store, clock=_clock)
        told["rescore_seconds"] = round(time.perf_counter() - began, 1)
        told["rescore_cpu_seconds"] = round(time.process_time() - used, 1)
    finally:
        await store.close()
    return told | {"peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)}


def _clock() -> Any:
    return NOW


def _ask(tx: Transaction, numbers: list[int], rng: random.Random) -> None:
    """Asks of ten days ago, of whoever it may be."""
    found = tx.moments.find([crowd.person(number) for number in numbers])
    at, rows = NOW - timedelta(days=10), []
    for person, moment in found.items():
        seen = learning.sight(moment, scoring.features(moment, at))
        rows.append(
            {
                "id": f"g{person[1:]}",
                "person": person,
                "purpose": "ask",
                "decision": "send",
                "why": "eligible",
                "copy": rng.choice(ARMS),
                "features": json.dumps(seen),
                "state": "sent",
                "created_at": ms(at),
                "planned_at": ms(at),
                "sent_at": ms(at),
                "took_at": ms(at + timedelta(hours=5)) if rng.random() < 0.15 else None,
            }
        )
    tx.connection.execute(insert(t.nudges), rows)


def _move(tx: Transaction) -> None:
    """As if the night had taught that everything tells more than was thought."""
    model = tx.models.current()
    mean = (model.mean[0] + 0.2, *(1.3 * value for value in model.mean[1:]))
    tx.models.save(replace(model, version=model.version + 1, mean=mean), "bench", NOW)
