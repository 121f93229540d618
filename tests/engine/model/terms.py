"""What the model calls things, and what follows from one row alone."""

CREDITED = ("held", "credited")
COUNTED = ("held", "approved", "granted")
HAD = (*COUNTED, "expired")
FINAL = {"budget.exhausted", "cap.reached", "cap.day", "cap.campaign", "margin.exceeded", "approval.refused"}
GIVEN_BACK = {"refund.full", "refund.before_grant", "refund.below_minimum"}
STAYS = ("cash", "gift")  # what has reached somebody and is never asked back


def came(order):
    return order["at"], order["told"]


def most(thanks):
    """What it can cost, whichever form is chosen."""
    return max(form["cost_fen"] for form in thanks["choices"])


def one_friend(terms):
    """The most that one friend's act can cost."""
    return sum(most(t) for t in terms["thanks"] if t["cause"] == "referral" and not t["tiers"])


def promised(terms, wanted=None):
    thanked = wanted if wanted is not None else [t for t in terms["thanks"] if t["cause"] == "referral"]
    return "held" if thanked else "credited"


def waiting(touch):
    """How a referral stands that points to a touch."""
    known = {name: touch[name] for name in ("advocate", "version", "at")}
    return known | {"status": "pending", "reason": "conversion.waiting", "order": None}
