"""Enrolment: how somebody comes to be in an experiment, and what counts as come of it; each event touches one row."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral.audiences import is_in
from referral.copies import framing_of
from referral.experiments import Experiment, Kind, drawn, poster_experiment

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.nudges import Nudge
    from referral.people import Person
    from referral.referrals import Referral
    from referral.tx import Tx


def asked(tx: Tx, facts: Facts, nudge: Nudge, *, now: datetime) -> None:
    """An ask was said: its customer is in the experiments whose arm it shows."""
    for experiment in tx.experiments.running():
        if nudge.campaign in experiment.campaigns and nudge.created_at >= experiment.started_at:
            arm = drawn(tx, experiment, nudge.person)
            if arm and arm == _shown(tx, facts, experiment, nudge, now=now):
                tx.experiments.enter(experiment.id, nudge.person, arm, now)


def handed(tx: Tx, advocate: Person, campaign: str, rep: str | None, *, now: datetime) -> None:
    """An advocate has a poster: they are in the experiment on its template, unless their rep has chosen one."""
    found = poster_experiment(tx, campaign)
    if found is None or advocate.holdout:
        return
    design = tx.designs.get(campaign, rep) if rep else None
    arm = drawn(tx, found, advocate.id)
    if arm and not (design and design.template):
        tx.experiments.enter(found.id, advocate.id, arm, now)


def took(tx: Tx, nudge: Nudge) -> None:
    """A poster was taken after an ask."""
    for experiment in _concerning(tx, nudge.campaign):
        tx.experiments.took(experiment.id, nudge.person)


def opted_out(tx: Tx, person: str, campaign: str) -> None:
    """Somebody who was asked in a campaign opted out."""
    for experiment in _concerning(tx, campaign):
        tx.experiments.opted_out(experiment.id, person)


def credited(tx: Tx, referral: Referral, step: int = 1) -> None:
    """A friend was credited to an advocate; or, with a `step` of -1, is not any more."""
    for experiment in _concerning(tx, referral.campaign):
        tx.experiments.credit(experiment.id, referral.advocate, referral.at, step)


def _concerning(tx: Tx, campaign: str | None) -> list[Experiment]:
    return [each for each in tx.experiments.running() if campaign in each.campaigns]


def _shown(tx: Tx, facts: Facts, experiment: Experiment, nudge: Nudge, *, now: datetime) -> str | None:
    """Which arm an ask shows its customer, None where they could not have got every other one."""
    if experiment.kind is Kind.COPY:
        return framing_of(nudge.copy)
    if experiment.kind is Kind.POSTER:
        return None
    moment = tx.moments.get(nudge.person)
    known = [tx.campaigns.get(each) for each in experiment.campaigns]
    fits = all(each and each.is_open(now) and is_in(facts.words.audience(each.pack), moment, now) for each in known)
    return nudge.campaign if fits else None
