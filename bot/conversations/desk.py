"""The desk chat performed: looks up what the flow must know, takes its actions, and posts the answers.

Everything happens in the caller's transaction; nothing here waits or sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.conversations import appeal_talk, mood_talk, questions, story_talk, telling, thanks_talk
from bot.conversations.story_talk import StoryTalk
from bot.conversations.thanks_talk import ThanksTalk
from bot.words import Words
from referral import (
    appeals,
    caring,
    claims,
    codes,
    consent,
    desk_links,
    due_rows,
    minors,
    moments,
    news,
    notices,
    nudges,
    orders,
    personal,
    points,
    poster_links,
    silence,
    stories,
)
from referral.audiences import campaign_for
from referral.campaigns import Campaign
from referral.claims import Taken
from referral.consent import Answer
from referral.contacts import WELCOME_WITHIN
from referral.conversations.actions import (
    Action,
    AddToAppeal,
    AskDisclosure,
    AskPermission,
    AskSurvey,
    AskWhich,
    AskWhichAppeal,
    CallPerson,
    CountMiss,
    Disclose,
    GivePoster,
    KeepPermission,
    KeepScore,
    LeaveInPeace,
    NoteAge,
    NoteDeclared,
    OpenAppeal,
    Say,
    SetByline,
    SetPersonal,
    ShowMenu,
    StopReminders,
    TellFriends,
    TellProgress,
    TellRules,
    TellWhen,
    TellWhy,
    TouchCode,
)
from referral.conversations.flow import Chat, Situation, Standing, step
from referral.conversations.heard import (
    Appealed,
    AskedForPerson,
    Heard,
    MistypedCode,
    Praised,
    TypedCode,
    hear,
    plain,
)
from referral.conversations.story_actions import StoryAction
from referral.conversations.story_flow import hear_writing
from referral.conversations.story_heard import OfStory
from referral.conversations.thanks_actions import ThanksAction
from referral.conversations.thanks_heard import POINTS
from referral.decisions import Route
from referral.events import DeskEntered, DeskSaid, DeskSendFailed
from referral.facts import Facts
from referral.floor import may_ask_permission
from referral.framing import pronoun_for
from referral.history import history_of
from referral.ids import Bits
from referral.messages import (
    DeskGreeting,
    DeskMenu,
    DeskPoster,
    DeskText,
    FetchProfile,
    HandOver,
    MenuItem,
    Message,
    RepText,
)
from referral.outbox import Purpose, post
from referral.people import Person, find_or_create
from referral.praise import Mood
from referral.praise import mood as mood_of
from referral.promises import offered
from referral.referrals import Disclosure, ReferralStatus
from referral.shares import Share, ShareLevel
from referral.signals import Signal, SignalKind
from referral.touches import TouchKind, touch_by_code
from storage.transaction import Transaction

_BARE = 6  # signs of a word that only asks for a person
MISSES = 5
MISS_SPAN = timedelta(minutes=10)


@dataclass(slots=True)
class DeskTalk:
    """One message of one customer being answered: written at `said_at`, read `now`."""

    tx: Transaction
    facts: Facts
    words: Words
    desk: str
    handle: str
    person: Person
    said_at: datetime
    now: datetime
    rng: Bits
    typed: str = ""
    tapped: bool = False
    met: str = ""
    mood: Mood = Mood.PLAIN

    def answer(self, heard: Heard, evidence: str) -> None:
        """Take the flow one step and do what it says."""
        chat = Chat.read(self.tx.conversations.get(self.desk, self.person.id))
        situation = self._situation(heard)
        complained = self.mood is Mood.COMPLAINT and self._keep_mood(alone=True)  # before anybody is called for it
        after, actions = step(chat, heard, situation, self.now)
        for action in actions:
            if not (complained and action == CallPerson(session=False)):  # the rep has been told already
                self._do(action, evidence)
        if self.mood is Mood.PRAISE:
            self._keep_mood(alone=isinstance(heard, Praised))
        if after != chat:
            self.tx.conversations.save(self.desk, self.person.id, after.keep(), self.now)
        notices.deliver(self.tx, self.facts, self.person.id, now=self.now, rng=self.rng, answering=True)

    def entered_with(self, carried: str) -> str:
        """A code that the link to this chat carried counts like one typed. How to greet, as a key; empty: as ever."""
        code = codes.normalise(carried) or ""
        standing = self._standing(code) if codes.is_valid(code) else Standing.UNKNOWN
        if standing in (Standing.UNKNOWN, Standing.NEAR):
            self._do(CountMiss(), "")
        if standing not in (Standing.GOOD, Standing.CUSTOMER, Standing.ALREADY):
            return ""
        self._do(TouchCode(code), "")
        return "" if standing is Standing.CUSTOMER else "greet.brought"

    def greeting(self, key: str) -> str:
        """The first words to somebody who came with a code: who brought them, and what is in it for them."""
        code = self.tx.codes.find(self.met)
        campaign = self.tx.campaigns.get(code.campaign) if code else None
        advocate = self.tx.people.get(code.advocate) if code else None
        assert campaign and advocate
        stock: dict[str, object] = {"company": self.facts.company} | offered(self.tx, self.facts, campaign)
        if advocate.shown_name is None:
            return self.words.say(f"{key}_unsigned", stock)
        return self.words.say(key, stock | {"advocate": advocate.shown_name})

    def _situation(self, heard: Heard) -> Situation:
        campaign = campaign_for(self.tx, self.facts, self.person, now=self.now)
        standing = None
        if isinstance(heard, TypedCode):
            standing = self._standing(heard.code)
        elif isinstance(heard, MistypedCode):
            standing = self._near(heard.typed)
        moment = self.tx.moments.get(self.person.id)
        asked = self.tx.nudges.last_sent(self.person.id, self.now - notices.OPEN_FOR)
        return Situation(
            campaign_runs=campaign is not None,
            has_code=campaign is not None and self._own_code(campaign) is not None,
            standing=standing,
            question=self._unasked(),
            was_asked=asked is not None and asked.route is Route.KF and asked.outcome is None,
            may_ask_permission=may_ask_permission(moment, self.now, self.facts.policy),
            has_something_to_rate=moments.has_something_to_rate(moment, self.now),
            story=story_talk.situation(self.tx, self.facts, self.person.id),
            may_choose=thanks_talk.may_choose(self.tx, self.person.id),
            disputes=self._disputes(heard),
            appealed=appeal_talk.is_waiting(self.tx, self.person.id, self.now),
            says_much=bool(self._own_words()),
            is_minor=moment.minor is True,
            was_thanked=isinstance(heard, Praised)
            and mood_talk.was_heard_today(self.tx, self.person.id, Mood.PRAISE, self.now),
        )

    def _keep_mood(self, *, alone: bool) -> bool:
        return mood_talk.keep(
            self.tx, self.facts, self.person.id, self.mood, self.said_at, alone=alone, now=self.now, rng=self.rng
        )

    def _disputes(self, heard: Heard) -> int:
        """Looked up only where it matters."""
        asks = isinstance(heard, AskedForPerson | Appealed)
        return len(telling.disputes(self.tx, self.person.id, now=self.now)) if asks else 0

    def _own_words(self) -> str:
        """What was written, where it is more than 人工 or the label of a menu's item."""
        return "" if self.tapped or len(plain(self.typed)) <= _BARE else self.typed

    def _standing(self, code: str) -> Standing:
        known = self.tx.codes.find(code)
        if known is None:
            return self._near(code)
        if self._is_guessing() and known.advocate != self.person.id and not self._has_met(known.code):
            return Standing.TRIES
        campaign = self.tx.campaigns.get(known.campaign)
        self.met = known.code
        if known.advocate == self.person.id:
            return Standing.OWN
        if campaign is None or campaign.is_over(self.said_at):
            return Standing.ENDED
        if not campaign.has_begun(self.said_at):
            return Standing.EARLY
        mine = [r for r in self.tx.referrals.of_friend(self.person.id) if r.code == known.code]
        if any(r.status in (ReferralStatus.PENDING, ReferralStatus.CREDITED) for r in mine):
            return Standing.ALREADY
        if not campaign.is_open(self.said_at):
            return Standing.PAUSED
        terms = self.tx.campaigns.terms(campaign.id, campaign.version)
        return Standing.CUSTOMER if terms.new_customers_only and self._was_customer() else Standing.GOOD

    def _near(self, typed: str) -> Standing:
        if self._is_guessing():
            return Standing.TRIES
        near = codes.suggest(typed, self.tx.touches.codes_of(self.person.id))
        self.met = near or ""
        return Standing.NEAR if near else Standing.UNKNOWN

    def _is_guessing(self) -> bool:
        return self.tx.codes.misses(f"person:{self.person.id}", self.now - MISS_SPAN) >= MISSES

    def _has_met(self, code: str) -> bool:
        return code in self.tx.touches.codes_of(self.person.id)

    def _was_customer(self) -> bool:
        return self.person.joined_at is not None or any(
            o.kind == orders.MONEY for o in self.tx.orders.of_person(self.person.id)
        )

    def _unasked(self) -> str | None:
        """The referral whose advocate may not yet know of this friend, and who was never asked about."""
        waiting = [
            r
            for r in self.tx.referrals.of_friend(self.person.id)
            if r.disclosed is Disclosure.UNASKED and r.status in (ReferralStatus.PENDING, ReferralStatus.CREDITED)
        ]
        return waiting[-1].id if waiting else None

    def _own_code(self, campaign: Campaign) -> codes.Code | None:
        return next((c for c in self.tx.codes.of_advocate(self.person.id) if c.campaign == campaign.id), None)

    def _do(self, action: Action, evidence: str) -> None:
        match action:
            case Say(key=key):
                self._say(key)
            case GivePoster(again=again):
                self._give_poster(again)
            case TellProgress() | TellFriends() | TellWhen() | TellWhy():
                self._post(_TELLS[type(action)](self.tx, self.facts, self.words, self.person.id, now=self.now))
            case TellRules():
                self._tell_rules()
            case ShowMenu(key=key):
                self._menu(key, _SIGNING if key == "poster.sign_ask" else _MAIN)
            case SetByline(byline=byline):
                self.tx.people.learn(self.person.id, byline=byline.value)
            case StopReminders():
                self._stop(evidence)
            case CallPerson() | OpenAppeal():
                self._call(action)
            case TouchCode(code=code):
                touch_by_code(
                    self.tx, self.person.id, code, kind=TouchKind.CODE, at=self.said_at, now=self.now, rng=self.rng
                )
                claims.settle(self.tx, self.person.id, code, now=self.now)
                orders.reexamine(self.tx, self.facts, self.person.id, now=self.now, rng=self.rng)
            case CountMiss():
                self.tx.codes.missed(f"person:{self.person.id}", self.now)
            case NoteDeclared():
                self._declared(evidence)
            case AskWhich(name=name):
                self._claimed(name)
            case Disclose(referral=referral, yes=yes):
                notices.disclose(self.tx, self.facts, self.person.id, referral, yes, now=self.now, rng=self.rng)
            case AskDisclosure(referral=referral):
                self._send(questions.disclosure(self.tx, self.words, referral, desk=self.desk, to=self.handle))
            case _:
                self._ask_and_keep(action, evidence)

    def _ask_and_keep(self, action: Action, evidence: str) -> None:
        """What concerns our own asking, appeals, and stories."""
        match action:
            case AskPermission():
                self._send(questions.permission(self.words, desk=self.desk, to=self.handle))
                consent.asked(self.tx, self.facts, self.person.id, now=self.now)
            case KeepPermission(yes=yes):
                self._keep_permission(yes, evidence)
            case AskSurvey():
                self._send(questions.survey(self.words, desk=self.desk, to=self.handle))
            case KeepScore(score=score):
                self._keep_score(score)
            case AskWhichAppeal():
                self._send(appeal_talk.which(self.tx, self.words, self.person.id, self.desk, self.handle, now=self.now))
            case AddToAppeal():
                appeals.add_words(self.tx, self.facts, self.person, self.typed, now=self.now, rng=self.rng)
            case SetPersonal(on=on):
                said = f"{evidence}:{self.typed}"
                personal.switch(self.tx, self.facts, self.person.id, on=on, evidence=said, channel="kf", now=self.now)
            case NoteAge(minor=minor):
                minors.say(self.tx, self.facts, self.person.id, minor, who=self.person.id, by_staff=False, now=self.now)
            case LeaveInPeace():
                nudges.put_off(self.tx, self.facts, self.person.id, now=self.now)
            case StoryAction():
                self._of_story().do(action, evidence)
            case ThanksAction():
                self._post(self._of_thanks().do(action))

    def _of_story(self) -> StoryTalk:
        return StoryTalk(
            tx=self.tx,
            facts=self.facts,
            words=self.words,
            desk=self.desk,
            handle=self.handle,
            person=self.person,
            typed=self.typed,
            now=self.now,
            rng=self.rng,
            send=self._send,
        )

    def _of_thanks(self) -> ThanksTalk:
        return ThanksTalk(
            tx=self.tx, facts=self.facts, words=self.words, person=self.person.id, now=self.now, rng=self.rng
        )

    def _say(self, key: str) -> None:
        stock: dict[str, object] = {"company": self.facts.company, "code": self.met, "minutes": 10}
        code = self.tx.codes.find(self.met) if self.met else None
        campaign = self.tx.campaigns.get(code.campaign) if code else None
        if key == "code.customer" and self._counts_late():
            key = "code.late"
        if key in ("code.accepted", "code.late") and code and campaign:
            advocate = self.tx.people.get(code.advocate)
            stock |= offered(self.tx, self.facts, campaign)
            if advocate and advocate.called and advocate.shown_name:
                stock["advocate"] = advocate.shown_name
            else:
                key += "_unsigned"
        self._post(self.words.say(key, stock))

    def _counts_late(self) -> bool:
        """Whether the code that was typed just now has been credited with what its friend had bought before."""
        mine = self.tx.referrals.of_friend(self.person.id)
        return any(r.code == self.met and r.status is ReferralStatus.CREDITED for r in mine)

    def _give_poster(self, again: bool) -> None:
        campaign = campaign_for(self.tx, self.facts, self.person, now=self.now)
        assert campaign
        code = codes.issue(self.tx, self.facts, self.person, campaign, evidence=f"desk:{self.desk}", now=self.now)
        lane = f"desk:{self.handle}"  # the poster goes out behind what the platform makes for it
        poster_links.prepare(self.tx, self.facts, campaign, code, now=self.now, rng=self.rng, lane=lane)
        terms = self.tx.campaigns.terms(campaign.id, campaign.version)
        link = poster_links.link_in_words(self.tx, self.facts, code.code)
        said = self.words.share(
            self.person,
            campaign,
            terms,
            edition="friend",
            link=link,
            code=code.code,
            now=self.now,
            history=history_of(self.tx, self.person.id),
        )
        nudges.took(self.tx, self.person.id, now=self.now)
        self._send(DeskPoster(desk=self.desk, to=self.handle, code=code.code, edition="feed"))
        self._post(said)
        offer = self.words.offer(campaign.pack, terms)
        head = self.words.say("poster.again", code=code.code) if again else self.words.say("poster.after", offer)
        self._send(self._menu_message(head, ("progress", "rules", "sign"), tail=self.words.say("menu.tail")))

    def _tell_rules(self) -> None:
        campaign = campaign_for(self.tx, self.facts, self.person, now=self.now)
        assert campaign
        offer = self.words.offer(campaign.pack, self.tx.campaigns.terms(campaign.id, campaign.version))
        self._post(self.words.say("rules.summary", offer, rules_link=self.facts.rules_page(campaign.id)))

    def _stop(self, evidence: str) -> None:
        """Silence from this moment: what waits in the queue is dropped in the same transaction."""
        said = f"{evidence}:{self.typed}"
        silence.keep(self.tx, self.facts, self.person.id, evidence=said, channel="kf", now=self.now)

    def _call(self, action: CallPerson | OpenAppeal) -> None:
        """A colleague is to come; of an appeal staff are told what it is about."""
        if isinstance(action, OpenAppeal):
            words = self._own_words()
            key = appeal_talk.raise_one(
                self.tx, self.facts, self.person, action.about, words, now=self.now, rng=self.rng
            )
            self._say(key)
        elif rep := codes.rep_for(self.tx, self.person.id, self.person.rep):
            key = "rep.called_unhappy" if self.mood is Mood.UNHAPPY else "rep.called"
            lines = [self.words.say(key, name=self.person.called or "一位客户")]
            if said := self._own_words() if action.session else self.typed:
                lines.append(self.words.say("rep.called_said", answer=said))
            told = RepText(rep=rep, text="\n".join(lines))
            post(self.tx, told, lane=f"rep:{rep}", purpose=Purpose.SYSTEM, now=self.now, rng=self.rng)
        if isinstance(action, OpenAppeal) or action.session:
            self._send(HandOver(desk=self.desk, to=self.handle))
        nudges.leave_to_staff(self.tx, self.facts, self.person.id, now=self.now)

    def _claimed(self, name: str) -> None:
        """A friend said who introduced them: kept for a colleague to confirm; whom we know is never listed."""
        taken = claims.hear(
            self.tx, self.facts, self.person, name, self.typed, at=self.said_at, now=self.now, rng=self.rng
        )
        match taken:
            case Taken.NOBODY:
                self._say("claim.who")
            case Taken.MANY:
                self._say("claim.many")
            case _:
                self._post(self.words.say("claim.which", name=name, pronoun=pronoun_for(name)))

    def _declared(self, evidence: str) -> None:
        for code in self.tx.codes.of_advocate(self.person.id)[-1:]:
            share = Share(
                person=self.person.id,
                campaign=code.campaign,
                code=code.code,
                channel=code.channel,
                level=ShareLevel.DECLARED,
                first_at=self.said_at,
                evidence=evidence,
            )
            self.tx.shares.reach(share)

    def _keep_permission(self, yes: bool, evidence: str) -> None:
        answer = Answer.GRANTED if yes else Answer.REFUSED
        said = f"{evidence}:{self.words.say('consent.ask')}:{self.typed}"
        consent.say(self.tx, self.facts, self.person.id, answer, evidence=said, channel="kf", now=self.now)

    def _keep_score(self, score: int) -> None:
        told = Signal(person=self.person.id, kind=SignalKind.SURVEY, at=self.said_at, source="desk", score=float(score))
        news.take_in(self.tx, self.facts, told, now=self.now, rng=self.rng)

    def _menu(self, key: str, items: tuple[str, ...]) -> None:
        shown = tuple(item for item in items if self._is_for_them(item))
        self._send(self._menu_message(self.words.say(key), shown, tail=""))

    def _is_for_them(self, item: str) -> bool:
        """Whether a menu should offer this: no stories where they may not be told, no points to who never had any."""
        if item == "story":
            return not stories.is_closed(self.facts.industry)
        return item != POINTS or points.of(self.tx, self.person.id, self.now).known

    def _menu_message(self, head: str, items: tuple[str, ...], *, tail: str) -> DeskMenu:
        shown = tuple(MenuItem(text=self.words.say(f"menu.{_LABELS.get(i, i)}"), id=i) for i in items)
        return DeskMenu(desk=self.desk, to=self.handle, head=head, items=shown, tail=tail)

    def _post(self, text: str) -> None:
        self._send(DeskText(desk=self.desk, to=self.handle, text=text))

    def _send(self, message: Message) -> None:
        lane = f"desk:{self.handle}"
        post(self.tx, message, lane=lane, purpose=Purpose.REPLY, person=self.person.id, now=self.now, rng=self.rng)
        if not isinstance(message, HandOver):
            self.tx.windows.spend(self.desk, self.person.id, 1)


