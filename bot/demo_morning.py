"""The demo's second chapter: a customer file comes in, and the next morning a rep asks the right few.

What the rep does is done as she would do it: she taps the card, reads the list, changes the words, and says them.
"""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from bot.app import App
from bot.cli.house import House
from bot.cli.importing import Importing, Report
from bot.demo_door import Door, Told, confirm
from bot.intake import Batch, Ended, PeopleBatch, Telling
from bot.lessons import Progress, learned
from referral.decisions import Verdict
from referral.foresight import verdict_on
from referral.hours import next_working_morning
from referral.identities import Identity, IdentityKind
from referral.moments import DAY
from referral.nudges import Nudge, NudgeState
from referral.taught import Tally, Taught
from referral.times import SHANGHAI, chinese_date, midnight
from storage.transaction import Transaction

_REP = "lin"
_HEADER = ("客户编号", "external_userid", "姓名", "顾问", "成为客户日期", "满意度", "活跃度", "已介绍人数", "同意营销")
_CUSTOMERS: Sequence[tuple[str, int, str, int, int, str]] = (
    # name, days as a customer, satisfaction, activity, referred before, consent
    ("王芳", 620, "9", 41, 2, "1"),
    ("陈建国", 410, "8", 18, 0, "1"),
    ("赵敏", 95, "10", 33, 1, "1"),
    ("孙悦", 300, "5", 27, 0, "1"),
    ("周涛", 12, "9", 9, 0, "1"),
    ("吴桂英", 880, "9", 22, 0, ""),
    ("郑强", 540, "8", 15, 0, "0"),
)
_MUST_NOT = {"孙悦", "郑强"}  # one is not satisfied, one has said no


