"""`/rewards/tax`: what each person got in a year that is taxed (reliability R9), for whoever withholds it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from bot.api.operations import Asked, Operation
from bot.api.shapes import Fen, Page, PageQuery, PersonId, page
from referral import tax
from storage import taxes
from storage.transaction import Transaction

Year = Annotated[int, Meta(ge=2000, le=2099, description="A calendar year of Beijing's.", examples=[2026])]


class TaxedClass(Struct, frozen=True, kw_only=True):
    """The year in one tax class: `incidental` is 偶然所得, `labour` 劳务报酬.

    `value_fen` is the amount of cash, and what anything else cost the company. `tax_fen` is to be withheld where that
    counts as gross, `net_fen` is left; where the company pays the tax on top it counts as `gross_up_fen`.
    """

    tax_class: Literal["incidental", "labour"]
    payments: int
    value_fen: Fen
    tax_fen: Fen
    net_fen: Fen
    gross_up_fen: Fen


class TaxedYear(Struct, frozen=True, kw_only=True):
    """What one person got in a year and kept; a thanks that was taken back is not in it."""

    person: PersonId
    name: str
    year: int
    value_fen: Fen
    tax_fen: Fen
    classes: list[TaxedClass]


class TaxQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which year."""

    year: Year


def _list(tx: Transaction, asked: Asked) -> Page[TaxedYear]:
    query: TaxQuery = asked.query
    found: Page[Any] = page(tx, taxes.people_of(query.year), query, {}, lambda row: row.person)
    payments = taxes.payments_of(tx, query.year, found.items)
    return Page([_year(tx, person, query.year, payments[person]) for person in found.items], found.next)


def _year(tx: Transaction, person_id: str, year: int, payments: list[tax.Payment]) -> TaxedYear:
    totals, person = tax.totals(payments), tx.people.get(person_id)
    return TaxedYear(
        person=person_id,
        name=(person.name or person.called) if person else "",
        year=year,
        value_fen=sum(each.value_fen for each in totals),
        tax_fen=sum(each.tax_fen for each in totals),
        classes=[msgspec.convert(asdict(each), TaxedClass) for each in totals],
    )


_EXAMPLE = TaxedYear(
    person="p0123456789abcdef",
    name="梅女士",
    year=2026,
    value_fen=6_000,
    tax_fen=1_200,
    classes=[
        TaxedClass(
            tax_class="incidental", payments=3, value_fen=6_000, tax_fen=1_200, net_fen=4_800, gross_up_fen=7_500
        )
    ],
)

OPERATIONS = (
    Operation(
        name="listTaxedYears",
        method="GET",
        path="/rewards/tax",
        scope="rewards:read",
        summary="What each person got in a year that is taxed, and what is to be withheld, by tax class.",
        run=_list,
        query=TaxQuery,
        answer=Page[TaxedYear],
        example=Page([_EXAMPLE], None),
    ),
)