_TELLS: dict[type, telling.Telling] = {
    TellProgress: telling.progress,
    TellFriends: telling.friends,
    TellWhen: telling.thanks,
    TellWhy: telling.why,
}
_MAIN = ("recommend", "progress", "rules", POINTS, "story", "person")
_SIGNING = ("sign.face", "sign.nickname", "sign.none")
_LABELS = {"sign.face": "sign_face", "sign.nickname": "sign_name", "sign.none": "sign_none"}


def said(tx: Transaction, facts: Facts, words: Words, event: DeskSaid, *, now: datetime, rng: Bits) -> None:
    """A customer wrote to a desk: answer."""
    person = _met_at_desk(tx, facts, event, now=now, rng=rng)
    tx.windows.opened(event.desk, person.id, event.who.value, event.at)
    talk = DeskTalk(
        tx=tx,
        facts=facts,
        words=words,
        desk=event.desk,
        handle=event.who.value,
        person=person,
        said_at=event.at,
        now=now,
        rng=rng,
        typed=event.text,
        tapped=event.menu is not None,
    )
    nudges.read(tx, person.id, now=now)
    due_rows.met(tx, facts, person.id, event.at, now=now)
    heard = _heard(tx, event, person, now)
    if event.kind == "text" and not talk.tapped and not isinstance(heard, OfStory) and not person.staff:
        talk.mood = mood_of(event.text)
    talk.answer(heard, f"message:{event.message_id}")


