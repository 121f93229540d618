"""One unit of work: every table behind its noun, over one connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from storage.addresses import AddressesTable, RealNamesTable
from storage.api_keys import ApiAnswersTable, ApiKeysTable
from storage.appeals import AppealsTable
from storage.audit import AuditTable, MarksTable
from storage.broadcasts import BroadcastsTable
from storage.campaigns import CampaignsTable
from storage.care import CaresTable
from storage.claims import ClaimsTable
from storage.codes import CodesTable
from storage.connectors import AnnouncementsTable, StandingsTable
from storage.consent import ConsentTable
from storage.contact_ways import ContactWaysTable
from storage.conversations import ConversationsTable, DesksTable, MediaTable
from storage.coupons import CouponsTable
from storage.customers import CustomersTable
from storage.designs import DesignsTable
from storage.domains import DomainsTable
from storage.drafts import DraftsTable
from storage.erasure import ErasuresTable
from storage.experiments import ExperimentsTable
from storage.forest import BranchesTable
from storage.fulfilment import BillsTable
from storage.guardrails import GuardsTable
from storage.inbox import InboxTable
from storage.intake import IntakeTable
from storage.jobs import JobsTable
from storage.ledger import LedgerTable
from storage.lessons import LessonsTable
from storage.lift import LiftTable
from storage.merges import MergesTable
from storage.models import ModelsTable
from storage.moments import MomentsTable
from storage.notices import NoticesTable, WindowsTable
from storage.nudges import NudgesTable
from storage.orders import DeliveriesTable, OrdersTable
from storage.outbox import OutboxTable
from storage.people import PeopleTable, RepsTable
from storage.referrals import ReferralsTable
from storage.results import ResultsTable
from storage.rewards import RewardsTable
from storage.shares import SharesTable
from storage.shop import ShopTable
from storage.signals import SignalsTable
from storage.stories import StoriesTable
from storage.story_quotes import StoryQuotesTable
from storage.suspicions import SuspicionsTable
from storage.tags import TagsTable
from storage.touches import TouchesTable
from storage.unmatched import UnmatchedTable


class Transaction:
    """`referral.tx.Tx`, and the places that only the edge needs. Made once per connection."""

    def __init__(self, connection: Connection) -> None:  # noqa: PLR0915  # one line for each noun
        self.connection = connection
        self.addresses = AddressesTable(connection)
        self.api_answers = ApiAnswersTable(connection)
        self.api_keys = ApiKeysTable(connection)
        self.appeals = AppealsTable(connection)
        self.announcements = AnnouncementsTable(connection)
        self.audit = AuditTable(connection)
        self.bills = BillsTable(connection)
        self.branches = BranchesTable(connection)
        self.broadcasts = BroadcastsTable(connection)
        self.campaigns = CampaignsTable(connection)
        self.cares = CaresTable(connection)
        self.claims = ClaimsTable(connection)
        self.codes = CodesTable(connection)
        self.connectors = StandingsTable(connection)
        self.consent = ConsentTable(connection)
        self.contact_ways = ContactWaysTable(connection)
        self.conversations = ConversationsTable(connection)
        self.coupons = CouponsTable(connection)
        self.customers = CustomersTable(connection)
        self.deliveries = DeliveriesTable(connection)
        self.designs = DesignsTable(connection)
        self.desks = DesksTable(connection)
        self.domains = DomainsTable(connection)
        self.drafts = DraftsTable(connection)
        self.erasures = ErasuresTable(connection)
        self.experiments = ExperimentsTable(connection)
        self.guards = GuardsTable(connection)
        self.inbox = InboxTable(connection)
        self.intake = IntakeTable(connection)
        self.jobs = JobsTable(connection)
        self.ledger = LedgerTable(connection)
        self.lessons = LessonsTable(connection)
        self.lift = LiftTable(connection)
        self.marks = MarksTable(connection)
        self.media = MediaTable(connection)
        self.merges = MergesTable(connection)
        self.models = ModelsTable(connection)
        self.moments = MomentsTable(connection)
        self.notices = NoticesTable(connection)
        self.nudges = NudgesTable(connection)
        self.orders = OrdersTable(connection)
        self.outbox = OutboxTable(connection)
        self.people = PeopleTable(connection)
        self.real_names = RealNamesTable(connection)
        self.referrals = ReferralsTable(connection)
        self.reps = RepsTable(connection)
        self.results = ResultsTable(connection)
        self.rewards = RewardsTable(connection)
        self.shares = SharesTable(connection)
        self.shop = ShopTable(connection)
        self.signals = SignalsTable(connection)
        self.stories = StoriesTable(connection)
        self.story_quotes = StoryQuotesTable(connection)
        self.suspicions = SuspicionsTable(connection)
        self.tags = TagsTable(connection)
        self.touches = TouchesTable(connection)
        self.unmatched = UnmatchedTable(connection)
        self.windows = WindowsTable(connection)

    def begun(self) -> None:
        """A unit of work begins: what was remembered in the last one has to be asked for again."""
        self.models.begun()
        self.moments.begun()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """What the block has done is undone where it raises, and the rest of the unit may go on."""
        self.connection.exec_driver_sql("savepoint attempt")
        try:
            yield
        except DBAPIError:
            raise  # the database itself: the whole unit is over, and may be tried again
        except BaseException:
            self.connection.exec_driver_sql("rollback to savepoint attempt")
            self.connection.exec_driver_sql("release savepoint attempt")
            self.begun()
            raise
        self.connection.exec_driver_sql("release savepoint attempt")
