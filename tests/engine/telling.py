"""A history told to the engine and to the model side by side, step by step, and what they say afterwards."""

from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from functools import lru_cache

from sqlalchemy import text

from referral import campaigns, codes, contacts, merging, orders, thanks
from referral.campaigns import CampaignState
from referral.contact_ways import ContactWay
from referral.errors import Conflict, RuleViolation
from referral.events import FriendAdded, FriendLeft
from referral.identities import Identity, IdentityKind
from referral.people import find_or_create
from tests.engine.books import NOON, Books, history, pack_terms
from tests.engine.model import FINAL, GIVEN_BACK, Model
from tests.engine.naive import Naive, credits_of, difference

KINDS = {"w": IdentityKind.WECOM, "p": IdentityKind.PHONE, "c": IdentityKind.CRM}
BEGAN = NOON - timedelta(days=60)
EVENTS = ("touch", "add", "order", "refund")
REWARD = ("campaign", "friend", "person", "side", "rule", "kind", "amount", "state")
REFERRAL = ("campaign", "friend", "advocate", "status", "reason")
CODES_MADE = NOON - timedelta(days=50)


@lru_cache
def identity(name):
    """`jun/w` is the number that the platform knows Jun by, `jun/p` his phone, `jun/c` the company's own number."""
    kind = KINDS[name[-1]]
    return Identity(kind, name.replace("/", "-").ljust(64, "0") if kind is IdentityKind.PHONE else name)


