"""What a file says of people, handed over batch by batch; of a large file by way of a process beside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import tee

from bot.cli.door import Alone, Door
from bot.files.beside import beside
from bot.files.scratch import Scratch
from bot.intake import PeopleBatch
from bot.intake.strangers import CHANCE, Bodies, Making, Prepared, decoded, preparer
from referral.moments import Thresholds

Batched = list[tuple[bytes, int, int]]
"""What is said of people: body, how many rows it stands for beside its own, how many of those said more."""

Handed = AsyncIterator[tuple[Sequence[tuple[str, str]], Batched]]


class Handing:
    """Handing over what is said of people, batch by batch; with each what was found and the batch itself."""

    def __init__(
        self, scratch: Scratch, door: Door, *, digest: str, steps: tuple[float, ...] | None, rows: int
    ) -> None:
        self._scratch = scratch
        self._door = door
        self._digest = digest
        self._steps = steps
        self._rows = rows

    async def plain(self) -> Handed:
        """The door finds out what each row changes."""
        place = 0
        for batch in self._scratch.told(self._door.size):
            yield await self._door.take(self._batch(place, batch)), batch
            place += len(batch)

    async def prepared(self) -> Handed:
        """Nobody of the file is known: a process beside makes the people, and the door only keeps them."""
        door, here = self._door, self._door.here
        assert isinstance(door, Alone)
        scale = await here.store.read(lambda tx: tx.moments.thresholds())
        if self._steps is not None:
            scale = Thresholds(self._steps)
            await door.set_scale(scale)
        reps = await here.store.read(lambda tx: tx.intake.reps())
        taught = await here.store.read(lambda tx: tx.lessons.latest())
        model = await here.store.read(lambda tx: tx.models.current())
        making = Making(
            digest=self._digest,
            scale=scale,
            policy=here.facts.policy,
            holdout=here.facts.holdout,
            now=here.clock(),
            lesson=taught.lesson if taught else None,
            weights=model.weights,
        )
        place, (used, sent) = 0, tee(self._scratch.told(door.size))
        made = _Made(zip(used, beside(self._drawn(sent, door), preparer, (making, reps)), strict=True), door.together)
        while True:
            kept = await door.keep(made.some)
            taken = made.taken()
            if not taken:
                return
            for number, batch in enumerate(taken):
                yield kept[number] if kept else await door.take(self._batch(place, batch)), batch
                place += len(batch)

    def _batch(self, place: int, batch: Batched) -> PeopleBatch:
        rows = tuple(decoded([body for body, _, _ in batch]))
        return PeopleBatch(digest=self._digest, place=place, of=self._rows, steps=self._steps, rows=rows)

    def _drawn(self, batches: Iterator[Batched], door: Alone) -> Iterator[Bodies]:
        place = 0
        for batch in batches:
            chance = door.chance(CHANCE * len(batch))
            yield Bodies(place=place, of=self._rows, bodies=[body for body, _, _ in batch], chance=chance)
            place += len(batch)


class _Made:
    """Batches and the people made of them, at most `together` at a time."""

    def __init__(self, made: Iterator[tuple[Batched, Prepared]], together: int) -> None:
        self._made = made
        self._together = together
        self._taken: list[Batched] = []
        self._again: list[Prepared] = []

    def some(self) -> Iterator[Prepared]:
        """The next people, while they are being made; called again, the same ones, as far as one batch goes."""
        yield from self._again
        while len(self._taken) < self._together and (one := next(self._made, None)):
            self._taken.append(one[0])
            if self._together == 1:
                self._again.append(one[1])
            yield one[1]

    def taken(self) -> list[Batched]:
        """What was said of the people given since the last time."""
        taken, self._taken, self._again = self._taken, [], []
        return taken
