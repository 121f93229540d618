"""The keys of every bubble that code says. A key here without words, or words without a key, stops the start-up."""

_REASONS = """
    touch.none touch.last touch.first touch.late touch.other window.passed customer.existing self.referral
    rep.excluded fraud.held add.again campaign.not_started campaign.ended campaign.paused budget.exhausted
    cap.reached reward.once amount.too_small order.not_first conversion.other buyer.unknown late.claim
    late.passed hold.running granted credited refund.full refund.partial refund.below_minimum
    refund.before_grant refund.waiting conversion.waiting consent.none sharing.never_paid
"""

REASONS = frozenset(_REASONS.split())
"""Reason codes that have a sentence for customers (why.) and for staff (staff.)."""

_LINES = """
    campaign.none campaign.not_eligible campaign.paused campaign.ended
    claim.which claim.noted
    code.accepted code.accepted_unsigned code.already code.customer code.own code.unknown code.suggestion
    code.ended code.tries
    footer.ad
    greet.hello greet.back greet.friend
    menu.head menu.recommend menu.poster menu.progress menu.rules menu.why menu.person menu.sign
    menu.sign_face menu.sign_name menu.sign_none menu.me menu.yes menu.no menu.tail
    notice.arrived notice.arrived_unnamed notice.held notice.held_friend notice.granted notice.granted_friend
    notice.reversed notice.reversed_friend notice.rejected
    optout.done
    person.handed person.later person.voice person.picture
    poster.making poster.after poster.again poster.sign_ask poster.sign_face poster.sign_name
    poster.sign_none poster.failed poster.declared
    privacy.ask privacy.ask_unsigned privacy.yes privacy.no privacy.now_yes privacy.now_no privacy.link
    progress.none progress.not_started progress.summary progress.reversed progress.line progress.unnamed
    progress.due progress.more
    rep.friend_added rep.friend_added_unsigned rep.tell rep.help rep.results rep.results_none rep.unknown
    rep.not_text rep.hello rep.called
    rules.summary
    state.added state.seen state.bought state.done state.left_out state.held state.approved state.granted
    state.reversed state.rejected state.expired
    welcome.named welcome.unsigned welcome.customer welcome.plain
    why.head why.none why.appeal
"""

KEYS = frozenset(_LINES.split()) | {f"{audience}.{code}" for audience in ("why", "staff") for code in REASONS}
