"""What must come of everything that people do, kept in plain dicts and lists: the truth that the engine is held to.

Nothing here knows the engine or its tables; times and ids come from outside. A step has the name that it has for the
engine, and changes the dicts at once.
"""

from tests.engine.model.clock import Clock
from tests.engine.model.offers import Offers
from tests.engine.model.orders import Orders
from tests.engine.model.people import People
from tests.engine.model.terms import FINAL, GIVEN_BACK
from tests.engine.model.thanks import Thanks
from tests.engine.model.touches import Touches

__all__ = ["FINAL", "GIVEN_BACK", "Model"]


class Model(People, Offers, Touches, Orders, Thanks, Clock):
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
