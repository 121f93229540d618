"""Touches, contacts, and whom a friend's referral points to."""

from tests.engine.model.rules import happened
from tests.engine.model.terms import waiting


class Touches:
    """The part of the books that this file is about."""

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
        rests = campaign["state"] == "paused" and campaign["pause"] != "budget" and at >= campaign["paused"]
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
