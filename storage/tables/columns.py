"""The metadata that every table hangs on, and the columns they are made of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Integer, MetaData, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Serial = BigInteger().with_variant(Integer, "sqlite")


def id_() -> Column[str]:
    """The key of a row: opaque text."""
    return Column("id", Text, primary_key=True)


def text_(name: str, *, null: bool = False, default: str | None = None) -> Column[str]:
    """A text."""
    return Column(name, Text, nullable=null, server_default=default)


def int_(name: str, *, null: bool = False, default: str | None = None) -> Column[int]:
    """An integer: a time in ms, a sum in fen, a count."""
    return Column(name, BigInteger, nullable=null, server_default=default)


def real_(name: str, *, null: bool = False, default: str | None = None) -> Column[float]:
    """A number."""
    return Column(name, Double, nullable=null, server_default=default)


def ref_(name: str, target: str, *, null: bool = False) -> Column[str]:
    """The id of a row elsewhere."""
    return Column(name, Text, ForeignKey(f"{target}.id"), nullable=null)


def either_(column: str, *values: str) -> str:
    """A check for tables that every event writes to: with `in`, SQLite would build its list anew for every row."""
    return " or ".join(f"{column} = '{value}'" for value in values)
