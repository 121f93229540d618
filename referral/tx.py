"""The transaction, as the use cases see it: one place per noun. `storage/` implements it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from referral.audit import Audit
    from referral.broadcasts import Broadcasts
    from referral.campaigns import Campaigns
    from referral.codes import Codes
    from referral.consent import Consents
    from referral.contact_ways import ContactWays
    from referral.drafts import Drafts
    from referral.jobs import Jobs
    from referral.ledger import Ledger
    from referral.moments import Moments
    from referral.notices import Notices, Windows
    from referral.nudges import Customers, Nudges
    from referral.orders import Orders
    from referral.outbox import Outbox
    from referral.people import People, Reps
    from referral.referrals import Referrals
    from referral.rewards import Rewards
    from referral.shares import Shares
    from referral.signals import Signals
    from referral.sync import Tags
    from referral.touches import Touches


class Tx(Protocol):
    """Everything that one unit of work may read and write; all of it commits, or none."""

    @property
    def audit(self) -> Audit: ...
    @property
    def people(self) -> People: ...
    @property
    def reps(self) -> Reps: ...
    @property
    def broadcasts(self) -> Broadcasts: ...
    @property
    def campaigns(self) -> Campaigns: ...
    @property
    def drafts(self) -> Drafts: ...
    @property
    def codes(self) -> Codes: ...
    @property
    def contact_ways(self) -> ContactWays: ...
    @property
    def shares(self) -> Shares: ...
    @property
    def tags(self) -> Tags: ...
    @property
    def touches(self) -> Touches: ...
    @property
    def referrals(self) -> Referrals: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def rewards(self) -> Rewards: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def consent(self) -> Consents: ...
    @property
    def signals(self) -> Signals: ...
    @property
    def moments(self) -> Moments: ...
    @property
    def nudges(self) -> Nudges: ...
    @property
    def customers(self) -> Customers: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def windows(self) -> Windows: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def jobs(self) -> Jobs: ...
