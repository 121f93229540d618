"""Orders and refunds, and what each stands for."""

from datetime import timedelta

from tests.engine.model.rules import verdict
from tests.engine.model.terms import COUNTED, CREDITED, FINAL, GIVEN_BACK, came, one_friend, promised, waiting


class Orders:
    """The part of the books that this file is about."""

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
        alone = not any(told == number and other != kind for told, other in self.orders)
        for (told, _), refund in self.refunds.items():
            mine = refund["kind"] == kind or (alone and refund["kind"] == "order.paid")
            if told == number and mine and not refund["counted"]:
                refund["counted"] = True
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
        known = self.refunds[number, refund_no] = {"fen": fen, "kind": kind, "counted": False}
        order = self.orders.get((number, kind)) or self.only_act(number, kind)
        if order is None:
            return
        known["counted"] = True
        self.count(order, fen)
        referral = order["referral"]
        reason = self.refund_reason(order, referral and self.terms_of(referral), referral and self.cost_of(referral))
        if reason and order["outcome"] in CREDITED and self.holds(order):
            order.update(outcome="rejected", reason=self.take_back(order["referral"], reason))
        elif reason and order["outcome"] == "rejected":
            order["reason"] = reason
        if order["person"]:
            self.settle(order["person"])

    def only_act(self, number, kind):
        """Money given back where nothing was paid by that number: for the one trial or visit that has it."""
        acts = [order for (told, _), order in self.orders.items() if told == number]
        return acts[0] if kind == "order.paid" and len(acts) == 1 else None

    def count(self, order, fen):
        left = order["fen"] - order["refunded"]
        order["refunded"] += left if fen is None else min(fen, left)
        order["back"] = order["back"] or fen is None or order["fen"] <= order["refunded"]

    def cost_of(self, referral):
        return sum(r["reserved"] for r in self.rewards if r["referral"] is referral and r["state"] in COUNTED)

    def refund_reason(self, order, terms, cost):
        """What a refund means under the terms that an order was judged by; nothing where enough of it is left."""
        left = order["fen"] - order["refunded"]
        if order["back"]:
            return "refund.full"
        if terms and left < terms["min_amount_fen"]:
            return "refund.below_minimum"
        return "margin.exceeded" if terms and self.too_dear(order, terms, cost) else None

    def too_dear(self, order, terms, cost):
        """The thanks would be more than what the order earns."""
        left = order["fen"] - order["refunded"]
        return terms["margin_percent"] and cost > left * terms["margin_percent"] // 100

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
            terms = self.terms_of(known)
            fits = not self.taken_back(order, terms) and not self.too_dear(order, terms, self.cost_of(known))
            if known["advocate"] == touch["advocate"] and fits:
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
        return self.refund_reason(order, terms, one_friend(terms)) if order["refunded"] or order["back"] else None

    def has_a_later_order(self, referral, order):
        if referral["status"] != "credited" or not referral["order"] or not self.is_open(referral):
            return False
        return came(order) < came(referral["order"])

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
