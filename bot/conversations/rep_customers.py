"""客户, 海报: one customer of the rep's own, and whether it is right to ask; or a poster that the customer wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.conversations.account import account_of
from bot.conversations.rep_talk import RepTalk
from referral import codes, decisions, notices, own_asks, plan, poster_links
from referral.audiences import campaign_for
from referral.changes import changes_of
from referral.conversations.names import called
from referral.decisions import Customer, Defer, Send, Verdict, judge
from referral.framing import pronoun_for
from referral.history import history_of
from referral.identities import Identity, IdentityKind
from referral.moments import Moment, Permission
from referral.nicknames import legible
from referral.scoring import Reason
from referral.shares import Share, ShareLevel

_MOST = 6  # names in one question
_TELLS = 3  # reasons for and reasons against
_SOMEONE = "这位客户"


def standing(talk: RepTalk, asked: str) -> str:
    """Why, or why not, to ask this customer now."""
    if not asked:
        return talk.say("who")
    return of_one(talk, asked, _standing)


def poster(talk: RepTalk, asked: str) -> str:
    """The words and the poster for a customer who wants them from the rep."""
    if not asked:
        return talk.say("who_poster")
    return of_one(talk, asked, _poster)


def of_one(talk: RepTalk, asked: str, answer: Callable[[RepTalk, Customer], str]) -> str:
    """What is to be said of the customer who is called so; of several, or none, that."""
    found = _find(talk, asked)
    if not found:
        return talk.say("who_none", wanted=asked)
    if len(found) > 1:
        return _several(talk, found)
    return answer(talk, talk.tx.customers.load(found, talk.now)[0])


def _find(talk: RepTalk, asked: str) -> list[str]:
    """Those of the rep's own customers who are called so, by name, by their number, or by our own id."""
    own = talk.tx.customers.of_rep(talk.rep)
    known = talk.tx.people.find(Identity(IdentityKind.CRM, asked)) or talk.tx.people.get(asked.lower())
    if known and any(each.person == known.id for each in own):
        return [known.id]
    return [each.person for each in called(own, asked)]


def _several(talk: RepTalk, found: Sequence[str]) -> str:
    lines = [_told_apart(talk, each) for each in talk.tx.customers.load(found[:_MOST], talk.now)]
    lines += [""] * (len(found) - len(lines))
    return talk.listing(talk.say("who_several", count=len(found)), lines, most=_MOST, more="more_people")


def _told_apart(talk: RepTalk, customer: Customer) -> str:
    person = talk.tx.people.get(customer.moment.person)
    assert person
    names = {"names": _full_name(person.called, legible(person.name)), "id": customer.crm_id or person.id}
    since = customer.moment.customer_since or person.joined_at
    return talk.say("who_line_since", names, when=talk.day(since)) if since else talk.say("who_line", names)


def _full_name(nickname: str, name: str) -> str:
    if nickname and name and nickname != name:
        return f"{nickname}（{name}）"
    return nickname or name or _SOMEONE


def _standing(talk: RepTalk, customer: Customer) -> str:
    person = customer.moment.person
    judged = judge(customer, plan.situation(talk.tx, talk.facts, now=talk.now), talk.now)
    verdict = decisions.standing(judged, talk.tx.moments.due_rows([person]).get(person), talk.now)
    told = [_verdict(talk, verdict), *_reasons(talk, verdict)]
    if verdict.not_before and not isinstance(verdict.decision, Send | Defer):
        told.append(talk.say("not_before", when=talk.day(verdict.not_before)))
    if verdict.gate:
        told.append(talk.say("gate", reason=talk.words.say(f"gate.{verdict.gate.value}")))
    told.append(talk.say("change", reasons=_joined(talk, changes_of(verdict))))
    return "\n".join([*told, *_history(talk, customer)])


def _verdict(talk: RepTalk, verdict: Verdict) -> str:
    name = verdict.customer.name or _SOMEONE
    match verdict.decision:
        case Send() if verdict.not_before:
            return talk.say("ask_from", name=name, when=talk.hour(verdict.not_before))
        case Send():
            return talk.say("ask_now", name=name)
        case Defer() if _is_listed(verdict):
            return talk.say("ask_listed", name=name)
        case Defer(until=until):
            return talk.say("ask_later", name=name, when=talk.day(verdict.not_before or until))
        case _:
            return talk.say("ask_not", name=name)


