"""The keys of every bubble that code says. A key here without words, or words without a key, stops the start-up."""

_REASONS = """
    touch.none window.passed customer.existing self.referral
    budget.exhausted
    cap.reached reward.once amount.too_small conversion.other buyer.unknown late.claim
    late.passed hold.running granted credited refund.full refund.partial refund.below_minimum
    refund.before_grant refund.waiting conversion.waiting
"""

REASONS = frozenset(_REASONS.split())
"""Reason codes that have a sentence for customers (why.) and for staff (staff.)."""

_LINES = """
    campaign.none campaign.paused campaign.ended
    claim.which
    code.accepted code.accepted_unsigned code.already code.customer code.own code.unknown code.suggestion
    code.ended code.early code.tries
    greet.hello greet.back greet.friend
    menu.head menu.recommend menu.progress menu.rules menu.person menu.sign
    menu.sign_face menu.sign_name menu.sign_none menu.yes menu.no menu.tail
    notice.arrived notice.held notice.held_friend notice.granted notice.granted_friend
    notice.reversed notice.reversed_friend
    optout.done
    person.handed person.voice person.picture
    poster.after poster.again poster.sign_ask poster.sign_face poster.sign_name
    poster.sign_none poster.failed poster.declared
    privacy.ask privacy.ask_unsigned privacy.yes privacy.no privacy.now_yes privacy.now_no
    progress.none progress.not_started progress.summary progress.reversed progress.line progress.unnamed
    progress.due progress.more
    rep.friend_added rep.friend_added_unsigned rep.help rep.results rep.results_none rep.unknown
    rep.not_text rep.hello rep.called
    rules.summary
    state.added state.seen state.bought state.done state.left_out state.held state.approved state.granted
    state.reversed state.rejected state.expired
    welcome.named welcome.unsigned welcome.customer welcome.plain
    why.none why.appeal
"""

KEYS = frozenset(_LINES.split()) | {f"{audience}.{code}" for audience in ("why", "staff") for code in REASONS}
