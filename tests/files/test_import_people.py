"""A customer file is taken in, in the forms that CRMs write; broken rows are named; the same again changes nothing."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime

import pytest
import xlsxwriter

from referral.times import SHANGHAI

HEAD = "客户编号,手机号,姓名,成为客户日期,满意度,同意营销"
ROWS = (
    "42,13800138000,梅姐,2024-01-31,9,1",
    "43,138 0013 8001,俊 🐣,2024年3月5日,8.5,是",
    "44,+86 13800138002,Lin,20240601,7,0",
    "45,13800138003,אסתר,2025/2/28,10,",
)


def write(desk, text, name="people.csv", encoding="utf-8"):
    """A file beside the configuration."""
    file = desk.folder / name
    file.write_bytes(text.encode(encoding))
    return str(file)


def csv(*rows, head=HEAD):
    return "\n".join((head, *rows)) + "\n"


def take_in(desk, file, *options, code=0):
    """What the import says as JSON, ending with `code`."""
    result = desk.run("import", "people", file, "--json", *options)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def person(desk, crm):
    """What is known of a customer."""
    columns = ("name", "nickname", "rep", "tier", "tags", "joined_at", "customer_since", "satisfaction", "activity",
               "last_order_at", "orders", "past_referrals", "consent", "state", "reason")  # fmt: skip
    question = (
        f"select {', '.join(columns)} from people p join moments m on m.person = p.id "
        f"join identities i on i.person = p.id where i.kind = 'crm' and i.value = '{crm}'"
    )
    (row,) = desk.ask_database(question)
    return dict(zip(columns, row, strict=True))


def everything(desk):
    """All that an import could have changed, in any order of ids."""
    tables = ("people", "identities", "moments", "consent", "signals", "orders", "refunds", "marks")
    return {table: desk.ask_database(f"select * from {table}") for table in tables}


def beijing(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp() * 1000)


def test_of_a_birthday_the_day_is_kept_however_it_is_written_and_never_the_year(desk):
    written = ("1990-11-24", "11月24日", "11-24", "24/2/29", "02-30", "")
    rows = (f"5{place},1380013810{place},{day}" for place, day in enumerate(written))
    report = take_in(desk, write(desk, csv(*rows, head="客户编号,手机号,生日")), code=1)

    kept = desk.ask_database(
        "select i.value, p.birthday from people p join identities i on i.person = p.id where i.kind = 'crm'"
    )

    assert [(e["line"], e["field"]) for e in report["errors"]] == [(5, "birthday"), (6, "birthday")]
    known = {crm: day for crm, day in kept if crm.startswith("5")}
    assert known == {"50": "11-24", "51": "11-24", "52": "11-24", "55": None}


def test_a_gb18030_file_with_three_broken_rows_loads_the_rest_and_again_changes_nothing(desk):
    broken = (
        "46,1380013,小白,2024-01-31,9,1",
        "47,13800138005,小黑,2024-02-30,9,1",
        "48,13800138006,小红,2024-01-31,9",
    )
    file = write(desk, csv(ROWS[0], broken[0], ROWS[1], broken[1], broken[2], ROWS[2], ROWS[3]), encoding="gb18030")

    first = take_in(desk, file, code=1)
    before = everything(desk)
    second = take_in(desk, file, code=1)

    counted = {key: first[key] for key in ("rows", "new", "changed", "same")}
    assert counted == {"rows": 7, "new": 4, "changed": 0, "same": 0}
    assert [(e["line"], e["field"]) for e in first["errors"]] == [(3, "phone"), (5, "joined_on"), (6, "row")]
    assert first["errors"][1]["value"] == "2024-02-30"
    assert first["consent"] == {"granted": 2, "to_ask": 1, "refused": 1}
    assert {key: second[key] for key in ("new", "changed", "same")} == {"new": 0, "changed": 0, "same": 4}
    assert second["errors"] == first["errors"]
    assert everything(desk) == before
    assert person(desk, 43)["name"] == "俊 🐣"


def test_what_a_row_tells_is_known_afterwards(desk):
    head = "crm_id,nickname,跟进人,入会日期,等级,满意度,活跃度,最近下单,订单数,已介绍人数,标签"
    row = "42,梅姐,lin,2024-01-31,金卡,9,12.5,2026-10-01 08:30,7,2,老客户；上海、VIP|老客户"

    take_in(desk, write(desk, csv(row, head=head)))

    assert person(desk, 42) == {
        "name": "", "nickname": "梅姐", "rep": "lin", "tier": "金卡", "tags": '["老客户", "上海", "VIP"]',
        "joined_at": beijing("2024-01-31"), "customer_since": beijing("2024-01-31"), "satisfaction": 9.0,
        "activity": 12.5, "last_order_at": beijing("2026-10-01 08:30"), "orders": 7, "past_referrals": 2,
        "consent": "unknown", "state": "idle", "reason": person(desk, 42)["reason"],
    }  # fmt: skip
    assert person(desk, 42)["reason"] in ("consent.unknown", "holdout")


def test_a_five_star_column_is_questioned_and_nothing_is_written(desk):
    file = write(desk, csv("42,13800138000,梅姐,2024-01-31,5,1", "43,,俊,2024-01-31,4,1"))

    asked = desk.run("import", "people", file)

    assert asked.exit_code == 2
    assert all(said in asked.stderr for said in ("满意度", "5", "--scale 5", "--scale 10"))
    assert not desk.database.exists()
    take_in(desk, file, "--scale", "5")
    assert (person(desk, 42)["satisfaction"], person(desk, 43)["satisfaction"]) == (10.0, 8.0)


def test_the_scale_that_is_named_holds(desk):
    low = write(desk, csv("42,,梅姐,2024-01-31,4,1"))
    hundred = write(desk, csv("43,,俊,2024-01-31,85,1", "44,,林,2024-01-31,101,1"), "hundred.csv")

    take_in(desk, low, "--scale", "10")
    report = take_in(desk, hundred, "--scale", "100", code=1)

    assert (person(desk, 42)["satisfaction"], person(desk, 43)["satisfaction"]) == (4.0, 8.5)
    assert [(e["line"], e["field"], e["value"]) for e in report["errors"]] == [(3, "satisfaction", "101")]


def test_an_xlsx_with_date_cells_and_numeric_phones_names_the_same_people(desk):
    take_in(desk, write(desk, csv(*ROWS)))
    file = desk.folder / "people.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["手机号", "入会日期", "订单数", "同意营销"])
        sheet.write_row(2, 0, [13800138000])
        sheet.write_datetime(2, 1, datetime.fromisoformat("2024-01-31"), day)
        sheet.write_row(2, 2, [3, True])
        sheet.write_row(3, 0, ["13800138001", 45356, 4.0, "Y"])

    report = take_in(desk, str(file))

    assert (report["rows"], report["changed"], report["errors"]) == (2, 2, [])
    assert person(desk, 42)["orders"] == 3
    assert (person(desk, 43)["orders"], person(desk, 43)["joined_at"]) == (4, beijing("2024-03-05"))


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_mark_at_the_start_and_any_usual_separator_are_read(desk, sign):
    text = csv(*ROWS).replace(",", sign)

    assert take_in(desk, write(desk, text, encoding="utf-8-sig"))["new"] == 4


def test_headers_may_vary_in_case_width_and_spaces_and_others_are_mapped(desk):
    head = " CRM_ID ,手 机 号,会员姓名,Ｊoined_On,备注"

    result = desk.run("import", "people", write(desk, csv("42,13800138000,梅姐,2024-01-31,x", head=head)),
                      "--map", "会员姓名=name")  # fmt: skip

    assert (result.exit_code, person(desk, 42)["name"]) == (0, "梅姐")
    assert result.stderr.count("备注") == 1
    assert "新增 1" in result.stdout


@pytest.mark.parametrize(
    ("head", "options", "said"),
    [
        ("姓名,满意度", (), "客户编号"),
        ("客户编号,crm_id", (), "都是 crm_id"),
        ("客户编号,名字", ("--map", "没有=name"), "没有"),
        ("客户编号,名字", ("--map", "名字=nobody"), "nobody"),
        ("客户编号,名字", ("--map", "名字"), "列名=field"),
    ],
)
def test_a_header_that_cannot_be_used_is_a_mistake_of_usage(desk, head, options, said):
    result = desk.run("import", "people", write(desk, csv("1,2", head=head)), *options)

    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xef\xbb\xbf",
        "客户编号\n".encode(),
        b"\x00\x01\x02\xff" * 500,
        b"PK\x03\x04junk" * 20,
        b"\xd0\xcf\x11\xe0" * 99,
        "客户编号\n1\n".encode("utf-16"),
        b"\xff\xd8\xff\xe0" * 300,
    ],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(desk, body):
    file = desk.folder / "file.csv"
    file.write_bytes(body)

    result = desk.run("import", "people", str(file))

    assert result.exit_code == 2
    assert result.stderr.startswith("taoli: FILE: file.csv：")
    assert not desk.database.exists()


def test_a_zip_bomb_is_not_unpacked(desk):
    file = desk.folder / "bomb.xlsx"
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(1100):
            part.write(b" " * (1 << 20))

    result = desk.run("import", "people", str(file))

    assert (result.exit_code, "解压后太大" in result.stderr) == (2, True)


def test_an_xlsx_whose_packed_bytes_are_damaged_is_one_sentence(desk):
    file = desk.folder / "damaged.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "好" * 5_000)
    packed = bytearray(file.read_bytes())
    packed[45:60] = bytes(byte ^ 0xFF for byte in packed[45:60])
    file.write_bytes(packed)

    shown = desk.run("import", "people", str(file))

    assert shown.exit_code == 2
    assert "不是能读的 XLSX 文件" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_cell_far_out_does_not_fill_the_memory(desk):
    file = desk.folder / "far.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "客户编号")
        sheet.write(1_048_575, 16_383, "x")

    assert desk.run("import", "people", str(file)).exit_code == 2


def test_lines_are_the_files_own_over_cells_of_several_lines_blank_lines_and_open_quotes(desk):
    text = (
        "客户编号,姓名,满意度\n"  # 1
        '1,"两\n行",9\n'  # 2, 3
        "\n"  # 4
        "2,好,99\n"  # 5
        '3,"没合上,9\n'  # 6
        "4,好,9\n"  # 7
        '5,"引号"外,9\n'  # 8
        "6,好,9,多\n"  # 9
        "7,好,x\n"  # 10
    )

    report = take_in(desk, write(desk, text), code=1)

    assert [(e["line"], e["field"]) for e in report["errors"]] == [
        (5, "satisfaction"), (6, "row"), (8, "row"), (9, "row"), (10, "satisfaction")
    ]  # fmt: skip
    assert (report["rows"], report["new"]) == (7, 2)


def test_a_huge_cell_breaks_its_row_only(desk):
    text = csv("1,好" + "长" * 300_000, "2,好", "3," + "长" * 70_000, "4," + "长" * 100, head="客户编号,姓名")

    report = take_in(desk, write(desk, text), code=1)

    assert [e["line"] for e in report["errors"]] == [2, 4, 5]
    assert (report["new"], len(report["errors"][2]["value"])) == (1, 41)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("手机号", "1380013800"), ("手机号", "1.38E+10"), ("手机号", "没有"), ("成为客户日期", "1/31/2024"),
        ("成为客户日期", "2199-01-01"), ("成为客户日期", "2050-01-01"), ("满意度", "11"), ("满意度", "nan"),
        ("活跃度", "inf"), ("活跃度", "很高"), ("订单数", "-1"), ("订单数", "1.5"), ("已介绍人数", "三"),
        ("同意营销", "也许"), ("最近下单", "2050-01-01 10:00"), ("客户编号", "4.2E+17"), ("姓名", "长" * 65),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_breaks_its_row(desk, column, cell):
    rows = (f"42,{cell}", "43,") if column != "客户编号" else (f"{cell},", "43,")
    head = f"客户编号,{column}" if column != "客户编号" else "客户编号,姓名"
    options = ("--scale", "10") if column == "满意度" else ()

    report = take_in(desk, write(desk, csv(*rows, head=head)), *options, code=1)

    assert [e["line"] for e in report["errors"]] == [2]
    assert report["new"] == 1


def test_a_phone_never_stands_in_an_error_or_in_the_database(desk):
    report = take_in(desk, write(desk, csv("13800138000x,138001380001,梅姐,2024-01-31,9,1", *ROWS)), code=1)

    assert "138001380001" not in json.dumps(report)
    assert report["errors"][0]["value"] == "138****01"
    assert b"13800138000" not in desk.database.read_bytes()


def test_of_two_rows_about_one_person_the_later_wins_for_what_it_says(desk):
    head = "客户编号,手机号,姓名,等级,订单数"
    rows = (
        "42,,旧名,银卡,3",
        "43,13800138001,俊,,",
        "42,13800138000,新名,,",
        ",13800138000,,,5",
        "43,13800138001,俊,,",
    )

    first = take_in(desk, write(desk, csv(*rows, head=head)))
    before = everything(desk)
    second = take_in(desk, write(desk, csv(*rows, head=head)))

    mei = person(desk, 42)
    assert (mei["name"], mei["tier"], mei["orders"]) == ("新名", "银卡", 5)
    assert [first[key] for key in ("rows", "new", "changed", "same")] == [5, 2, 2, 1]
    assert [second[key] for key in ("new", "changed", "same")] == [0, 0, 5]
    assert everything(desk) == before


def test_an_empty_cell_erases_nothing(desk):
    take_in(desk, write(desk, csv(*ROWS)))

    report = take_in(desk, write(desk, csv("42,,,,,", "43,,俊改名,,,")))

    assert [report[key] for key in ("new", "changed", "same")] == [0, 1, 1]
    assert (person(desk, 42)["name"], person(desk, 42)["consent"]) == ("梅姐", "granted")


def test_one_row_brings_two_identities_together_and_the_next_import_knows(desk):
    take_in(desk, write(desk, csv("42,13800138000", head="客户编号,手机号")))
    take_in(desk, write(desk, csv("wm1,", head="external_userid,姓名")))

    take_in(desk, write(desk, csv("42,wm1,wu1", head="客户编号,external_userid,unionid")))
    report = take_in(desk, write(desk, csv("wu1,李姐", head="unionid,姓名")))

    assert (report["changed"], person(desk, 42)["name"]) == (1, "李姐")


def test_consent_is_history_with_evidence_and_a_withdrawal_stands(desk):
    head = "客户编号,同意营销"
    yes, no = (write(desk, csv(f"42,{said}", head=head), f"{said}.csv") for said in (1, 0))
    take_in(desk, yes)
    take_in(desk, no)
    assert take_in(desk, no)["consent"] == {"granted": 0, "to_ask": 0, "refused": 1}
    take_in(desk, yes)
    said = desk.ask_database("select answer, channel, length(evidence) from consent order by row")
    assert said == [("granted", "file", 64), ("refused", "file", 64)]

    desk.ask_database("insert into consent (person, purpose, answer, evidence, channel, at)"
                      " select person, 'nudges', 'withdrawn', 'x', 'kf', 1 from consent limit 1")  # fmt: skip
    desk.ask_database("update moments set consent = 'withdrawn'")
    report = take_in(desk, write(desk, csv("42,1,", head=f"{head},姓名"), "again.csv"))

    assert report["consent"] == {"granted": 0, "to_ask": 0, "refused": 1}
    assert person(desk, 42)["consent"] == "withdrawn"


def test_what_was_answered_to_us_stands_above_a_file(desk):
    file = write(desk, csv("42,13800138000,梅姐,2024-01-31,9,1"))
    take_in(desk, file)
    answered = write(desk, csv("42,满意度调查,3,2026-11-01", head="客户编号,类型,分数,时间"), "signals.csv")
    assert desk.run("import", "signals", answered).exit_code == 0

    report = take_in(desk, file)

    assert (report["same"], person(desk, 42)["satisfaction"]) == (1, 3.0)


def test_a_rep_is_known_by_name_where_only_one_bears_it(desk):
    take_in(desk, write(desk, csv("1,x", head="客户编号,姓名")))
    desk.ask_database(
        "insert into reps (id, name, active) values ('lin', '林顾问', 1), ('wu', '吴', 1), ('wu2', '吴', 1)"
    )

    take_in(desk, write(desk, csv("42,林顾问", "43,吴", head="客户编号,跟进人")))

    assert (person(desk, 42)["rep"], person(desk, 43)["rep"]) == ("lin", "吴")


def test_activity_ranks_within_the_company(desk):
    rows = [f"{number},{number * 1.5}" for number in range(1, 101)]
    file = write(desk, csv(*rows, head="客户编号,活跃度"))
    take_in(desk, file)
    before = everything(desk)

    assert take_in(desk, file)["same"] == 100

    ranks = dict(desk.ask_database("select i.value, m.rank from moments m join identities i on i.person = m.person"))
    assert ranks["1"] < 0.02
    assert ranks["50"] == pytest.approx(0.5, abs=0.01)
    assert ranks["100"] > 0.98
    assert everything(desk) == before


def test_a_trial_says_the_same_and_writes_nothing(desk):
    file = write(desk, csv(*ROWS, "46,1,x,2024-01-31,9,1"))

    fresh = take_in(desk, file, "--dry-run", code=1)
    assert not desk.database.exists()
    assert fresh == take_in(desk, file, code=1)
    before = everything(desk)
    again = take_in(desk, write(desk, csv(ROWS[0], "99,,新人,2024-01-31,9,1")), "--dry-run")

    assert [again[key] for key in ("new", "changed", "same")] == [1, 0, 1]
    assert everything(desk) == before


def test_beside_a_running_bot_the_bot_does_it(running):
    rows = [f"{number},,客户{number},2024-01-31,9,1" for number in range(450)]
    file = write(running, csv(*rows, "x,1,坏,,,"))

    first = take_in(running, file, code=1)
    second = take_in(running, file, code=1)

    assert (first["new"], second["same"]) == (450, 450)
    assert person(running, 7)["name"] == "客户7"


def test_long_rows_reach_a_running_bot_too(running):
    tags = "、".join(f"{number:02d}{'签' * 30}" for number in range(50))
    rows = [f"{number},{'长' * 64},{tags}" for number in range(400)]

    assert take_in(running, write(running, csv(*rows, head="客户编号,姓名,标签")))["new"] == 400


def test_today_counts_as_past(desk):
    today = datetime.now(SHANGHAI).date()

    assert take_in(desk, write(desk, csv(f"42,{today}", head="客户编号,入会日期")))["new"] == 1
