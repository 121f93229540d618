"""How a typical peer counts, for comparison: counters that go up at once, and nothing that ever looks back.

Taken from what three open systems do (peers.md, section 2): the last scan wins, whoever scans; an add counts when it
comes, and so does each telling of an order; there is no window, no rule against oneself, against those who were
customers or against staff, no refund and no second look.
"""

from collections import Counter


class Naive:
    """Two counters: friends per advocate when they add, and sales per advocate when they buy."""

    def __init__(self):
        self.last = {}
        self.adds = Counter()
        self.sales = Counter()
        self.events = 0

    def hear(self, event, model):
        """One event as it was told."""
        self.events += 1
        match event:
            case ("touch", (who, code, _)):
                self.scan(who, code, model)
            case ("add", (who, _, code, _)) if code:
                self.scan(who, code, model)
            case ("order", (_, who, _, _, code, _)):
                if code:
                    self.last[who] = model.codes[code]
                if who in self.last:
                    self.sales[self.credit(who)] += 1

    def scan(self, who, code, model):
        self.last[who] = model.codes[code]
        self.adds[self.credit(who)] += 1

    def credit(self, who):
        code = self.last[who]
        return code["campaign"], who, code["advocate"]

    def wrong(self, counted, truth, ids):
        """How many of these credits are not owed, or owed and not there; people by the ids that they have now."""
        now = Counter()
        for (campaign, who, advocate), number in counted.items():
            now[campaign, ids.get(who), advocate] += number
        return difference(now, truth)


def difference(counted, truth):
    """How many credits are too many, or missing."""
    return sum((counted - truth).values()) + sum((truth - counted).values())


def credits_of(referrals):
    """(campaign, friend, advocate) of each referral that stands."""
    return Counter((r["campaign"], r["friend"], r["advocate"]) for r in referrals if r["status"] == "credited")