def _heard(tx: Transaction, event: DeskSaid, person: Person, now: datetime) -> Heard:
    """What a message means; to somebody who is writing a story nearly everything is a part of it."""
    draft = tx.stories.draft_of(person.id)
    if draft is None or not draft.is_being_written(now):
        return hear(event.text, menu=event.menu, kind=event.kind)
    asked = draft.asked_at is not None
    return hear_writing(event.text, menu=event.menu, kind=event.kind, media=event.media, asked=asked)


def entered(tx: Transaction, facts: Facts, words: Words, event: DeskEntered, *, now: datetime, rng: Bits) -> None:
    """A customer opened the chat: greet them once, while the platform lets us."""
    person = _met_at_desk(tx, facts, event, now=now, rng=rng)
    talk = DeskTalk(
        tx=tx,
        facts=facts,
        words=words,
        desk=event.desk,
        handle=event.who.value,
        person=person,
        said_at=event.at,
        now=now,
        rng=rng,
    )
    due_rows.met(tx, facts, person.id, event.at, now=now)
    is_ours = event.scene == desk_links.SCENE and event.scene_param
    brought = talk.entered_with(event.scene_param or "") if is_ours else ""
    if event.welcome_code is None:
        return
    key = "greet.hello"
    if tx.codes.of_advocate(person.id):
        key = "greet.back"
    elif tx.referrals.of_friend(person.id):
        key = "greet.friend"
    text = talk.greeting(brought) if brought else words.say(key, {"company": facts.company})
    post(
        tx,
        DeskGreeting(desk=event.desk, code=event.welcome_code, text=text),
        lane=f"desk:{event.who.value}",
        purpose=Purpose.REPLY,
        person=person.id,
        now=now,
        rng=rng,
        expires_at=event.at + WELCOME_WITHIN,
        dedupe=f"greeting:{event.welcome_code}",
    )


