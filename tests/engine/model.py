"""What must come of everything that people do, kept in plain dicts and lists: the truth that the engine is held to.

Nothing here knows the engine or its tables; times and ids come from outside. A step has the name that it has for the
engine, and changes the dicts at once.
"""

from datetime import timedelta

from tests.engine.model_rules import BEIJING, happened, verdict

CREDITED = ("held", "credited")
COUNTED = ("held", "approved", "granted")
HAD = (*COUNTED, "expired")
FINAL = {"budget.exhausted", "cap.reached", "cap.day", "cap.campaign", "margin.exceeded", "approval.refused"}
GIVEN_BACK = {"refund.full", "refund.before_grant", "refund.below_minimum"}
STAYS = ("cash", "gift")  # what has reached somebody and is never asked back


class Model:
    """The books as they should be."""

    def __init__(self, now):
        self.now = now
        self.number = 0
        self.ids = {}  # identity → person
        self.people = {}  # person → what is known of them
        self.campaigns = {}
        self.codes = {}
        self.contacts = []
        self.touches = []
        self.referrals = []
        self.orders = {}  # (number, kind)
        self.refunds = {}  # (order's number, refund's number)
        self.rewards = []
        self.jobs = {}  # (kind, key) → when and whether it is open, in the order in which they were first put
        self.merges = {}

    def next(self):
        self.number += 1
        return self.number

    # ---- who is who --------------------------------------------------------------------------------------------

    def met(self, identity, person):
        """An identity is heard of, which `person` names."""
        self.ids.setdefault(identity, person)
        self.people.setdefault(person, {"joined": None, "staff": False, "tier": ""})

    def look_again(self, person):
        """Orders that waited for this person are theirs, and all of theirs are decided anew."""
        known = {identity for identity, who in self.ids.items() if who == person}
        for order in self.orders.values():
            if order["person"] is None and known & set(order["buyer"]):
                order["person"] = person
                if order["code"] and order["outcome"] == "unmatched":
                    self.touch(person, order["code"], order["at"])
        self.settle(person)

    def learn(self, person, **known):
        self.people[person].update(known)

    def merge(self, name, kept, gone):
        """Everything of one person is the other's from now on; of two referrals in one campaign one stands for both."""
        log = self.merges[name] = []

        def change(row, key, value):
            log.append((row, key, row[key], value))
            row[key] = value

        for mine in self.of_friend(kept):
            other = self.find(mine["campaign"], gone)
            if other:
                stays, goes = sorted((mine, other), key=self.weight)
                change(goes, "folded", True)
                if goes["status"] == "credited" and self.is_open(goes):
                    self.undo(goes, "person.merged")
                    for order in self.orders.values():
                        if order["referral"] is goes and order["outcome"] in CREDITED:
                            order.update(outcome="unmatched", reason="buyer.unknown", referral=None)
        had = [r for r in self.rewards if r["cause"] == "milestone" and r["state"] in HAD]
        reached = {(r["campaign"], r["rule"]) for r in had if r["person"] == kept}
        twice = [r for r in had if r["person"] == gone and (r["campaign"], r["rule"]) in reached]
        self.reverse([r for r in twice if r["state"] in COUNTED], "person.merged")
        stays = [r["number"] for r in twice if r["state"] == "expired"]
        columns = (self.touches, ("friend", "advocate")), (self.referrals, ("friend", "advocate"))
        columns += (self.rewards, ("person", "friend")), (self.orders.values(), ("person",))
        columns += ((self.codes.values(), ("advocate",)),)
        for rows, keys in columns:
            for row in rows:
                for key in keys:
                    if row[key] == gone and not (rows is self.rewards and row["number"] in stays):
                        change(row, key, kept)
        for identity, person in self.ids.items():
            if person == gone:
                change(self.ids, identity, kept)
        self.one_contact_each(kept, gone, change)
        mine, theirs = self.people[kept], self.people[gone]
        joined = min((p["joined"] for p in (mine, theirs) if p["joined"]), default=None)
        for key, value in ("joined", joined), ("staff", mine["staff"] or theirs["staff"]):
            change(mine, key, value)
        change(mine, "tier", mine["tier"] or theirs["tier"])
        self.point_again(kept)
        self.review_all(kept)

    def one_contact_each(self, kept, gone, change):
        mine = {c["rep"]: c for c in self.contacts if c["person"] == kept}
        for row in [c for c in self.contacts if c["person"] == gone]:
            if row["rep"] in mine:
                change(mine[row["rep"]], "added", mine[row["rep"]]["added"] or row["added"])
                change(row, "person", None)
            else:
                change(row, "person", kept)

    def weight(self, referral):
        """What has gone furthest comes first; of equals what was brought about by the earlier act."""
        rank = {"credited": 1, "reversed": 2, "pending": 3}.get(referral["status"], 4)
        if rank == 1 and not self.is_open(referral):
            rank = 0
        order = referral["order"]
        return rank, order["at"] if order else referral["at"], referral["number"]

    def part(self, name, kept, gone):
        """Undo a merge: each row is as it was, but for what has changed since; orders follow the ids they named."""
        for row, key, before, after in reversed(self.merges.pop(name)):
            if row[key] == after:
                row[key] = before
        for order in self.orders.values():
            if order["person"] == kept and {self.ids.get(i) for i in order["buyer"]} - {None} == {gone}:
                order["person"] = gone
        for person in (kept, gone):
            for referral in self.of_friend(person):
                self.open_again(referral, person)
        for person in (kept, gone):
            self.point_again(person)
            self.look_again(person)
            self.review_all(person)

    def open_again(self, referral, person):
        order = referral["order"]
        if referral["status"] == "pending" or (order and order["person"] == person):
            return
        if referral["status"] == "credited":
            if not self.is_open(referral):
                return
            self.undo(referral, "reward.corrected")
            if order:
                order.update(outcome="unmatched", reason="buyer.unknown", referral=None)
        referral.update(status="pending", reason="conversion.waiting", order=None)

    # ---- campaigns ---------------------------------------------------------------------------------------------

    def campaign(self, name, terms, starts, ends, budget):
        """A running campaign; `terms` is a dict of the offer's numbers."""
        self.campaigns[name] = {
            "name": name,
            "versions": [terms],
            "starts": starts,
            "ends": ends,
            "state": "running",
            "pause": "",
            "budget": budget,
            "used": 0,
        }

    def terms(self, touch):
        return self.campaigns[touch["campaign"]]["versions"][touch["version"]]

    def is_over(self, campaign, at):
        return campaign["ends"] is not None and at >= campaign["ends"]

    def move(self, name, state):
        """Somebody pauses, resumes or ends a campaign."""
        campaign = self.campaigns[name]
        if campaign["state"] == "ended":
            return
        campaign.update(state=state, pause="operator" if state == "paused" else "")
        if state == "ended":
            campaign["ends"] = min(self.now, campaign["ends"] or self.now)

    def edit(self, name, terms, budget):
        """The offer becomes better for whoever comes from now on."""
        campaign = self.campaigns[name]
        if not self.is_over(campaign, self.now):
            campaign["versions"].append(terms)
            campaign["budget"] = budget
            self.resume(campaign)

    def turn_calendar(self):
        for campaign in self.campaigns.values():
            if campaign["state"] != "ended" and self.is_over(campaign, self.now):
                campaign.update(state="ended", pause="")

    def reserve(self, campaign, fen):
        if campaign["used"] + fen > campaign["budget"]:
            return False
        campaign["used"] += fen
        if fen and campaign["state"] == "running" and self.is_used_up(campaign):
            campaign.update(state="paused", pause="budget")
        return True

    def release(self, campaign, fen):
        campaign["used"] -= fen
        self.resume(campaign)

    def is_used_up(self, campaign):
        return campaign["budget"] - campaign["used"] < one_friend(campaign["versions"][-1])

    def resume(self, campaign):
        waits = campaign["pause"] == "budget" and not self.is_over(campaign, self.now)
        if waits and not self.is_used_up(campaign):
            campaign.update(state="running", pause="")

    # ---- touches and referrals ---------------------------------------------------------------------------------

    def code(self, code, campaign, advocate, made):
        self.codes[code] = {"campaign": campaign, "advocate": advocate, "made": made}

    def touch(self, friend, code, at):
        """A friend meets a code; what they bought until now may be credited by it when they are looked at again."""
        known = self.codes[code]
        campaign = self.campaigns[known["campaign"]]
        at = max(at, known["made"]).replace(microsecond=0)
        touch = {
            "number": self.next(),
            "friend": friend,
            "advocate": known["advocate"],
            "campaign": known["campaign"],
            "version": len(campaign["versions"]) - 1,
            "at": at,
            "told": self.now,
            "void": self.void(campaign, at, self.find(known["campaign"], friend)),
        }
        self.touches.append(touch)
        if not touch["void"] and touch["advocate"] != friend:
            self.point(touch)

    def void(self, campaign, at, came_before):
        if self.is_over(campaign, at):
            return "campaign.ended"
        if at < campaign["starts"].replace(microsecond=0):
            return "campaign.early"
        rests = campaign["state"] == "paused" and campaign["pause"] != "budget"
        return "campaign.paused" if rests and not came_before else ""

    def added(self, person, rep, code, at):
        """A friend adds a rep, by a code or without: only the first add of the two is a touch."""
        known = next((c for c in self.contacts if (c["person"], c["rep"]) == (person, rep)), None)
        if known is None:
            self.contacts.append(known := {"person": person, "rep": rep, "added": False})
        first, known["added"] = not known["added"], True
        if first and code and not self.is_over(self.campaigns[self.codes[code]["campaign"]], at):
            self.touch(person, code, at)
        self.look_again(person)

    def left(self, person, rep):
        if not any((c["person"], c["rep"]) == (person, rep) for c in self.contacts):
            self.contacts.append({"person": person, "rep": rep, "added": False})

    def of_friend(self, friend):
        return [r for r in self.referrals if r["friend"] == friend and not r["folded"]]

    def find(self, campaign, friend):
        return next((r for r in self.of_friend(friend) if r["campaign"] == campaign), None)

    def point(self, touch):
        known = self.find(touch["campaign"], touch["friend"])
        if known is None:
            known = {"number": self.next(), "campaign": touch["campaign"], "friend": touch["friend"], "folded": False}
            self.referrals.append(known | {"status": "pending"})
            known = self.referrals[-1]
        elif known["status"] != "pending" or not self.overtakes(touch, known):
            return
        known.update(waiting(touch))

    def overtakes(self, touch, known):
        first = self.terms(touch)["attribution"] == "first"
        return touch["at"] < known["at"] if first else touch["at"] >= known["at"]

    def point_again(self, friend):
        """Whom a friend's waiting referrals point to, after their touches became more or fewer."""
        for known in self.of_friend(friend):
            counts = (t for t in self.touches if t["friend"] == friend and not t["void"] and t["advocate"] != friend)
            mine = sorted((t for t in counts if t["campaign"] == known["campaign"]), key=happened)
            if known["status"] == "pending" and mine:
                first = self.terms(mine[-1])["attribution"] == "first"
                known.update(waiting(mine[0] if first else mine[-1]))

    # ---- orders ------------------------------------------------------------------------------------------------

    def order(self, number, kind, fen, at, buyer, person, code):
        """A shop tells of an act; `person` is whom its buyer's ids name, if anybody."""
        if (number, kind) in self.orders:
            return
        order = self.orders[number, kind] = {
            "number": number,
            "kind": kind,
            "fen": fen,
            "refunded": 0,
            "back": False,
            "at": at,
            "told": self.now,
            "buyer": buyer,
            "person": person,
            "code": code,
            "outcome": "unmatched",
            "reason": "buyer.unknown",
            "referral": None,
        }
        for (told, _), refund in self.refunds.items():
            if told == number and refund["kind"] == kind:
                self.count(order, refund["fen"])
        if person is None:
            self.put("close", (number, kind), max(self.now, self.late_until(order)))
            return
        if code:
            self.touch(person, code, at)
        self.look_again(person)

    def late_until(self, order):
        running = [c for c in self.campaigns.values() if not self.is_over(c, order["at"])]
        return order["at"] + timedelta(days=max((c["versions"][-1]["late_days"] for c in running), default=7))

    def refund(self, number, refund_no, fen, kind):
        """`fen` None is all of it; a refund that comes before its order waits for it."""
        if (number, refund_no) in self.refunds:
            return
        self.refunds[number, refund_no] = {"fen": fen, "kind": kind}
        order = self.orders.get((number, kind))
        if order is None:
            return
        self.count(order, fen)
        reason = self.refund_reason(order, order["referral"] and self.terms_of(order["referral"]))
        if reason and order["outcome"] in CREDITED and self.holds(order):
            order.update(outcome="rejected", reason=self.take_back(order["referral"], reason))
        elif reason and order["outcome"] == "rejected":
            order["reason"] = reason
        if order["person"]:
            self.settle(order["person"])

    def count(self, order, fen):
        left = order["fen"] - order["refunded"]
        order["refunded"] += left if fen is None else min(fen, left)
        order["back"] = order["back"] or fen is None or 0 < order["fen"] <= order["refunded"]

    def refund_reason(self, order, terms):
        """What a refund means under the terms that an order was judged by; nothing where enough of it is left."""
        left = order["fen"] - order["refunded"]
        if order["back"]:
            return "refund.full"
        if terms and left < terms["min_amount_fen"]:
            return "refund.below_minimum"
        dear = terms and terms["margin_percent"] and one_friend(terms) > left * terms["margin_percent"] // 100
        return "margin.exceeded" if dear else None

    def terms_of(self, referral):
        return self.campaigns[referral["campaign"]]["versions"][referral["version"]]

    def holds(self, order):
        return order["referral"] is not None and order["referral"]["order"] is order

    def settle(self, person):
        """Decide all orders of a person that may still be decided, the oldest first, until nothing changes."""
        while self.decide_all(person):
            pass

    def decide_all(self, person):
        mine = [o for o in self.orders.values() if o["person"] == person]
        given_up = [self.decide(o) for o in sorted(mine, key=came) if not self.is_closed(o)]
        return any(given_up)

    def is_closed(self, order):
        if order["outcome"] == "no_referral":
            return self.now > self.late_until(order)
        return order["outcome"] == "rejected" and order["reason"] in FINAL | GIVEN_BACK

    def decide(self, order):
        """One order; whether it had a credit and has none now."""
        slot = order["referral"] if order["outcome"] in CREDITED and self.holds(order) else None
        if slot and not self.is_open(slot):
            return False
        what, touch, why = self.judge(order)
        if what == "credit":
            self.credit(order, slot, touch, why)
            return slot is not None and order["outcome"] not in CREDITED
        if slot:
            self.undo(slot, why)
        said = "refund.full" if order["back"] and what == "refuse" else why
        order.update(outcome="no_referral" if what == "none" else "rejected", reason=said, referral=None)
        if what == "refuse":
            self.turn_down(order, touch, why)
        return slot is not None

    def judge(self, order):
        others = [o for o in self.orders.values() if o["person"] == order["person"] and o is not order]
        return verdict(
            order,
            [t for t in self.touches if t["friend"] == order["person"]],
            self.terms,
            joined=self.people[order["person"]]["joined"],
            purchases=[o["at"] for o in others if o["kind"] == "order.paid" and not o["back"]],
            staff={name for name, known in self.people.items() if known["staff"]},
        )

    def turn_down(self, order, touch, why):
        """The friend's referral says why; one that was paid for, or will never be, is left alone."""
        order["referral"] = known = self.find(touch["campaign"], order["person"])
        if known and not self.had_their_turn(known):
            known.update(waiting(touch) | {"status": "rejected", "reason": why})

    def had_their_turn(self, referral):
        if referral["status"] == "rejected":
            return referral["reason"] in FINAL | GIVEN_BACK
        return referral["status"] in ("credited", "reversed")

    def credit(self, order, slot, touch, method):
        if slot and slot["campaign"] == touch["campaign"] and slot["advocate"] == touch["advocate"]:
            return
        if slot:
            self.undo(slot, "reward.corrected")
        known = self.find(touch["campaign"], order["person"])
        if known and known is not slot and self.has_a_later_order(known, order):
            if known["advocate"] == touch["advocate"] and not self.taken_back(order, self.terms_of(known)):
                self.bring_forward(known, order)
                return
            self.undo(known, "reward.corrected")
        if known and self.had_their_turn(known):
            outcome = "credited" if known["status"] == "credited" else "rejected"
            order.update(outcome=outcome, reason="reward.once", referral=known)
        elif why := self.taken_back(order, self.terms(touch)):
            order.update(outcome="rejected", reason=why)
            self.turn_down(order, touch, why)
        else:
            self.hold(order, touch, method, known)

    def taken_back(self, order, terms):
        """Why what would have counted does not any more."""
        return self.refund_reason(order, terms) if order["refunded"] or order["back"] else None

    def has_a_later_order(self, referral, order):
        if referral["status"] != "credited" or not referral["order"] or not self.is_open(referral):
            return False
        return order["at"] < referral["order"]["at"]

    def bring_forward(self, referral, order):
        """The earlier of two acts is the one that brought the thanks."""
        terms = self.terms_of(referral)
        due = max(self.now, order["at"] + timedelta(days=terms["hold_days"]))
        held = [r for r in self.rewards if r["referral"] is referral and r["state"] == "held"]
        for reward in held:
            reward.update(order=order, due=due)
        referral["order"] = order
        order.update(outcome=promised(terms), reason="hold.running" if held else "credited", referral=referral)
        if held:
            self.put("grant", referral["number"], due)

    # ---- thanks ------------------------------------------------------------------------------------------------

    def hold(self, order, touch, method, known):
        """Both sides' thanks, or the reasons why not."""
        campaign, terms = self.campaigns[touch["campaign"]], self.terms(touch)
        tier = self.people[touch["advocate"]]["tier"]
        wanted = [t for t in terms["thanks"] if t["cause"] == "referral" and (not t["tiers"] or tier in t["tiers"])]
        cost = sum(most(t) for t in wanted)
        against = dict.fromkeys(("advocate", "friend"), "budget.exhausted")
        if not wanted or self.reserve(campaign, cost):
            against = self.against(order, touch, terms, cost)
            self.release(campaign, sum(most(t) for t in wanted if t["side"] in against))
        refusal = None
        if wanted and all(t["side"] in against for t in wanted):
            refusal = against[wanted[0]["side"]]
        if known is None:
            known = {"number": self.next(), "campaign": touch["campaign"], "friend": order["person"], "folded": False}
            self.referrals.append(known)
            known = self.referrals[-1]
        status, reason = ("rejected", refusal) if refusal else ("credited", "hold.running" if wanted else "credited")
        known.update(waiting(touch) | {"status": status, "reason": reason, "order": order})
        due = max(self.now, order["at"] + timedelta(days=terms["hold_days"]))
        for thanks in wanted:
            person = touch["advocate"] if thanks["side"] == "advocate" else order["person"]
            refused = against.get(thanks["side"])
            self.owe(thanks, person, touch["campaign"], known, order, terms, due, refused)
        order.update(outcome="rejected" if refusal else promised(terms, wanted), reason=reason, referral=known)
        if wanted and not refusal:
            self.put("grant", known["number"], due)

    def against(self, order, touch, terms, cost):
        """Which sides get nothing, and why."""
        both = ("advocate", "friend")
        name, who = touch["campaign"], touch["advocate"]
        if terms["cap_campaign"] and self.friends(name) >= terms["cap_campaign"]:
            return dict.fromkeys(both, "cap.campaign")
        earns = (order["fen"] - order["refunded"]) * terms["margin_percent"] // 100
        if terms["margin_percent"] and cost > earns:
            return dict.fromkeys(both, "margin.exceeded")
        today = self.now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
        if self.friends(name, who, today.replace(month=1, day=1)) >= terms["cap_per_year"]:
            reason = "cap.reached"
        elif terms["cap_per_day"] and self.friends(name, who, today) >= terms["cap_per_day"]:
            reason = "cap.day"
        else:
            return {}
        return dict.fromkeys(both, reason)

    def friends(self, campaign, advocate=None, since=None):
        counted = (r for r in self.rewards if r["campaign"] == campaign and r["state"] in HAD)
        theirs = (r for r in counted if r["cause"] == "referral" and (since is None or r["held"] >= since))
        return len({r["friend"] for r in theirs if advocate in (None, r["referral"]["advocate"])})

    def owe(self, thanks, person, campaign, referral, order, terms, due, refusal):
        form = thanks["choices"][0]
        reward = {
            "number": self.next(),
            "campaign": campaign,
            "referral": referral,
            "friend": referral and referral["friend"],
            "person": person,
            "side": thanks["side"],
            "rule": thanks["rule"],
            "cause": thanks["cause"],
            "thanks": thanks,
            "order": order,
            "state": "rejected" if refusal else "held",
            "reason": refusal or "hold.running",
            "reserved": 0 if refusal else most(thanks),
            "held": self.now,
            "due": due,
            "expires": None,
            "asked": None,
        }
        dear = terms["approve_over_fen"] and most(thanks) > terms["approve_over_fen"]
        if not refusal and (terms["confirm"] or dear):
            reward["asked"] = "waits"
        self.rewards.append(reward | form)
        return self.rewards[-1]

    def is_open(self, referral):
        """Whether a credit may still be corrected: nothing of it has gone beyond being held."""
        mine = [r for r in self.rewards if r["referral"] is referral and r["order"] is referral["order"]]
        return all(r["state"] in ("held", "rejected", "reversed") for r in mine)

    def grant(self, number):
        """The refund window of a referral is over, or that of a thanks alone."""
        referral = next((r for r in self.referrals if r["number"] == number), None)
        if referral is None:
            self.give_all([r for r in self.rewards if r["number"] == number])
            return
        if referral["status"] != "credited":
            return
        held = [r for r in self.rewards if r["referral"] is referral and r["state"] == "held"]
        waits = any(r["asked"] == "waits" for r in held)
        if not (waits and self.terms_of(referral)["both_or_neither"]):
            self.give_all(held)
        referral["reason"] = "approval.waiting" if waits else "granted"
        if not waits:
            if referral["order"] and referral["order"]["reason"] == "hold.running":
                referral["order"]["reason"] = "granted"
            self.review(referral)

    def give_all(self, rewards):
        for reward in rewards:
            if reward["state"] == "held" and reward["asked"] != "waits":
                self.give(reward)

    def give(self, reward):
        campaign = self.campaigns[reward["campaign"]]
        reward.update(state="granted", reason="granted")
        self.release(campaign, reward["reserved"] - reward["cost_fen"])
        if reward["kind"] == "tier":
            self.raise_tier(reward)
        if reward["valid_days"]:
            reward["expires"] = self.now + timedelta(days=reward["valid_days"])
            self.put("expire", reward["number"], reward["expires"])

    def same_tiers(self, reward):
        same = (r for r in self.rewards if (r["kind"], r["value"]) == ("tier", reward["value"]) and r is not reward)
        return [r for r in same if (r["person"], r["state"]) == (reward["person"], "granted")]

    def raise_tier(self, reward):
        """The tier that was there before comes back when this one ends."""
        person, same = self.people[reward["person"]], self.same_tiers(reward)
        reward["former"] = same[0]["former"] if same and person["tier"] == reward["value"] else person["tier"]
        person["tier"] = reward["value"]

    def lower_tier(self, reward):
        person = self.people[reward["person"]]
        if reward["kind"] == "tier" and person["tier"] == reward["value"] and not self.same_tiers(reward):
            person["tier"] = reward["former"]

    def review_all(self, advocate):
        """An advocate's friends became more or fewer: look at every campaign in which they brought somebody."""
        mine = [r for r in self.referrals if r["advocate"] == advocate and not r["folded"]]
        latest = {r["campaign"]: r for r in sorted(mine, key=lambda r: r["at"])}
        for referral in latest.values():
            self.review(referral)

    milestones = review_all  # the job of that name

    def review(self, referral):
        """A milestone is there as soon, and as long, as so many friends are through."""
        campaign, terms, who = self.campaigns[referral["campaign"]], self.terms_of(referral), referral["advocate"]
        mine = [r for r in self.referrals if (r["campaign"], r["advocate"]) == (campaign["name"], who)]
        through = sum((r["status"], r["reason"], r["folded"]) == ("credited", "granted", False) for r in mine)
        for thanks in terms["thanks"]:
            if thanks["cause"] != "milestone":
                continue
            theirs = [r for r in self.rewards if (r["campaign"], r["person"]) == (campaign["name"], who)]
            theirs = [r for r in theirs if (r["cause"], r["rule"]) == ("milestone", thanks["rule"])]
            if through < thanks["after_friends"]:
                self.reverse([r for r in theirs if r["state"] in COUNTED], "reward.corrected")
            elif not any(r["state"] in HAD for r in theirs):
                self.reach(thanks, who, campaign, terms)

    def reach(self, thanks, who, campaign, terms):
        if self.reserve(campaign, most(thanks)):
            reward = self.owe(thanks, who, campaign["name"], None, None, terms, self.now, None)
            self.give_all([reward])
        elif not self.is_over(campaign, self.now):
            self.put("milestones", who, self.now + timedelta(days=1))

    def choose(self, reward, number):
        if reward["state"] == "held" and number < len(reward["thanks"]["choices"]) > 1:
            reward.update(reward["thanks"]["choices"][number])

    def approve(self, reward):
        reward["asked"] = "yes"
        if reward["due"] <= self.now:
            self.put("grant", (reward["referral"] or reward)["number"], self.now)

    def refuse(self, reward):
        """Somebody says no; where both sides hang together both end."""
        referral = reward["referral"]
        mine = [r for r in self.rewards if referral and r["referral"] is referral]
        bound = referral and self.terms_of(referral)["both_or_neither"]
        for each in [r for r in mine if bound and r["state"] == "held"] or [reward]:
            each["asked"] = "no"
            self.end(each, "rejected", "approval.refused")
        if referral and not any(r["state"] in COUNTED for r in mine):
            referral.update(status="rejected", reason="approval.refused")
            referral["order"].update(outcome="rejected", reason="approval.refused")
        elif referral and reward["due"] <= self.now:
            self.put("grant", referral["number"], self.now)

    def take_back(self, referral, reason):
        """After a refund: what has not reached somebody for good is reversed."""
        counted = [r for r in self.rewards if r["referral"] is referral and r["state"] in COUNTED]
        if counted and all(r["state"] == "held" for r in counted):
            reason = "refund.before_grant"
        self.reverse(counted, reason)
        self.stop("grant", referral["number"])
        referral.update(status="reversed", reason=reason)
        self.review(referral)
        return reason

    def undo(self, referral, reason):
        """What is held turns out not to be owed; the friend may be credited again."""
        self.reverse([r for r in self.rewards if r["referral"] is referral and r["state"] in COUNTED], reason)
        self.stop("grant", referral["number"])
        referral.update(status="rejected", reason=reason, order=None)
        self.review(referral)

    def reverse(self, rewards, reason):
        for reward in rewards:
            if reward["state"] == "granted" and reward["kind"] in STAYS:
                reward["reason"] = "refund.after_payment"
            else:
                self.end(reward, "reversed", reason)

    def end(self, reward, state, reason):
        was_granted = reward["state"] == "granted"
        reward.update(state=state, reason=reason)
        if was_granted:
            self.lower_tier(reward)
        self.stop("expire", reward["number"])
        self.release(self.campaigns[reward["campaign"]], reward["cost_fen"] if was_granted else reward["reserved"])

    def expire(self, number):
        """What is left of a granted thanks lapses; what was at hand all the time has cost what it cost."""
        reward = next(r for r in self.rewards if r["number"] == number)
        if reward["state"] == "granted" and reward["expires"] <= self.now:
            reward.update(state="expired", reason="expired")
            self.lower_tier(reward)
            if reward["kind"] in ("coupon", "points"):
                self.release(self.campaigns[reward["campaign"]], reward["cost_fen"])

    # ---- time --------------------------------------------------------------------------------------------------

    def put(self, kind, key, due):
        known = self.jobs.get((kind, key))
        if known and known["open"]:
            due = min(due, known["due"])
        self.jobs.setdefault((kind, key), {}).update(due=due, open=True)

    def stop(self, kind, key):
        if (kind, key) in self.jobs:
            self.jobs[kind, key]["open"] = False

    def work(self):
        """Do what is due, the earliest first."""
        self.turn_calendar()
        while due := [name for name, job in self.jobs.items() if job["open"] and job["due"] <= self.now]:
            for kind, key in sorted(due, key=lambda name: self.jobs[name]["due"]):
                self.jobs[kind, key]["open"] = False
                getattr(self, kind)(key)

    def close(self, key):
        order = self.orders[key]
        if order["outcome"] == "unmatched":
            order.update(outcome="no_referral", reason="late.passed")


def came(order):
    return order["at"], order["told"]


def most(thanks):
    """What it can cost, whichever form is chosen."""
    return max(form["cost_fen"] for form in thanks["choices"])


def one_friend(terms):
    """The most that one friend's act can cost."""
    return sum(most(t) for t in terms["thanks"] if t["cause"] == "referral" and not t["tiers"])


def promised(terms, wanted=None):
    thanked = wanted if wanted is not None else [t for t in terms["thanks"] if t["cause"] == "referral"]
    return "held" if thanked else "credited"


def waiting(touch):
    """How a referral stands that points to a touch."""
    known = {name: touch[name] for name in ("advocate", "version", "at")}
    return known | {"status": "pending", "reason": "conversion.waiting", "order": None}
