"""Who is a minor, as customer files tell it: a column or a tag; and what never makes an adult of one."""

from __future__ import annotations

from tests.files.test_import_people import csv, take_in, write

HEAD = "crm_id,nickname,入会日期,同意营销,未成年,标签"


def ages(desk) -> dict[str, tuple[bool | None, str]]:
    """Whether each customer is a minor, and why they are not asked, by number."""
    rows = desk.ask_database(
        "select i.value, m.minor, m.reason from moments m join identities i on i.person = m.person and i.kind = 'crm'"
    )
    return {value: (None if minor is None else bool(minor), reason) for value, minor, reason in rows}


def test_a_column_or_a_tag_tells_of_minors_and_they_are_never_asked(desk):
    rows = ("1,梅,2024-01-31,1,1,", "2,俊,2024-01-31,1,否,", "3,娜,2024-01-31,1,,未成年;VIP", "4,波,2024-01-31,1,,VIP")

    take_in(desk, write(desk, csv(*rows, head=HEAD)))

    found = ages(desk)
    assert [found[number][0] for number in "1234"] == [True, False, True, None]
    assert (found["1"][1], found["3"][1]) == ("minor", "minor")
    assert "minor" not in (found["2"][1], found["4"][1])


def test_a_later_file_makes_no_adult_of_a_known_minor(desk):
    take_in(desk, write(desk, csv("1,梅,2024-01-31,1,1,", head=HEAD)))

    take_in(desk, write(desk, csv("1,梅,2024-01-31,1,0,", head=HEAD)))

    assert ages(desk)["1"] == (True, "minor")


def test_a_cell_that_says_neither_is_reported_and_the_rest_loads(desk):
    report = take_in(desk, write(desk, csv("1,梅,2024-01-31,1,大概,", "2,俊,2024-01-31,1,0,", head=HEAD)), code=1)

    (error,) = report["errors"]
    assert (error["line"], error["field"]) == (2, "minor")
    assert "未成年" in error["problem"]
    assert list(ages(desk)) == ["2"]


BORN = "crm_id,nickname,入会日期,同意营销,未成年,生日"


def of_age(desk) -> dict[str, str | None]:
    """When customers come of age, by number."""
    return dict(desk.ask_database("select i.value, p.adult_on from people p join identities i on i.person = p.id"))


def test_a_birthday_makes_a_minor_whatever_the_column_says_and_the_contradiction_is_named_by_its_row(desk):
    rows = ("1,梅,2024-01-31,1,否,2012-05-01", "2,俊,2024-01-31,1,,2014-01-01", "3,娜,2024-01-31,1,0,1990-02-28")

    report = take_in(desk, write(desk, csv(*rows, head=BORN)))

    found = ages(desk)
    assert {number: found[number][0] for number in "123"} == {"1": True, "2": True, "3": False}
    assert (found["1"][1], found["2"][1]) == ("minor", "minor")
    assert (report["rows"], report["new"]) == (3, 3)
    (named,) = report["errors"]
    assert (named["line"], named["field"]) == (2, "minor")
    assert "2030-05-01" in named["problem"]
    assert of_age(desk) == {"1": "2030-05-01", "2": "2032-01-01", "3": None}


def test_the_same_file_again_changes_nothing_and_a_day_alone_says_no_age(desk):
    file = write(desk, csv("1,梅,2024-01-31,1,否,2012-05-01", "2,俊,2024-01-31,1,,05-01", head=BORN))

    take_in(desk, file)
    report = take_in(desk, file)

    assert (report["same"], len(report["errors"])) == (2, 1)
    assert [ages(desk)[number][0] for number in "12"] == [True, None]


def test_a_customer_who_was_known_becomes_a_minor_by_a_birthday_that_comes_later(desk):
    take_in(desk, write(desk, csv("1,梅,2024-01-31,1,否,", head=BORN)))

    take_in(desk, write(desk, csv("1,梅,2024-01-31,1,,2012/2/29", head=BORN)))

    assert ages(desk)["1"] == (True, "minor")
    assert of_age(desk)["1"] == "2030-03-01"