def _reasons(talk: RepTalk, verdict: Verdict) -> list[str]:
    """What stands in the way, what speaks for asking, and what against; nothing of it twice."""
    is_open = isinstance(verdict.decision, Send)
    speaks_for = verdict.why if is_open else verdict.speaks_for
    bars = () if is_open or _is_listed(verdict) else verdict.why
    told = (("why_bars", bars), ("why_for", speaks_for), ("why_against", verdict.against))
    return [talk.say(key, reasons=_joined(talk, reasons)) for key, reasons in told if reasons]


def _is_listed(verdict: Verdict) -> bool:
    """Whether nothing but the rep's own list keeps a customer from being asked anew."""
    return verdict.customer.on_list and [each.code for each in verdict.why] == ["asked.open"]


def _joined(talk: RepTalk, reasons: Sequence[Reason]) -> str:
    return "；".join(talk.words.moment(each.code, each.value) for each in reasons[:_TELLS])


def _history(talk: RepTalk, customer: Customer) -> list[str]:
    account = account_of(talk.tx, customer.moment.person, talk.now)
    friends = [friend for friend in account.friends if friend.state != "left_out"]
    return [
        talk.say("consent", state=talk.say(f"consent_{_permission(talk, customer.moment).value}")),
        talk.say("asked_last", when=talk.day(customer.asked[-1])) if customer.asked else talk.say("asked_never"),
        _took(talk, customer),
        talk.say("brought", friends=len(friends), bought=account.bought) if friends else talk.say("brought_none"),
    ]


def _permission(talk: RepTalk, moment: Moment) -> Permission:
    return Permission.WITHDRAWN if notices.is_silent(talk.tx, moment.person) else moment.consent


def _took(talk: RepTalk, customer: Customer) -> str:
    if customer.took_at is None:
        return talk.say("took_none")
    return talk.say("took_seen" if customer.seen else "took_unseen", when=talk.day(customer.took_at))


def _poster(talk: RepTalk, customer: Customer) -> str:
    """Done at the customer's own request, so that silence does not stand against it; the rep is reminded of it."""
    person = talk.tx.people.get(customer.moment.person)
    campaign = campaign_for(talk.tx, talk.facts, person, now=talk.now) if person else None
    if campaign is None or person is None:
        return talk.say("campaigns_none")
    code = codes.issue(talk.tx, talk.facts, person, campaign, evidence=f"rep:{talk.rep}", now=talk.now)
    _note_taken(talk, code)
    terms = talk.tx.campaigns.terms(campaign.id, campaign.version)
    poster_links.prepare(talk.tx, talk.facts, campaign, code, now=talk.now, rng=talk.rng)
    link = poster_links.link_in_words(talk.tx, talk.facts, code.code)
    name = customer.name or _SOMEONE
    silent = [talk.say("poster_silent", pronoun=pronoun_for(name))] if notices.is_silent(talk.tx, person.id) else []
    history = history_of(talk.tx, person.id)
    said = talk.words.share(
        person, campaign, terms, edition="friend", link=link, code=code.code, now=talk.now, history=history
    )
    picture = f"{talk.facts.public_url}/p/{code.code}.jpg?edition=friend"
    links = talk.say("poster_link", link=link, poster_link=picture)
    return "\n".join([*silent, talk.say("poster_words", name=name), said, links])


def _note_taken(talk: RepTalk, code: codes.Code) -> None:
    """The rep hands it over: evidence of a higher grade, and what came of an ask, this one if there was none lately."""
    share = Share(
        person=code.advocate,
        campaign=code.campaign,
        code=code.code,
        channel=code.channel,
        level=ShareLevel.SENT_FOR,
        first_at=talk.now,
        evidence=f"rep:{talk.rep}",
    )
    talk.tx.shares.reach(share)
    own_asks.handed_over(talk.tx, talk.facts, code.advocate, code.campaign, talk.rep, now=talk.now, rng=talk.rng)
