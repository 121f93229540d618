"""What an operator may do about experiments: start one, look at them, stop one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.posters.look import names
from bot.words import Words
from referral import campaigns, experimenting, suggestions
from referral.errors import BadInput
from referral.experiment_words import result, state_of
from referral.experimenting import Choice, Wanted, names_of
from referral.experiments import Arm, Experiment, Kind, Metric
from referral.ids import Bits
from referral.intervals import Interval, share
from referral.stopping import verdict_on
from referral.times import Clock
from storage.store import Store, Unit
from storage.times import iso
from storage.transaction import Transaction
from templates import ROOT

Args = Mapping[str, Any]

_LONGEST_NAME = 40  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Experimenting:
    """Writing commands by name; each returns the experiment as `--json` prints it. `who` is kept in the audit."""

    store: Store
    words: Words
    clock: Clock
    rng: Bits
    who: str

    async def run(self, command: str, args: Args) -> dict[str, Any]:
        """`start` or `stop`. Raises a `ReferralError` that says what is wrong."""
        if command == "start":
            return await self.store.write(self.starting(args))
        if command == "stop":
            return await self.store.write(self.stopping(str(args["id"]), str(args.get("note") or "")))
        raise BadInput("command", f"没有这个命令：experiment.{command}")

    def starting(self, args: Args) -> Unit[dict[str, Any]]:
        """What starts an experiment. `arms` are pairs of an arm and its share, null for an equal part."""
        wanted = Wanted(
            kind=Kind(args["kind"]),
            campaign=args.get("campaign"),
            arms=[(str(arm), None if part is None else float(part)) for arm, part in args["arms"]],
            name=_title(args.get("name")),
            metric=Metric(args["metric"]) if args.get("metric") else None,
        )
        choice = Choice(framings=self._framings, templates=names(ROOT / "posters"))
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            campaigns.turn_calendar(tx, now=now)
            return as_json(tx, experimenting.start(tx, wanted, choice, by=self.who, now=now, rng=self.rng))

        return unit

    def stopping(self, experiment: str, note: str = "") -> Unit[dict[str, Any]]:
        """What stops an experiment; why is kept in the audit."""
        now = self.clock()
        return lambda tx: as_json(tx, experimenting.stop(tx, experiment, note=note, by=self.who, now=now))

    def _framings(self, pack: str) -> Sequence[str]:
        """What asks can be worded in for this offer."""
        return [framing.value for framing in self.words.pack(pack).framings if framing in suggestions.FRAMINGS]


def as_json(tx: Transaction, experiment: Experiment) -> dict[str, Any]:
    """An experiment as the command line shows it, with how it stands in numbers and in words."""
    verdict, called = verdict_on(experiment), names_of(tx, experiment)
    return {
        "id": experiment.id,
        "kind": experiment.kind.value,
        "campaign": experiment.campaign,
        "name": experiment.name,
        "metric": experiment.metric.value,
        "state": verdict.standing.value,
        "state_text": state_of(experiment, verdict),
        "started_at": iso(experiment.started_at),
        "ended_at": iso(experiment.ended_at),
        "winner": experiment.winner,
        "arms": [_arm(arm, experiment.metric, called[arm.name]) for arm in experiment.arms],
        "best": verdict.best,
        "rival": verdict.rival,
        "difference": interval_as_json(verdict.difference),
        "result": result(experiment, verdict, called.__getitem__),
    }


def interval_as_json(interval: Interval) -> dict[str, float] | None:
    """An interval, null while there is nothing to tell."""
    if not interval.known:
        return None
    return {name: round(getattr(interval, name), 6) for name in ("point", "lo", "hi")}


def _arm(arm: Arm, metric: Metric, name: str) -> dict[str, Any]:
    upset = share(arm.optouts, arm.n)
    return {
        "arm": arm.name,
        "name": name,
        "share": round(arm.share, 6),
        "people": arm.n,
        "took": arm.took,
        "credited": arm.credited,
        "mean": round(arm.sums(metric).mean, 6),
        "optouts": arm.optouts,
        "optout_rate": interval_as_json(upset),
    }


def _title(name: str | None) -> str:
    """An experiment's name on one line."""
    title = " ".join((name or "").split())
    if len(title) > _LONGEST_NAME or not title.isprintable():
        raise BadInput("--name", f"最多 {_LONGEST_NAME} 个字，不能含有控制字符")
    return title
