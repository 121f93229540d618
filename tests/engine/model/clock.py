"""What falls due."""


class Clock:
    """The part of the books that this file is about."""

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
