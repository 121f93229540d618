"""Whom an act is credited to, said over again on plain dicts from design 5.4 and 5.9 alone: the engine's own rules are
not imported, so that a mistake would have to be made twice.

A verdict is `("credit", touch, method)`, `("refuse", touch, reason)` or `("none", None, reason)`.
"""

from datetime import timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def happened(touch):
    """Touches in the order in which they happened; of those at one time the first told comes first."""
    return touch["at"], touch["told"], touch["number"]


def day(at):
    return at.astimezone(BEIJING).date()


def verdict(order, touches, terms_of, *, joined, purchases, staff):
    """`touches` are the buyer's own, `purchases` the times of their other purchases, `staff` who works here."""
    person = order["person"]
    if not touches:
        return "none", None, "touch.none"
    good = [t for t in touches if not t["void"] and t["advocate"] != person]
    if not good:
        own = [t for t in touches if t["advocate"] == person]
        latest = max(own or touches, key=happened)
        return "refuse", latest, "self.referral" if own else latest["void"]
    before = [t for t in good if t["at"] <= order["at"]]
    method = None
    if before:
        fresh = [t for t in before if order["at"] - t["at"] <= timedelta(days=terms_of(t)["window_days"])]
        chosen = [by_rule(group, terms_of) for group in by_campaign(fresh or before)]
    else:
        method = "late_claim"
        late = [t for t in good if t["told"] <= order["at"] + timedelta(days=terms_of(t)["late_days"])]
        chosen = [min(group, key=happened) for group in by_campaign(late)]
    if not chosen:
        return "none", None, "late.passed"
    judged = []
    for touch in chosen:
        terms = terms_of(touch)
        why = refusal(order, touch, terms, bool(method), joined=joined, purchases=purchases, staff=staff)
        judged.append((not why, touch, why or method or f"{terms['attribution']}_touch"))
    # Claims that came late are all first touches: of those the earliest, else the latest.
    counting = [each for each in judged if each[0]] or judged
    best = (min if method else max)(counting, key=lambda each: happened(each[1]))
    return "credit" if best[0] else "refuse", best[1], best[2]


def refusal(order, touch, terms, late, *, joined, purchases, staff):
    if not late and order["at"] - touch["at"] > timedelta(days=terms["window_days"]):
        return "window.passed"
    if order["person"] in staff or touch["advocate"] in staff:
        return "staff"
    met = min(touch["at"], order["at"])
    if terms["new_customers_only"] and ((joined and day(joined) < day(met)) or any(p < met for p in purchases)):
        return "customer.existing"
    if order["kind"] not in terms["conversions"]:
        return "conversion.other"
    return "amount.too_small" if order["fen"] < terms["min_amount_fen"] else None


def by_campaign(touches):
    return [[t for t in touches if t["campaign"] == name] for name in dict.fromkeys(t["campaign"] for t in touches)]


def by_rule(touches, terms_of):
    """The first touch or the last, as the rules say that the last one met."""
    first = terms_of(max(touches, key=happened))["attribution"] == "first"
    return (min if first else max)(touches, key=happened)