class Telling:
    """One history: `offers` are (pack, changed terms, budget, days until the end or None)."""

    def __init__(self, books: Books, offers):
        self.books, self.model = books, Model(books.now)
        self.offers = []
        self.codes, self.marks = {}, {}
        self.events = []
        self.merges = []
        self.naive = Naive()
        for pack, changes, budget, ends in offers:
            self.start(pack, changes, budget, ends)

    def start(self, pack, changes, budget, ends):
        terms = replace(pack_terms(pack), **changes)
        ends_at = NOON + timedelta(days=ends) if ends else None
        books = self.books
        started = campaigns.start(
            books.tx,
            pack=pack,
            name=pack,
            terms=terms,
            starts_at=BEGAN,
            ends_at=ends_at,
            budget_fen=terms.budget_fen if budget is None else budget,
            now=books.now,
            rng=books.rng,
        )
        self.model.campaign(started.id, asdict(terms), BEGAN, ends_at, started.budget_fen)
        self.offers.append(started.id)

    def person(self, name):
        """The engine's id of somebody whom it now knows; the model hears of it."""
        if name not in self.model.ids:
            found, _ = find_or_create(self.books.tx, identity(name), now=self.books.now, rng=self.books.rng)
            self.model.met(name, found.id)
        return self.model.ids[name]

    # ---- telling -----------------------------------------------------------------------------------------------

    def tell(self, step):
        """One step, for both."""
        self.books.now += timedelta(seconds=1)
        self.model.now = self.books.now
        verb, *args = step
        if verb == "again":
            if not self.events:
                return
            verb, args = self.events[args[0] % len(self.events)]
        elif verb in EVENTS:
            args = getattr(self, f"when_{verb}")(*args)
            self.events.append((verb, args))
        if verb in EVENTS:
            self.naive.hear((verb, args), self.model)
        getattr(self, verb)(*args)
        self.work()

    def work(self):
        campaigns.turn_calendar(self.books.tx, now=self.books.now)
        self.books.pass_days(0)
        self.model.work()

    def code_of(self, by):
        """The code of (advocate, offer), the offer counted round, with its QR; made long ago."""
        if by is None:
            return None
        who, name = by[0], self.offers[by[1] % len(self.offers)]
        if (who, name) not in self.codes:
            tx, person = self.books.tx, self.books.tx.people.get(self.person(f"{who}/w"))
            campaign = tx.campaigns.get(name)
            code = codes.issue(tx, self.books.facts, person, campaign, evidence="chat", now=CODES_MADE).code
            self.codes[who, name] = code
            if code not in self.marks:
                self.marks[code] = f"m{code}"
                tx.contact_ways.ask(ContactWay(id=f"m{code}", code=code, rep="lin", mark=f"m{code}"), self.books.now)
                self.model.code(code, name, person.id, CODES_MADE)
        return self.codes[who, name]

    def at(self, ago):
        return self.books.now - timedelta(minutes=ago, seconds=2 * len(self.events))

    def when_touch(self, who, by, ago):
        return who, self.code_of(by), self.at(ago)

    def touch(self, who, code, at):
        self.heard_of(who)
        self.books.touch(identity(who), code, at=at)
        person = self.person(who)
        self.model.look_again(person)
        self.model.touch(person, code, at)
        self.model.look_again(person)

    def heard_of(self, who):
        self.books.met(identity(who))
        self.person(who)

    def when_add(self, who, rep, by, ago):
        return f"{who}/w", rep, self.code_of(by), self.at(ago)

    def add(self, who, rep, code, at):
        books = self.books
        event = FriendAdded(
            who=identity(who), rep=rep, mark=self.marks.get(code), welcome_code=None, confirmed=True, at=at
        )
        contacts.friend_added(books.tx, books.facts, event, now=books.now, rng=books.rng)
        self.model.added(self.person(who), rep, code, at)

    def leave(self, who, rep):
        books = self.books
        event = FriendLeft(who=identity(f"{who}/w"), rep=rep, by_rep=False, at=books.now)
        contacts.contact_ended(books.tx, books.facts, event, now=books.now, rng=books.rng)
        self.model.left(self.person(f"{who}/w"), rep)

    def when_order(self, number, who, kind, fen, by, ago):
        return number, who, kind, fen, self.code_of(by), self.at(ago)

    def order(self, number, who, kind, fen, code, at):
        known = who in self.model.ids
        with suppress(Conflict):
            self.books.order(number, identity(who), at=at, fen=fen, kind=kind, code=code)
            person = self.person(who) if known or code else None
            self.model.order(number, kind, fen, at, (who,), person, code)

    def when_refund(self, number, refund_no, fen, kind):
        return number, refund_no, fen, kind

    def refund(self, number, refund_no, fen, kind):
        with suppress(Conflict):
            self.books.refund(number, refund_no, fen, kind=kind)
            self.model.refund(number, refund_no, fen, kind)

    def link(self, who, one, other):
        """Two ids turn out to be one human being's."""
        names = f"{who}/{one}", f"{who}/{other}"
        self.person(names[0])
        kept = self.books.met(*map(identity, names))
        self.folded()
        for name in names:  # a phone may be a family's, and then joins nobody
            if found := self.books.tx.people.find(identity(name)):
                self.model.met(name, found.id)
        self.model.look_again(kept)

    def folded(self):
        """Tell the model which people the engine has brought together since."""
        for row in self.books.tx.connection.execute(text("select id, kept, gone from merges order by row")):
            if row.id not in self.merges:
                self.merges.append(row.id)
                self.model.merge(row.id, row.kept, row.gone)

    def merge(self, one, other):
        """A colleague says that two are one."""
        books = self.books
        kept, gone = self.person(one), self.person(other)
        with suppress(RuleViolation):
            merging.merge(books.tx, books.facts, kept, gone, why="同一位", who="an", now=books.now, rng=books.rng)
            self.folded()
            self.model.look_again(kept)

    def part(self):
        """A colleague undoes the last merge that stands."""
        books = self.books
        last = books.tx.connection.execute(
            text("select id, kept, gone from merges where undone_at is null order by row desc limit 1")
        ).first()
        if last:
            merging.part(books.tx, books.facts, last.id, who="an", now=books.now, rng=books.rng)
            self.model.part(last.id, last.kept, last.gone)

    def joined(self, who, ago):
        """A file says since when somebody is a customer."""
        self.learn(who, {"joined_at": self.books.now - timedelta(days=ago)}, "joined")

    def staff(self, who):
        """A file says that somebody works here."""
        self.learn(who, {"staff": True}, "staff")

    def learn(self, who, known, name):
        self.heard_of(who)
        person = self.person(who)
        self.model.look_again(person)
        self.books.tx.people.learn(person, **known)
        self.model.learn(person, **{name: next(iter(known.values()))})
        orders.reexamine(self.books.tx, self.books.facts, person, now=self.books.now, rng=self.books.rng)
        self.model.look_again(person)

    def move(self, number, state):
        name = self.offers[number % len(self.offers)]
        with suppress(RuleViolation):
            campaigns.move(self.books.tx, name, CampaignState(state), now=self.books.now)
        self.model.move(name, state)

    def edit(self, number, more_fen):
        """The offer becomes better."""
        name = self.offers[number % len(self.offers)]
        campaign = self.books.tx.campaigns.get(name)
        old = self.books.tx.campaigns.terms(name, campaign.version)
        hold = max(0, old.hold_days - 5)
        new = replace(old, window_days=old.window_days + 10, late_days=old.late_days + 3, hold_days=hold)
        with suppress(RuleViolation):
            budget = campaign.budget_fen + more_fen
            campaigns.edit(self.books.tx, name, new, budget_fen=budget, now=self.books.now)
        self.model.edit(name, asdict(new), campaign.budget_fen + more_fen)

    def choose(self, number, form):
        found = self.pick(number, lambda r: len(r["thanks"]["choices"]) > 1)
        if found and form < len(found["thanks"]["choices"]):
            reward = self.engines(found)
            thanks.choose(self.books.tx, reward.id, reward.person, form, now=self.books.now, rng=self.books.rng)
            self.model.choose(found, form)

    def answer(self, number, yes):
        """A colleague says yes or no to a thanks that waits for it."""
        found = self.pick(number, lambda r: r["asked"] == "waits")
        if not found:
            return
        books, reward = self.books, self.engines(found)
        if yes:
            thanks.approve(books.tx, reward.id, "an", now=books.now)
            self.model.approve(found)
        else:
            thanks.refuse(books.tx, books.facts, reward.id, "an", "不符", now=books.now, rng=books.rng)
            self.model.refuse(found)

    def pick(self, number, wanted):
        held = [r for r in self.model.rewards if r["state"] == "held" and wanted(r)]
        return held[number % len(held)] if held else None

    def engines(self, mine):
        same = ("campaign", "side", "rule", "friend")
        theirs = self.books.tx.rewards.of_person(mine["person"])
        return next(r for r in theirs if r.state == "held" and all(getattr(r, k) == mine[k] for k in same))

    def days(self, count):
        self.books.now += timedelta(days=count)
        self.model.now = self.books.now

    # ---- looking -----------------------------------------------------------------------------------------------

    def differences(self):
        """Where the engine's books and the model's are not the same; empty where they are."""
        both = zip(self.engine_says(), self.model_says(), strict=True)
        names = ("campaigns", "orders", "referrals", "rewards", "people", "ids")
        found = {name: (one - other, other - one) for name, (one, other) in zip(names, both, strict=True)}
        return {name: each for name, each in found.items() if any(each)}

    def wrong_credits(self):
        """Of the engine, of a counter of adds and of a counter of sales, each against the model's truth."""
        rows = self.books.tx.connection.execute(
            text("select campaign, friend, advocate, status from referrals where folded is null")
        )
        truth = credits_of(r for r in self.model.referrals if not r["folded"])
        engine = difference(credits_of(rows.mappings()), truth)
        ids, naive = self.model.ids, self.naive
        return engine, naive.wrong(naive.adds, truth, ids), naive.wrong(naive.sales, truth, ids)

    def engine_says(self):
        read = self.books.tx.connection.execute
        names, referral = ", ".join(REWARD), ", ".join(REFERRAL)
        rewards = read(text(f"select {names}, reason from rewards")).all()
        orders_ = read(text("select order_no, kind, person, outcome, refunded_fen, amount_fen, cancelled from orders"))
        return (
            Counter(map(tuple, read(text("select id, state, pause, used_fen from campaigns")))),
            Counter((o.order_no, o.kind, o.person, o.outcome) for o in orders_ if not is_back(o)),
            Counter(standing(*row) for row in read(text(f"select {referral} from referrals where folded is null"))),
            Counter(tuple(r[:8]) for r in rewards if is_told(r.state, r.reason)),
            Counter(map(tuple, read(text("select id, tier from people where merged_into is null")))),
            Counter(map(tuple, read(text("select value, person from identities")))),
        )

    def model_says(self):
        model = self.model
        return (
            Counter((c["name"], c["state"], c["pause"], c["used"]) for c in model.campaigns.values()),
            Counter(
                (o["number"], o["kind"], o["person"], o["outcome"]) for o in model.orders.values() if not o["back"]
            ),
            Counter(standing(*(r[name] for name in REFERRAL)) for r in model.referrals if not r["folded"]),
            Counter(tuple(r[name] for name in REWARD) for r in model.rewards if is_told(r["state"], r["reason"])),
            Counter((name, known["tier"]) for name, known in model.people.items() if name in model.ids.values()),
            Counter((identity(name).value, person) for name, person in model.ids.items()),
        )


