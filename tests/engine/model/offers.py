"""Campaigns, their rule versions and their budgets."""

from tests.engine.model.terms import one_friend


class Offers:
    """The part of the books that this file is about."""

    def campaign(self, name, terms, starts, ends, budget):
        """A running campaign; `terms` is a dict of the offer's numbers."""
        self.campaigns[name] = {
            "name": name,
            "versions": [terms],
            "starts": starts,
            "ends": ends,
            "state": "running",
            "pause": "",
            "paused": None,
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
        paused = state == "paused"
        campaign.update(state=state, pause="operator" if paused else "")
        campaign["paused"] = (campaign["paused"] or self.now) if paused else None
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
