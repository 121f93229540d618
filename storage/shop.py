"""The shop for points: the shelf and the exchanges."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from referral.shop import Item, Redemption
from storage import tables as t
from storage.times import at, ms

_ITEM = tuple(field.name for field in fields(Item))
_REDEMPTION = tuple(field.name for field in fields(Redemption))

_i, _r = t.shop_items.c, t.redemptions.c


class ShopTable:
    """`referral.shop.Shop` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, item: Item) -> None:
        values = {name: getattr(item, name) for name in _ITEM}
        times = {"added_at": ms(item.added_at), "closed_at": ms(item.closed_at)}
        self._c.execute(insert(t.shop_items).values(**(values | times)))

    def get(self, item: str) -> Item | None:
        return next(iter(self._items(_i.id == item)), None)

    def all(self) -> list[Item]:
        return self._items()

    def open(self) -> list[Item]:
        """What stands on the shelf and is left."""
        return self._items(_i.closed_at.is_(None), _i.stock > 0)

    def close(self, item: str, now: datetime) -> bool:
        closed = update(t.shop_items).where(_i.id == item, _i.closed_at.is_(None)).values(closed_at=ms(now))
        return self._c.execute(closed).rowcount == 1

    def take(self, item: str) -> bool:
        """Take one from the shelf, in one statement; False where none is left."""
        where = (_i.id == item, _i.closed_at.is_(None), _i.stock > 0)
        return self._c.execute(update(t.shop_items).where(*where).values(stock=_i.stock - 1)).rowcount == 1

    def put_back(self, item: str) -> None:
        self._c.execute(update(t.shop_items).where(_i.id == item).values(stock=_i.stock + 1))

    def redeem(self, redemption: Redemption) -> None:
        values = {name: getattr(redemption, name) for name in _REDEMPTION}
        times = {"at": ms(redemption.at), "returned_at": ms(redemption.returned_at)}
        self._c.execute(insert(t.redemptions).values(**(values | times)))

    def redeemed(self, person: str, once: str) -> Redemption | None:
        return next(iter(self._redemptions(_r.person == person, _r.once == once)), None)

    def redemption(self, redemption: str) -> Redemption | None:
        return next(iter(self._redemptions(_r.id == redemption)), None)

    def of_reward(self, reward: str) -> Redemption | None:
        return next(iter(self._redemptions(_r.reward == reward)), None)

    def redemptions(self, limit: int) -> list[Redemption]:
        """The newest first."""
        statement = select(t.redemptions).order_by(_r.at.desc(), _r.id).limit(limit)
        return [_redemption(row) for row in self._c.execute(statement)]

    def returned(self, redemption: str, now: datetime) -> bool:
        """Note that the points went back; False where they had before."""
        back = update(t.redemptions).where(_r.id == redemption, _r.returned_at.is_(None)).values(returned_at=ms(now))
        return self._c.execute(back).rowcount == 1

    def _items(self, *where: ColumnElement[bool]) -> list[Item]:
        return [_item(row) for row in self._c.execute(select(t.shop_items).where(*where).order_by(_i.row))]

    def _redemptions(self, *where: ColumnElement[bool]) -> list[Redemption]:
        return [_redemption(row) for row in self._c.execute(select(t.redemptions).where(*where))]


def _item(row: Any) -> Item:
    values = {name: getattr(row, name) for name in _ITEM}
    return Item(**{**values, "added_at": at(row.added_at), "closed_at": at(row.closed_at)})


def _redemption(row: Any) -> Redemption:
    values = {name: getattr(row, name) for name in _REDEMPTION}
    return Redemption(**{**values, "at": at(row.at), "returned_at": at(row.returned_at)})