def send_failed(tx: Transaction, event: DeskSendFailed, *, now: datetime) -> None:
    """The platform took a message and did not deliver it: news that it carried waits again."""
    letter = tx.outbox.by_id(event.failed_id)
    if letter:
        tx.outbox.finish(letter.id, "failed", event.reason, now)
        notices.undelivered(tx, letter.dedupe)
        if letter.purpose is Purpose.NUDGE:
            nudges.failed(tx, nudges.carried(letter.dedupe), f"failed:{event.reason}")
            caring.letter_ended(tx, letter.dedupe, "failed", event.reason)


def _met_at_desk(tx: Transaction, facts: Facts, event: DeskSaid | DeskEntered, *, now: datetime, rng: Bits) -> Person:
    person, made = find_or_create(tx, event.who, now=now, rng=rng, holdout=facts.holdout)
    if made:
        orders.reexamine(tx, facts, person.id, now=now, rng=rng)
    if person.profiled_at is None:
        fetch = FetchProfile(who=event.who.value, desk=event.desk)
        lane, once = f"desk:{event.who.value}", f"profile:{event.desk}:{event.who.value}:{now:%Y-%m-%d}"
        post(tx, fetch, lane=lane, purpose=Purpose.SYSTEM, person=person.id, now=now, rng=rng, dedupe=once)
    return person