@dataclass(slots=True)
class Morning:
    """The chapter; `folder` takes the customer file."""

    app: App
    door: Door
    folder: Path

    def steps(self) -> tuple[Callable[[], Awaitable[Told]], ...]:
        """What is told, in order."""
        return self._file_comes_in, self._morning_comes, self._rep_asks

    async def _file_comes_in(self) -> Told:
        for name, *_ in _CUSTOMERS:
            await self.door.act(name, "add", _REP)
        file = self.folder / "customers.csv"
        file.write_bytes(self._file().encode("gb18030"))
        report = await take_in(self.app, file)
        confirm(report.rows == len(_CUSTOMERS) and not _broken(report), f"客户名单没有全部导入：{report.counts}")
        synced = await self._sync()
        said, in_wecom = report.consent, synced["counts"]["customers"]
        return (
            f"导入客户名单 {report.rows} 行（GB18030，中文表头），再从企业微信同步",
            f"已同意 {said['granted']}，待征询 {said['to_ask']}，已拒绝 {said['refused']}",
            f"企业微信里有 {in_wecom} 位客户，对上了名单里的人",
            f"名单 {file}",
        )

    async def _morning_comes(self) -> Told:
        now = self.app.clock()
        opening = next_working_morning(self.app.facts.hours, midnight(now) + DAY, self.app.facts.workdays)
        await self.door.post("/sandbox/clock", {"advance_s": int((opening - now).total_seconds()) + 60})
        cards = await self.door.cards(_REP)
        confirm(bool(cards), "顾问没有收到早上的卡片")
        page = (await self.door.get(cards[-1]["url"])).decode()
        listed = await self._listed()
        names = [await self._name(nudge) for nudge in listed]
        confirm(bool(names) and all(name in page for name in names), "名单页上没有该有的客户")
        kept_out = {name: await self._why_not(name) for name, *_ in _CUSTOMERS if name not in names}
        confirm(set(kept_out) >= _MUST_NOT, f"不该问的人在名单上：{names}")
        return (
            f"{chinese_date(opening)} 早上 9:30，林顾问收到卡片，打开今天的名单",
            f"今天问：{'、'.join(names)}",
            *(f"不问{name}：{why}" for name, why in kept_out.items()),
        )

    async def _rep_asks(self) -> Told:
        nudge = next((n for n in await self._listed() if n.words), None)
        assert nudge
        name = await self._name(nudge)
        words = f"{name}，最近都还好吗？{nudge.words}"
        await self.door.submit(f"/rep/c/{nudge.id}", {"act": "go", "words": words})
        await self.door.act(_REP, "send", {"to": name, "text": words})
        await self.door.submit(f"/rep/c/{nudge.id}", {"act": "said", "words": words})
        kept = await self.app.store.read(lambda tx: tx.nudges.get(nudge.id))
        confirm(kept is not None and kept.state is NudgeState.SENT and kept.words == words, "这一次没有记成已聊")
        confirm(kept is not None and kept.delivered_at is not None, "没有记下送到的时间")
        heard = await self.door.log(name)
        confirm(words in heard, f"{name}没有收到林顾问的话")
        return f"林顾问改了两句，问了{name}", f"为什么是今天：{self._why(nudge)}", f"她说：{words}"

    def _file(self) -> str:
        """The customer file, as a company's own system would export it."""
        assert self.app.sandbox
        today = self.app.clock().astimezone(SHANGHAI).date()
        file = StringIO()
        sheet = csv.writer(file)
        sheet.writerow(_HEADER)
        for number, (name, days, satisfaction, activity, referred, consent) in enumerate(_CUSTOMERS, start=1):
            since = (today - timedelta(days=days)).isoformat()
            handle = self.app.sandbox.external_userid(name)
            sheet.writerow((f"V{number:03}", handle, name, _REP, since, satisfaction, activity, referred, consent))
        return file.getvalue()

    async def _sync(self) -> dict[str, Any]:
        while True:
            found: dict[str, Any] = await self.app.syncing.step()
            if found["done"]:
                return found

    async def _listed(self) -> list[Nudge]:
        now = self.app.clock()

        def unit(tx: Transaction) -> list[Nudge]:
            return [n for n in tx.nudges.on_list(_REP, now) if n.state is NudgeState.LISTED and n.purpose == "ask"]

        return await self.app.store.read(unit)

    async def _name(self, nudge: Nudge) -> str:
        person = await self.app.store.read(lambda tx: tx.people.get(nudge.person))
        assert person
        return person.called or person.name

    async def _why_not(self, name: str) -> str:
        """What `why` answers about a customer who is not on the list."""
        assert self.app.sandbox
        known, now = Identity(IdentityKind.WECOM, self.app.sandbox.external_userid(name)), self.app.clock()

        def unit(tx: Transaction) -> Verdict | None:
            person = tx.people.find(known)
            return verdict_on(tx, self.app.facts, person.id, at=now) if person else None

        verdict = await self.app.store.read(unit)
        confirm(verdict is not None and verdict.kind != "send", f"{name}没有不问的理由")
        assert verdict
        return self.app.words.moment(verdict.why[0].code, verdict.why[0].value)

    def _why(self, nudge: Nudge) -> str:
        return "；".join(self.app.words.moment(code, value) for code, value in nudge.reasons)


async def take_in(app: App, file: Path) -> Report:
    """Bring a customer file into the bot that runs in this very process."""
    here = House(
        config=app.config,
        keys=app.keys,
        store=app.store,
        facts=app.facts,
        words=app.words,
        naming=app.naming,
        clock=app.clock,
    )
    with Importing("people", file, {}, None, _quietly) as importing:
        importing.read()
        return await importing.take_in(_Inside(here, app))


@dataclass(slots=True)
class _Inside:
    """The way in from inside the running bot."""

    here: House
    app: App
    size: int = 200

    async def take(self, batch: Batch) -> Sequence[Any]:
        assert isinstance(batch, PeopleBatch)
        return await self.app.operator.intake.people(batch)

    async def end(self, ended: Ended) -> None:
        await self.app.operator.intake.ended(ended)

    async def tally(self) -> Tally:
        return await self.app.store.read(lambda tx: tx.lessons.tally())

    async def learned(self, progress: Progress) -> Taught | None:
        return await learned(self.app.store, clock=self.app.clock, progress=progress)

    async def teach(self, taught: Taught, progress: Progress) -> None:
        intake, after = self.app.operator.intake, ""
        await intake.learn(taught)
        while True:
            _, after = await intake.tell(Telling(after=after), self.size)
            progress(self.size)
            if not after:
                return


def _quietly(_: str, __: int) -> Callable[[int], None]:
    return lambda _: None


def _broken(report: Report) -> int:
    return report.rows - sum(report.verdicts.values())
