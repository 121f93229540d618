"""What an operator may do from the command line, the same in a running bot and beside none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from bot.api.keyring import Keyring
from bot.appealing import Appealing
from bot.campaigning import Campaigning
from bot.claiming import Claiming
from bot.curating import Curation
from bot.domaining import Domaining
from bot.erasing import ERASE, Erasing, Folder
from bot.experimenting import Experimenting
from bot.fulfilment.operating import Fulfilling
from bot.hooks.reading import Naming
from bot.intake import Intake
from bot.merging import Merging
from bot.naming import identity_of, is_staff, refuse_erased
from bot.planning import plan_some
from bot.ripening import Modelling
from bot.stocking import Stocking
from bot.suspecting import Suspecting
from bot.thanking import Thanking
from bot.verdicts import tally_as_json
from bot.words import Words
from referral import codes, orders, poster_links
from referral.campaigns import CampaignState
from referral.errors import BadInput, NotFound, RuleViolation
from referral.facts import Facts
from referral.ids import Bits
from referral.namespaces import OF_STAFF
from referral.people import Person, find_or_create
from referral.times import SHANGHAI, Clock
from storage.store import Store, Unit
from storage.transaction import Transaction

Args = Mapping[str, Any]

ADDRESS = "address"
PLAN = "plan"
POSTER = "poster"
FROM_FILES = "import."
OF_CAMPAIGNS = "campaign."
OF_EXPERIMENTS = "experiment."
OF_KEYS = "key."
OF_STORIES = "story."
OF_CLAIMS = "claim."
OF_FULFILMENT = "fulfilment."
OF_APPEALS = "appeal."
OF_REWARDS = "reward."
OF_PEOPLE = "person."
OF_SUSPICIONS = "fraud."
OF_MODELS = "model."
OF_DOMAINS = "domain."
OF_STOCK = ("coupons.", "shop.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Writing commands by name; each returns what `--json` prints."""

    store: Store
    facts: Facts
    words: Words
    naming: Naming
    clock: Clock
    rng: Bits
    folder: Folder
    who: str = "cli"

    async def run(self, command: str, args: Args) -> Any:
        """Do one command. Raises a `ReferralError` that says what is wrong."""
        if (noun := command.partition(".")[0] + ".") in (nouns := self._of_nouns()):
            return await nouns[noun](command.removeprefix(noun), args)
        if command == ADDRESS:
            return self.facts.public_url
        if command == "code":
            return await self.store.write(self.coding(str(args["person"]), str(args["campaign"])))
        if command == PLAN:
            return await self._plan()
        if command == ERASE:
            return await self.erasing.erase(str(args["person"]))
        if command == POSTER:
            return await self.store.write(self.preparing(str(args["code"])))
        raise BadInput("command", f"没有这个命令：{command}")

    def _of_nouns(self) -> Mapping[str, Callable[[str, Args], Awaitable[Any]]]:
        """What runs the commands about each noun, by the rest of their names."""
        return {
            OF_APPEALS: self.appealing.run,
            OF_CAMPAIGNS: self.campaigning.run,
            OF_CLAIMS: self.claiming.run,
            OF_DOMAINS: self._domaining.run,
            OF_EXPERIMENTS: self.experimenting.run,
            OF_FULFILMENT: self._fulfilling.run,
            OF_KEYS: Keyring(store=self.store, clock=self.clock, rng=self.rng).run,
            OF_MODELS: self._modelling.run,
            OF_PEOPLE: self.merging.run,
            OF_REWARDS: self.thanking.run,
            OF_STORIES: self.curation.run,
            OF_SUSPICIONS: self.suspecting.run,
            FROM_FILES: self.intake.run,
            **{noun: partial(self._stock, noun) for noun in OF_STOCK},
        }

    async def _stock(self, noun: str, rest: str, args: Args) -> Any:
        stocking = Stocking(store=self.store, facts=self.facts, clock=self.clock, rng=self.rng, who=self.who)
        return await stocking.run(noun + rest, args)

    @property
    def _domaining(self) -> Domaining:
        return Domaining(store=self.store, facts=self.facts, clock=self.clock, rng=self.rng, who=self.who)

    @property
    def _modelling(self) -> Modelling:
        return Modelling(store=self.store, clock=self.clock, door=self.who)

    @property
    def campaigning(self) -> Campaigning:
        """What decides about campaigns."""
        return Campaigning(
            store=self.store, facts=self.facts, words=self.words, clock=self.clock, rng=self.rng, who=self.who
        )

    @property
    def experimenting(self) -> Experimenting:
        """What starts and stops experiments."""
        return Experimenting(store=self.store, words=self.words, clock=self.clock, rng=self.rng, who=self.who)

    @property
    def claiming(self) -> Claiming:
        """What decides about claims."""
        return Claiming(
            store=self.store, facts=self.facts, naming=self.naming, clock=self.clock, rng=self.rng, who=self.who
        )

    @property
    def appealing(self) -> Appealing:
        """What answers appeals."""
        return Appealing(store=self.store, facts=self.facts, clock=self.clock, rng=self.rng, who=self.who)

    @property
    def thanking(self) -> Thanking:
        """What decides about thanks."""
        return Thanking(
            store=self.store, facts=self.facts, naming=self.naming, clock=self.clock, rng=self.rng, door=self.who
        )

    @property
    def suspecting(self) -> Suspecting:
        """What decides about what looks made up."""
        return Suspecting(
            store=self.store, facts=self.facts, words=self.words, clock=self.clock, rng=self.rng, door=self.who
        )

    @property
    def merging(self) -> Merging:
        """What merges and parts people."""
        return Merging(
            store=self.store, facts=self.facts, naming=self.naming, clock=self.clock, rng=self.rng, door=self.who
        )

    @property
    def curation(self) -> Curation:
        """What decides about stories."""
        return Curation(store=self.store, facts=self.facts, clock=self.clock, rng=self.rng, who=self.who)

    @property
    def erasing(self) -> Erasing:
        """What makes a person an opaque id."""
        return Erasing(
            store=self.store,
            naming=self.naming,
            folder=self.folder,
            clock=self.clock,
            rng=self.rng,
            who=self.who,
        )

    @property
    def _fulfilling(self) -> Fulfilling:
        return Fulfilling(store=self.store, facts=self.facts, clock=self.clock, rng=self.rng, who=self.who)

    @property
    def intake(self) -> Intake:
        """What takes in files."""
        return Intake(store=self.store, facts=self.facts, clock=self.clock, rng=self.rng)

    async def _plan(self) -> dict[str, Any]:
        """One step of the day's plan; `more` says whether another is wanted."""
        now = self.clock()
        tally, more = await plan_some(self.store, self.facts, clock=lambda: now, rng=self.rng)
        if not more:
            day = now.astimezone(SHANGHAI).date().isoformat()
            await self.store.write(lambda tx: tx.audit.note("cli", PLAN, day, "", now))
        return tally_as_json(tally) | {"more": more}

    def coding(self, name: str, campaign_id: str) -> Unit[dict[str, Any]]:
        """What issues a person's code; a person not yet known becomes known by that identity alone."""
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            campaign = tx.campaigns.get(campaign_id)
            if campaign is None:
                raise NotFound(f"没有这个活动：{campaign_id}")
            if campaign.is_over(now):
                raise RuleViolation("campaign.ended", "这个活动已经结束。")
            if campaign.state is CampaignState.DRAFT:
                raise RuleViolation("campaign.draft", "这个活动还没有批准。")
            person = self._person(tx, name, now)
            orders.reexamine(tx, self.facts, person.id, now=now, rng=self.rng)
            code = codes.issue(tx, self.facts, person, campaign, evidence=self.who, now=now)
            tx.audit.note(self.who, "code", person.id, code.code, now)
            return {
                "code": code.code,
                "url": self.facts.link(code.code),
                "poster_url": f"{self.facts.public_url}/p/{code.code}.jpg",
                "campaign": campaign.id,
            }

        return unit

    def preparing(self, code_text: str) -> Unit[dict[str, Any]]:
        """What has the platform make the QR of a code's poster; `ready` says whether it is known what that says."""
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            code = tx.codes.find(code_text)
            campaign = tx.campaigns.get(code.campaign) if code else None
            if code is None or campaign is None:
                raise NotFound(f"没有这个邀请码：{code_text}")
            return {"ready": poster_links.prepare(tx, self.facts, campaign, code, now=now, rng=self.rng)}

        return unit

    def _person(self, tx: Transaction, name: str, now: datetime) -> Person:
        """Whom `name` names; one not yet known becomes known by that identity alone."""
        identity = identity_of(name, self.naming)
        if identity is not None and is_staff(tx, self.facts, identity):
            raise BadInput("PERSON", OF_STAFF)
        if identity is not None:
            return find_or_create(tx, identity, now=now, rng=self.rng, holdout=self.facts.holdout)[0]
        person = tx.people.get(name)
        if person is None:
            raise NotFound(f"没有找到这个人：{name}")
        refuse_erased(tx, person)
        return person
