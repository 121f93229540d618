"""Thanks: held, asked for, granted, taken back; milestones and tiers."""

from datetime import timedelta

from tests.engine.model.rules import BEIJING
from tests.engine.model.terms import COUNTED, HAD, STAYS, most, promised, waiting


class Thanks:
    """The part of the books that this file is about."""

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
        same = person, thanks["side"], thanks["rule"]
        had = [r for r in self.rewards if r["referral"] is referral and (r["person"], r["side"], r["rule"]) == same]
        chosen = [r["chosen"] for r in had if r["chosen"] in thanks["choices"]]
        form = chosen[-1] if chosen and referral and not refusal else thanks["choices"][0]
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
            "chosen": chosen[-1] if form in chosen else None,
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
        campaign, who = self.campaigns[referral["campaign"]], referral["advocate"]
        terms = campaign["versions"][-1]
        mine = [r for r in self.referrals if (r["campaign"], r["advocate"]) == (campaign["name"], who)]
        through = sum((r["status"], r["reason"], r["folded"]) == ("credited", "granted", False) for r in mine)
        for thanks in terms["thanks"]:
            if thanks["cause"] != "milestone":
                continue
            theirs = [r for r in self.rewards if (r["campaign"], r["person"]) == (campaign["name"], who)]
            theirs = [r for r in theirs if (r["cause"], r["rule"]) == ("milestone", thanks["rule"])]
            if through < thanks["after_friends"]:
                self.reverse([r for r in theirs if r["state"] in COUNTED], "milestone.missed")
            elif not any(r["state"] in HAD or r["reason"] == "approval.refused" for r in theirs):
                self.reach(thanks, who, campaign, terms)

    def reach(self, thanks, who, campaign, terms):
        if self.reserve(campaign, most(thanks)):
            reward = self.owe(thanks, who, campaign["name"], None, None, terms, self.now, None)
            self.give_all([reward])
        elif not self.is_over(campaign, self.now):
            self.put("milestones", who, self.now + timedelta(days=1))

    def choose(self, reward, number):
        if reward["state"] == "held" and number < len(reward["thanks"]["choices"]) > 1:
            form = reward["thanks"]["choices"][number]
            if any(reward[name] != form[name] for name in form):
                reward.update(form, chosen=form)

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
