"""The keys of every bubble that code says. A key here without words, or words without a key, stops the start-up."""

_REASONS = """
    touch.none window.passed customer.existing self.referral
    budget.exhausted
    cap.reached reward.once amount.too_small conversion.other buyer.unknown late.claim
    late.passed hold.running granted credited refund.full refund.partial refund.below_minimum
    refund.before_grant refund.waiting conversion.waiting
    campaign.ended campaign.early campaign.paused touch.readd staff cap.day cap.campaign margin.exceeded other.side
    approval.waiting approval.refused fulfilment.running fulfilment.failed reward.corrected refund.after_payment
    person.merged person.erased expired choice.open tier.other claim.waiting claim.refused
    milestone.missed minor suspect.review suspect.confirmed
"""

REASONS = frozenset(_REASONS.split())
"""Reason codes that have a sentence for customers (why.) and for staff (staff.)."""

_MOMENTS = """
    good.survey.answered good.praise.given good.renewal.done good.milestone.reached good.delivery.completed
    good.purchase.made good.complaint.closed tenure satisfaction active referred eligible
    tenure.young satisfaction.plain quiet complaint.recent tired
    tenure.long active.much taken came came.less unprompted unprompted.less profile profile.less own own.less
    reach reach.less alone.less hour
    change.stop change.own_word change.time change.consent change.complaint change.survey change.joined change.never
    change.adult change.campaign change.channel change.settings change.recognise change.room change.news
    change.easier change.greet change.answer gate.tool gate.interaction
    good.anniversary.reached refund.recent rotation minor minor.unknown
    opted_out consent.refused consent.unknown complaint.open survey.low tenure.unknown tenure.short holdout
    rest.later rest.to_care rest.cared rest.with_staff rest.chatted rest.not_now rest.unsuitable rest.lost
    gap cap.none cap.year cap.month
    asked.open took.recently gate.recognition audience campaign.none channel.none rep.load budget.day
"""

MOMENTS = frozenset(_MOMENTS.split())
"""Reasons for and against asking a customer now (moment.)."""

