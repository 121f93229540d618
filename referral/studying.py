"""Learning a lesson from the customers whose history is known, and finding out how far to trust it.

What is fitted is how far their friends differ from what the score would say of them; held-out fifths then tell how much
of that to believe, and how much better it ranks. Pure; the same customers always teach the same lesson.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import exp, log, sqrt

from msgspec import structs

from referral.additive import Effects, Groups, Line, fit
from referral.findings import findings
from referral.lessons import SCALES, Kinds, Lesson, Pair, Profile, Scale, level, part, words
from referral.taught import NONE, Skill, Tally, Taught

ENOUGH = 40
"""Customers whose history is known, from which on anything is learned of it."""

AT_LEAST = 10
"""Friends that they must have brought together; also customers of whom a trait must be known to count."""

MOST = 12_000
"""Customers that a lesson is learned from; more would tell nothing new of so few traits."""

_FOLDS = 5
_LEVELS, _PER_LEVEL = 20, 15  # of a scale at most; customers per level at least
_WORDS = {"tier": 40, "rep": 60, "tag": 60}  # so many are looked at, the most frequent
_PAIRS, _PAIR_FROM, _STRIKING = 3, 400, 4.0  # pairs at most; friends from which on; deviation in standard errors
_TRUSTS = tuple(k / 20 for k in range(21))
_DOUBT = 1.0  # as much evidence, in log likelihood, speaks against trusting a lesson at all
_TOP = 0.2


def study(taught: Sequence[Profile], company: Sequence[Profile], tally: Tally | None = None) -> Taught | None:
    """What the customers whose history is known teach; None where they tell too little.

    `company` are its customers, the others too, or enough of them; where these are not all, `tally` counts all.
    """
    told = tally or tallied(taught, len(company))
    if not tells(told):
        return None
    design = _Design(taught, company)
    held_out = design.held_out()
    trust = design.trust(held_out)
    effects = design.fit()
    drawn = design.lesson(effects, told, trust)
    mean = sum(map(drawn.fitted, company)) / max(1, len(company))
    ranked = [base + trust * more for base, more in zip(design.bases, held_out, strict=True)]
    ages = [-1.0 if each.tenure is None else each.tenure for each in taught]
    return Taught(
        lesson=structs.replace(drawn, centre=round(trust * mean, 4)),
        skill=Skill(*(round(share(each, design.full), 4) for each in (ranked, design.bases, ages))),
        findings=findings(taught, design.counts, effects.dispersion),
        company=told.company,
        referrers=told.referrers,
    )


def tallied(taught: Sequence[Profile], company: int) -> Tally:
    """The tally of a company of so many, if these are all whose history is known."""
    friends = [each.referred or 0 for each in taught]
    return Tally(company, len(taught), sum(map(bool, friends)), sum(friends))


def tells(tally: Tally) -> bool:
    """Whether so much history may teach anything."""
    return tally.customers >= ENOUGH and tally.referrals >= AT_LEAST


def share(scores: Sequence[float], counts: Sequence[float], top: float = _TOP) -> float:
    """How much of all friends those at the top brought; of equals on the border the average."""
    ranked = sorted(zip(scores, counts, strict=True), reverse=True)
    left, held, place = top * len(ranked), 0.0, 0
    while left > 0 and place < len(ranked):
        alike = [count for score, count in _alike(ranked, place)]
        held += sum(alike) * min(1.0, left / len(alike))
        left -= len(alike)
        place += len(alike)
    return held / max(1e-9, sum(counts))


def _alike(ranked: Sequence[tuple[float, float]], place: int) -> Iterator[tuple[float, float]]:
    score = ranked[place][0]
    while place < len(ranked) and ranked[place][0] == score:
        yield ranked[place]
        place += 1


def cap(counts: Sequence[float]) -> float:
    """How many friends of one customer count at most: one who brought hundreds must not decide for everybody."""
    ranked = sorted(counts)
    return max(3.0, ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))])


class _Design:
    """The traits of the customers that are learned from, as levels and groups."""

    def __init__(self, taught: Sequence[Profile], company: Sequence[Profile]) -> None:
        self._taught = taught
        self.full = [float(each.referred or 0) for each in taught]
        most = cap(self.full)
        self.counts = [min(most, each) for each in self.full]
        self.bases = [each.base for each in taught]
        self._levels = min(_LEVELS, max(4, len(taught) // _PER_LEVEL))
        self._scales = {name: cuts for name in SCALES if (cuts := self._cuts(name, company)) is not None}
        self._kinds = {name: found for name in _WORDS if (found := self._words(name))}
        self._lines = [self._line(name) for name in self._scales]
        self._sets = [self._groups(name) for name in self._kinds]
        self._pairs: list[tuple[str, str]] = []
        self._cells: list[dict[str, list[int]]] = []
        if sum(self.counts) >= _PAIR_FROM:
            self._look_at_pairs()

    def fit(self, without: int | None = None) -> Effects:
        """What all customers tell, or all but those of one fold."""
        among = [place % _FOLDS != without for place in range(len(self._taught))]
        sets = [*self._sets, *(Groups(list(cells.values())) for cells in self._cells)]
        return fit(self.counts, self.bases, among, self._lines, sets)

    def held_out(self) -> list[float]:
        """What each customer would get from a lesson of the other folds."""
        found = [0.0] * len(self._taught)
        for fold in range(_FOLDS):
            lesson = self.lesson(self.fit(without=fold))
            for k in range(fold, len(found), _FOLDS):
                found[k] = lesson.fitted(self._taught[k])
        return found

    def trust(self, held_out: Sequence[float]) -> float:
        """How much of what was fitted to others speaks most for what these did."""
        total = sum(self.counts)
        dispersion = self._dispersion(held_out)

        def likelihood(trust: float) -> float:
            """Of the counts given their total; the rate is whatever fits."""
            rates = [base + trust * more for base, more in zip(self.bases, held_out, strict=True)]
            told = sum(count * rate for count, rate in zip(self.counts, rates, strict=True))
            return (told - total * log(sum(map(exp, rates)))) / dispersion - _DOUBT * trust

        return max(_TRUSTS, key=likelihood)

    def _dispersion(self, held_out: Sequence[float]) -> float:
        """How much more than Poisson the counts vary around what was foretold."""
        rates = [exp(base + more) for base, more in zip(self.bases, held_out, strict=True)]
        again = sum(self.counts) / sum(rates)
        means = [rate * again for rate in rates]
        return max(1.0, sum((c - m) ** 2 / m for c, m in zip(self.counts, means, strict=True)) / len(means))

    def lesson(self, effects: Effects, told: Tally = NONE, trust: float = 1.0) -> Lesson:
        scales = zip(self._scales.items(), effects.lines, strict=True)
        kinds = zip(self._kinds.items(), effects.sets, strict=False)
        pairs = zip(self._pairs, self._cells, effects.sets[len(self._kinds) :], strict=True)
        return Lesson(
            customers=told.customers,
            referrals=told.referrals,
            trust=trust,
            centre=0.0,
            slope=round(effects.slope, 4),
            scales=tuple(Scale(name, cuts, _rounded(found)) for (name, cuts), found in scales),
            kinds=tuple(Kinds(name, dict(zip(known, _rounded(found), strict=True))) for (name, known), found in kinds),
            pairs=tuple(Pair(*names, dict(zip(cells, _rounded(found), strict=True))) for names, cells, found in pairs),
        )

    def _cuts(self, name: str, company: Sequence[Profile]) -> tuple[float, ...] | None:
        """Where a scale is cut into levels of equally many customers; None for one that says nothing."""
        known = sorted(value for each in company if (value := getattr(each, name)) is not None)
        taught = sum(getattr(each, name) is not None for each in self._taught)
        if taught < AT_LEAST:
            return None
        at = (known[len(known) * k // self._levels] for k in range(1, self._levels))
        cuts = tuple(sorted({cut for cut in at if cut > known[0]}))
        return cuts if cuts or taught < len(self._taught) else None

    def _words(self, name: str) -> list[str]:
        found = Counter(word for each in self._taught for word in words(name, each))
        return [
            word
            for word, count in sorted(found.items(), key=lambda each: (-each[1], each[0]))[: _WORDS[name]]
            if AT_LEAST // 2 <= count < len(self._taught)
        ]

    def _line(self, name: str) -> Line:
        cuts = self._scales[name]
        return Line([level(cuts, getattr(each, name)) for each in self._taught], len(cuts) + 1)

    def _groups(self, name: str) -> Groups:
        members: dict[str, list[int]] = {word: [] for word in self._kinds[name]}
        for place, each in enumerate(self._taught):
            for word in words(name, each):
                if word in members:
                    members[word].append(place)
        return Groups(list(members.values()))

    def _look_at_pairs(self) -> None:
        """Take up the pairs of traits that tell most of what each alone does not."""
        effects = self.fit()
        lesson = self.lesson(effects)
        rates = [exp(base + lesson.fitted(each)) for base, each in zip(self.bases, self._taught, strict=True)]
        again = sum(self.counts) / sum(rates)
        means = [rate * again for rate in rates]
        traits = [*self._scales, *(["tier"] if "tier" in self._kinds else [])]
        traits += [f"tag:{word}" for word in self._kinds.get("tag", ())[:6]]
        parts = {name: [part(name, lesson.cuts(name), each) for each in self._taught] for name in traits}
        found = []
        for one, other in combinations(traits, 2):
            cells = _cells(parts[one], parts[other])
            struck = _struck(cells, self.counts, means, effects.dispersion)
            if struck > _STRIKING:
                found.append((struck, one, other, cells))
        for _, one, other, cells in sorted(found, key=lambda each: -each[0])[:_PAIRS]:
            self._pairs.append((one, other))
            self._cells.append({name: rows for name, rows in cells.items() if len(rows) >= AT_LEAST})


def _cells(ones: Sequence[str], others: Sequence[str]) -> dict[str, list[int]]:
    cells: dict[str, list[int]] = {}
    for place, names in enumerate(zip(ones, others, strict=True)):
        cells.setdefault("/".join(names), []).append(place)
    return cells


def _struck(cells: dict[str, list[int]], counts: Sequence[float], means: Sequence[float], dispersion: float) -> float:
    """How far the counts of cells are from what was expected, in standard errors of chance."""
    sums = [
        (sum(map(counts.__getitem__, rows)), sum(map(means.__getitem__, rows)))
        for rows in cells.values()
        if len(rows) >= AT_LEAST
    ]
    squares = sum((told - mean) ** 2 / (mean * dispersion) for told, mean in sums if mean > 0)
    return (squares - len(sums)) / sqrt(max(1.0, 2.0 * len(sums)))


def _rounded(effects: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(each, 4) for each in effects)
