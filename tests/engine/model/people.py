"""Who is who: ids, people, and how two become one and two again."""

from tests.engine.model.terms import COUNTED, CREDITED, FINAL, GIVEN_BACK, HAD, came


class People:
    """The part of the books that this file is about."""

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
                    there = rows is self.rewards and (row["number"] in stays or self.is_there(row, key, kept))
                    if row[key] == gone and not there:
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

    def is_there(self, reward, key, kept):
        """Whether the friend kept has had the same: two who were thanked for and are one stay two in the books."""
        what = ("campaign", "rule", "side")
        same = (r for r in self.rewards if r is not reward and all(r[name] == reward[name] for name in what))
        had = any(r["friend"] == kept and r["state"] in HAD for r in same)
        return key == "friend" and reward["state"] in HAD and had

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
        refused = 4 if referral["reason"] in FINAL | GIVEN_BACK else 5
        rank = {"credited": 1, "reversed": 2, "pending": 3}.get(referral["status"], refused)
        if rank == 1 and not self.is_open(referral):
            rank = 0
        order = referral["order"]
        return rank, came(order) if order else (referral["at"], referral["at"]), referral["number"]

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
        anothers = [r for r in self.rewards if r["referral"] is referral and r["friend"] != person]
        anothers = [r for r in anothers if r["state"] in HAD]
        if referral["status"] == "pending" or (order and order["person"] == person and not anothers):
            return
        if referral["status"] == "credited":
            if not self.is_open(referral):
                for reward in anothers:  # whoever had it keeps it; what it was for is the other's now
                    if not self.is_there(reward, "friend", person):
                        reward["friend"] = person
                return
            self.undo(referral, "reward.corrected")
            if order:
                order.update(outcome="unmatched", reason="buyer.unknown", referral=None)
        referral.update(status="pending", reason="conversion.waiting", order=None)