_LINES = """
    appeal.opened appeal.known appeal.which appeal.item appeal.mine appeal.all
    explain.line explain.own explain.thanks explain.reviewing explain.until_conversion explain.until_refund
    explain.until_late_claim explain.until_expiry explain.more explain.none_friends explain.none_thanks
    explain.do_wait explain.do_code explain.do_choose explain.do_phone explain.do_next explain.do_later explain.do_use
    explain.do_appeal
    notice.appeal_answered rep.appeal_made rep.appeal_again rep.appeal_open
    rep.appeal_words rep.budget_paused rep.guardrail_optout rep.guardrail_complaint rep.experiment_decided
    rep.experiment_over
    campaign.none campaign.paused campaign.full campaign.ended
    claim.which claim.who claim.many
    code.accepted code.accepted_unsigned code.already code.customer code.own code.unknown code.suggestion
    code.ended code.early code.tries code.late code.late_unsigned
    consent.ask consent.ask_rep consent.yes consent.no consent.granted consent.refused consent.resumed
    evidence.same_device evidence.within_hour evidence.soon evidence.refunded evidence.unseen evidence.burst
    evidence.ring evidence.own_code evidence.others_confirmed evidence.others_same_device evidence.others_refunded
    evidence.others_burst evidence.others_ring
    footer.ad
    gate.experience gate.recognition gate.tool gate.interaction
    gate.care_experience gate.care_recognition gate.care_tool gate.care_interaction
    care.desk_birthday care.desk_anniversary care.desk_thanks care.desk_recognise care.desk_survey care.desk_easier
    care.desk_early care.rep_birthday care.rep_anniversary care.rep_thanks care.rep_survey care.rep_early
    care.why_repair care.why_repair_low care.why_birthday care.why_anniversary care.why_thanks care.why_recognise
    care.why_survey care.why_easier care.why_early care.why_silence
    care.do_repair care.do_recognise care.do_easier care.do_survey care.do_care care.card_title care.card_text
    choice.ask choice.done choice.closed choice.other
    points.balance points.below points.lapse points.none points.shop
    notice.granted_redemption notice.returned_redemption
    notice.sent notice.address notice.friends notice.reversed_milestone notice.corrected_other
    menu.points
    state.usable state.used state.sent state.needs state.returned
    greet.hello greet.back greet.friend greet.brought greet.brought_unsigned
    menu.head menu.recommend menu.progress menu.rules menu.story menu.person menu.sign
    menu.sign_face menu.sign_name menu.sign_none menu.yes menu.no menu.tail
    notice.held_review notice.held_review_friend
    notice.arrived notice.held notice.held_friend notice.granted notice.granted_friend
    notice.reversed notice.reversed_friend notice.reversed_other notice.corrected notice.corrected_friend
    notice.granted_milestone notice.granted_story notice.granted_manual notice.by_hand
    notice.refused notice.refused_friend
    notice.claim_confirmed notice.claim_refused notice.claim_expired
    nudge.open_survey nudge.open_praise nudge.open_delivery nudge.open_renewal nudge.open_milestone
    nudge.open_purchase nudge.open_resolved nudge.open_anniversary nudge.open_plain
    nudge.kf_help_1 nudge.kf_both_1 nudge.kf_thanks_1 nudge.kf_plain_1
    nudge.kf_help_2 nudge.kf_both_2 nudge.kf_thanks_2 nudge.kf_plain_2
    nudge.rep_help_1 nudge.rep_both_1 nudge.rep_thanks_1 nudge.rep_plain_1
    nudge.rep_help_2 nudge.rep_both_2 nudge.rep_thanks_2 nudge.rep_plain_2
    nudge.yes nudge.later nudge.stop nudge.put_off
    optout.done
    person.handed person.voice person.picture person.praised
    personal.off personal.on age.minor age.adult age.adults_only
    poster.after poster.again poster.sign_ask poster.sign_face poster.sign_name
    poster.sign_none poster.failed poster.declared
    privacy.ask privacy.ask_unsigned privacy.yes privacy.no privacy.now_yes privacy.now_no
    progress.none progress.not_started progress.summary progress.thanks progress.reversed progress.line progress.unnamed
    progress.due progress.more
    rep.claim_made rep.claims_head rep.claims_none rep.claims_tail rep.claim_line rep.claim_own rep.claim_other
    rep.claim_nobody rep.claim_which rep.claim_yes rep.claim_no rep.claim_gone rep.claim_reason
    rep.job_dead rep.connector_failing rep.connector_gone rep.connector_trouble
    rep.pool_empty rep.bill_unresolved rep.bill_undecided rep.bill_failed rep.bill_over
    rep.domain_blocked rep.domain_stuck rep.domain_clear
    rep.budget_alarm rep.friend_added rep.friend_added_unsigned rep.help rep.results rep.results_none rep.unknown
    rep.not_text rep.hello rep.called
    rep.called_unhappy rep.called_said rep.who_note
    rep.noted_praise rep.noted_praise_again rep.noted_complaint rep.noted_complaint_again rep.noted_resolved
    rep.noted_resolved_again
    rep.card_title rep.card_text rep.card_button rep.low_score rep.complaint
    rep.help_manager rep.more rep.more_people rep.link rep.list_head rep.list_line rep.list_none rep.list_done
    rep.list_questions rep.list_cares
    rep.campaigns_head rep.campaigns_none rep.campaign_line rep.state_draft rep.state_waiting
    rep.state_running rep.period_open rep.period_left rep.period_last rep.period_begins rep.offers_head
    rep.offers_none rep.offers_unknown rep.offer_line rep.offers_tail rep.offer_unlawful rep.draft_asks rep.draft_waits
    rep.draft_waits_own rep.draft_already rep.draft_no_manager rep.draft_runs rep.draft_later
    rep.draft_refused rep.draft_lapsed rep.answer_yes rep.answer_no rep.answer_yes_own rep.answer_no_own
    rep.answer_approved rep.answer_refused rep.answer_lapsed rep.answer_none rep.answer_which rep.answer_line
    rep.approvals_wait rep.approvals_tail rep.suspicions_wait rep.suspicion_line
    rep.suspicions_tail rep.suspicions_head
    rep.approval_line rep.approval_confirm rep.approval_amount rep.approval_manual
    rep.approval_yes rep.approval_no rep.approval_own rep.approval_reason
    rep.answer_own rep.who rep.who_poster rep.who_none rep.who_several rep.who_line rep.who_line_since
    rep.ask_now rep.ask_from rep.ask_listed rep.why_bars rep.change rep.brought_none
    rep.ask_later rep.ask_not rep.why_for rep.why_against rep.not_before rep.gate
    rep.consent rep.consent_granted rep.consent_unknown rep.consent_refused rep.consent_withdrawn
    rep.asked_last rep.asked_never rep.took_seen rep.took_unseen rep.took_none rep.brought rep.poster_silent
    rep.poster_words rep.poster_link
    rules.summary
    story.begin story.resume story.noted story.full story.photos_full story.media story.short story.done story.drop
    story.licence story.choose story.signed story.unsigned story.later story.sent story.waits story.dropped story.none
    story.closed story.enough story.photo_large story.photo_unreadable story.photo_lost story.nothing story.which
    story.all story.back story.selected
    survey.ask survey.thanks survey.again
    state.added state.seen state.bought state.done state.left_out state.held state.approved state.granted
    state.reversed state.rejected state.expired
    welcome.named welcome.unsigned welcome.customer welcome.plain
    why.none why.appeal
"""

KEYS = frozenset(_LINES.split()) | {f"{audience}.{code}" for audience in ("why", "staff") for code in REASONS}
KEYS |= {f"moment.{code}" for code in MOMENTS}