def standing(campaign, friend, advocate, status, reason):
    """A referral, without whose touch it was that some rule refuses for now: of several refusals any may be named."""
    if status == "rejected" and reason not in FINAL | GIVEN_BACK:
        return campaign, friend, status
    return campaign, friend, advocate, status, reason


def is_back(order):
    return order.cancelled or 0 < order.amount_fen <= order.refunded_fen


def is_told(state, reason):
    """What was corrected before anybody had it is no matter: there are several ways to the same end."""
    return state != "reversed" or reason in GIVEN_BACK | {"margin.exceeded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of one history: the first thing wrong with it, if anything, and what happened in it."""

    problem: str
    events: int
    wrong: tuple[int, int, int]
    reached: frozenset[str]


def play(connection, played, *, look_every=1):
    """Tell one history on an empty database: the books are checked after each step, and compared with the model's."""
    offers, steps = played
    problem = ""
    with history(connection) as books:
        telling = Telling(books, offers)
        for number, step in enumerate(steps, 1):
            problem = problem or _step(telling, step, look=number % look_every == 0 or number == len(steps))
        reached = {r["state"] for r in telling.model.rewards} | {r["status"] for r in telling.model.referrals}
        reached |= {"merged"} if telling.merges else set()
        wrong = (0, 0, 0) if problem else telling.wrong_credits()
        return Told(problem=problem, events=telling.naive.events, wrong=wrong, reached=frozenset(reached))


def _step(telling, step, *, look):
    """What is wrong after one more step."""
    try:
        telling.tell(step)
        telling.books.check()
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what we look for
        return f"{step}: {type(error).__name__}: {str(error)[:300]}"
    found = telling.differences() if look else {}
    return f"{step}: {found}" if found else ""
