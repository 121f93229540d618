"""The configuration file, as the person who writes it meets it."""

import os
import re
import shutil
import stat
import textwrap
import tomllib
from datetime import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from bot.config import Config, ConfigError, load, with_sandbox_secrets
from bot.config.reader import known_keys
from bot.config.secret import PrivateKey, pem_lines
from bot.config.sections import (
    Admin,
    App,
    Company,
    Connector,
    Console,
    Database,
    Egress,
    Files,
    Hook,
    KeySources,
    Official,
    Rewriting,
    Sandbox,
    Sending,
    Server,
    WeCom,
)

ROOT = Path(__file__).parents[2]
AES_KEY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WECOM = """
    [wecom]
    corp_id = "ww0123456789abcdef"
    [[wecom.apps]]
    agent_id = 1000002
    secret_env = "SECRET"
    token_env = "TOKEN"
    aes_key_env = "AES_KEY"
    kf_accounts = ["wkAAAA"]
"""
ENVIRON = {"SECRET": "s3cret-of-the-app", "TOKEN": "QDG6eK", "AES_KEY": AES_KEY, "ORDERS": WHSEC}


def read(folder: Path, text: str, environ: dict[str, str] | None = None, *, company: bool = True) -> Config:
    """Load `text`, with the one required key before it."""
    path = folder / "taoli.toml"
    path.write_text(('[company]\nname = "晴川茶舍"\n' if company else "") + textwrap.dedent(text), "utf-8")
    return load(path, ENVIRON if environ is None else environ)


def problems(folder: Path, text: str, environ: dict[str, str] | None = None, *, company: bool = True) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, environ, company=company)
    return list(caught.value.problems)


def test_the_company_name_is_all_that_must_be_written(tmp_path: Path):
    config = read(tmp_path, "")

    assert config.server.host == "127.0.0.1"
    assert config.server.public_url == "http://127.0.0.1:8000"
    assert config.company.industry == "retail"
    assert config.sending.hours == (time(9), time(20, 30))
    assert (config.sending.gap_days, config.sending.per_year, config.sending.monthly_cap) == (14, 8, 2)
    assert (config.sending.min_tenure_days, config.sending.holdout, config.sending.daily_budget) == (30, 0.10, 200)
    assert config.egress.allow == ("*.qlogo.cn", "wework.qpic.cn", "p.qpic.cn")
    assert (config.wecom, config.official, config.orders, config.signals, config.console) == (
        None,
        (),
        None,
        None,
        None,
    )
    assert not config.sandbox.enabled


def test_relative_paths_start_at_the_file_whatever_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "taoli.toml").write_text('[company]\nname = "晴川茶舍"\n')

    config = load(Path("etc/taoli.toml"), {})

    assert config.database.url == f"sqlite:///{tmp_path}/etc/taoli.db"
    assert config.database.sqlite_path == tmp_path / "etc" / "taoli.db"
    assert config.files.data_dir == tmp_path / "etc" / "data"
    assert config.keys.file == tmp_path / "etc" / "data" / "keys.toml"


def test_the_keys_follow_the_data_folder_unless_they_have_their_own_place(tmp_path: Path):
    moved = read(tmp_path, '[files]\ndata_dir = "var"\n')
    apart = read(tmp_path, '[files]\ndata_dir = "var"\n[keys]\nfile = "/etc/taoli/keys.toml"\n')

    assert moved.keys.file == tmp_path / "var" / "keys.toml"
    assert apart.keys.file == Path("/etc/taoli/keys.toml")


def test_an_absolute_sqlite_path_and_a_postgresql_address_stay_as_they_are(tmp_path: Path):
    lite = read(tmp_path, '[database]\nurl = "sqlite:////srv/taoli.db"\n')
    post = read(tmp_path, '[database]\nurl = "postgresql+psycopg://taoli:pw@db/taoli"\n')

    assert lite.database.sqlite_path == Path("/srv/taoli.db")
    assert post.database.url == "postgresql+psycopg://taoli:pw@db/taoli"
    assert post.database.sqlite_path is None


def test_a_company_on_wecom_gets_its_secrets_from_the_environment(tmp_path: Path):
    config = read(tmp_path, WECOM)

    assert config.wecom
    assert config.wecom.api_base == "https://qyapi.weixin.qq.com"
    assert config.wecom.oauth_base == "https://open.weixin.qq.com"
    assert config.wecom.managers == ()
    app = config.wecom.apps[0]
    assert (app.name, app.secret, app.token, app.aes_key) == ("main", "s3cret-of-the-app", "QDG6eK", AES_KEY)
    assert app.token_previous is None
    assert config.wecom.app_for("kf") is app


def test_a_secret_may_come_from_a_file_and_loses_the_line_end(tmp_path: Path):
    (tmp_path / "orders").write_text(f"{WHSEC}\n")

    config = read(tmp_path, '[orders]\nsecret_file = "orders"\n')

    assert config.orders
    assert config.orders.secret == WHSEC


def test_while_a_token_is_changed_the_previous_one_is_known_too(tmp_path: Path):
    text = WECOM + '    token_previous_env = "OLD"\n    aes_key_previous_env = "OLD_KEY"\n'

    config = read(tmp_path, text, {**ENVIRON, "OLD": "before", "OLD_KEY": AES_KEY[::-1]})

    assert config.wecom
    assert (config.wecom.apps[0].token_previous, config.wecom.apps[0].aes_key_previous) == ("before", AES_KEY[::-1])


def test_all_problems_are_told_at_once_each_with_its_key(tmp_path: Path):
    text = """
        [server]
        port = "8000"
        [company]
        industry = "retial"
        [sending]
        hours = ["9:00", "25:00"]
        gap_day = 3
        holdout = 1.5
        [orders]
        secret_env = "NOT_SET"
        [databse]
        url = "sqlite:///x.db"
    """

    assert problems(tmp_path, text, company=False) == [
        "databse: unknown key, did you mean database?",
        "server.port: expected `int`, got `str`",
        "company.name: is required",
        (
            "company.industry: expected one of retail, catering, travel, education, training, k12, software, property, "
            "luxury, bank, loans, securities, insurance, medical, other, did you mean retail?"
        ),
        "sending.gap_day: unknown key, did you mean gap_days?",
        'sending.hours[0]: expected a time of day like "09:00"',
        'sending.hours[1]: expected a time of day like "09:00"',
        "sending.holdout: expected `float` < 1.0",
        "orders.secret_env: the environment variable NOT_SET is not set",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[server]\nport = 65536", "server.port: expected `int` <= 65535"),
        ("[server]\nport = true", "server.port: expected `int`, got `bool`"),
        ('[server]\npublic_url = "i.example.cn"', 'server.public_url: expected an address like "https://i.example.cn"'),
        (
            '[server]\npublic_url = "https://i.example.cn/x"',
            "server.public_url: expected scheme and host only, without a path",
        ),
        ('[server]\nhost = " "', "server.host: must not be blank"),
        (
            '[server]\ntrusted_proxies = ["10.0.0.0/8", "10.0.0.1/8"]',
            'server.trusted_proxies[1]: expected an address or network like "10.0.0.0/8"',
        ),
        ("server = 8000", "server: expected a table: [server]"),
        ('[database]\nurl = "sqlite://"', 'database.url: expected "sqlite:///FILE" or "postgresql+psycopg://…"'),
        (
            '[database]\nurl = "sqlite:///:memory:"',
            "database.url: expected the path of a file after sqlite:///",
        ),
        ('[database]\nurl = "postgresql://db/taoli"', "database.url: start it with postgresql+psycopg://"),
        ('[files]\ndata_dir = ""', "files.data_dir: must not be blank"),
        (
            '[keys]\nledger_env = "0123abcd"',
            "keys.ledger_env: expected the name of an environment variable in capitals",
        ),
        ('[sending]\nhours = ["20:30", "09:00"]', "sending.hours: must start before they end"),
        ('[sending]\nhours = ["09:00"]', "sending.hours: expected 2 values, got 1"),
        ("[sending]\nhours = [9, 20]", "sending.hours[0]: expected text in quotes"),
        ("[sending]\nper_year = -1", "sending.per_year: expected `int` >= 0"),
        ("[orders]", "orders.secret_env: is required (or secret_file)"),
        (
            f'[orders]\nsecret = "{WHSEC}"',
            "orders.secret: a secret is never written here: use secret_env or secret_file",
        ),
        (
            '[orders]\nsecret_env = "SECRET"',
            "orders.secret_env: the environment variable SECRET must be whsec_ and the base64 of 24 to 64 bytes",
        ),
        (
            '[orders]\nsecret_env = "ORDERS"\nsecret_file = "orders"',
            "orders.secret_file: is given beside secret_env: keep one of them",
        ),
        ('[egress]\nallow = ["*"]', 'egress.allow[0]: expected a host like "wework.qpic.cn" or "*.qlogo.cn"'),
        ('[wecom]\ncorp_id = "ww1"', "wecom.apps: needs at least one [[wecom.apps]]"),
        ('[wecom]\ncorp_id = "ww1"\n[wecom.apps]\nname = "main"', "wecom.apps: expected tables: [[wecom.apps]]"),
        (
            '[wecom]\napi_base = "https://qyapi.weixin.qq.com/cgi-bin"',
            "wecom.api_base: expected scheme and host without /cgi-bin",
        ),
        ('[wecom]\nwelcome = "sned"', "wecom.welcome: expected one of send, yield, did you mean send?"),
        (
            '[fulfilment.erp]\nurl = "https://erp"',
            "fulfilment.erp.kind: is required: one of webhook, coupons, wechatpay",
        ),
        ('[fulfilment.erp]\nkind = "webhooks"', "fulfilment.erp.kind: expected one of webhook, coupons, wechatpay"),
        ('[fulfilment.ERP]\nkind = "coupons"', "fulfilment.ERP: expected up to 32 small letters, digits, - or _"),
        ("[sandbox]\nenabled = 1", "sandbox.enabled: expected `bool`, got `int`"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_its_key(tmp_path: Path, text: str, problem: str):
    # a company goes after, as a bare key must stand before the first table
    found = problems(tmp_path, f'{text}\n[company]\nname = "晴川茶舍"\n', company=False)

    assert any(line.startswith(problem) for line in found), found


def test_apps_with_one_name_and_a_kf_app_without_accounts_are_told(tmp_path: Path):
    app = textwrap.dedent(WECOM[WECOM.index("    [[wecom.apps]]") :])
    double = f'[wecom]\ncorp_id = "ww0123456789abcdef"\n{app}{app}'
    without = WECOM.replace('["wkAAAA"]', "[]")

    assert problems(tmp_path, double) == [
        "wecom.apps[1].name: 'main' is taken by another one",
        "wecom.apps[1].agent_id: '1000002' is taken by another one",
    ]
    assert problems(tmp_path, without) == ["wecom.apps[0].kf_accounts: an app used for kf needs at least one account"]


def test_managers_are_members_of_staff_each_named_once(tmp_path: Path):
    def named(managers: str) -> str:
        return WECOM.replace(
            'corp_id = "ww0123456789abcdef"', f'corp_id = "ww0123456789abcdef"\n    managers = {managers}'
        )

    config = read(tmp_path, named('["zhou", "li.wei@shop"]'))

    assert config.wecom
    assert config.wecom.managers == ("zhou", "li.wei@shop")
    assert problems(tmp_path, named('["zhou", "zhou"]')) == ["wecom.managers[1]: 'zhou' is named twice"]
    assert problems(tmp_path, named('["周店长"]'))[0].startswith("wecom.managers[0]: expected the id of a member")


def test_an_official_account_needs_its_key_unless_it_talks_in_plain(tmp_path: Path):
    account = '[[official]]\nname = "shop"\napp_id = "wx1"\nsecret_env = "SECRET"\ntoken_env = "TOKEN"\n'

    plain = read(tmp_path, account + 'mode = "plain"\n')

    assert plain.official[0].api_base == "https://api.weixin.qq.com"
    assert problems(tmp_path, account) == [
        'official[0].aes_key_env: is required where mode is "safe" (or aes_key_file)'
    ]


def test_connectors_and_admins_are_read_ready_for_use(tmp_path: Path):
    text = """
        [fulfilment.erp]
        kind = "webhook"
        gives = ["points", "days"]
        url = "https://erp.example.cn/thanks"
        secret_env = "ORDERS"
        [fulfilment.vouchers]
        kind = "coupons"
        pool = "autumn"
        [console]
        secret_env = "CONSOLE"
        [[console.admins]]
        name = "Lin"
        password_hash_env = "LIN"
        [server]
        trusted_proxies = ["10.0.0.0/8"]
    """

    config = read(tmp_path, text, {**ENVIRON, "CONSOLE": "c" * 32, "LIN": "$argon2id$v=19$m=1"})

    assert [connector.kind for connector in config.fulfilment.values()] == ["webhook", "coupons"]
    assert config.console
    assert config.console.admins[0].name == "Lin"
    assert config.server.trusted_proxies == (ip_network("10.0.0.0/8"),)


ERP = """
    [fulfilment.erp]
    kind = "webhook"
    gives = ["points", "coupon"]
    url = "https://erp.example.cn/thanks"
    secret_env = "ORDERS"
"""
TRANSFER = """
    [fulfilment.transfer]
    kind = "wechatpay"
    app_id = "wx1"
    mch_id = "1900000001"
    serial_no = "5157F09E"
    private_key_env = "PAY_KEY"
"""
PAY_KEY = PrivateKey.make(os.urandom)
PAY_PUBLIC = (
    load_pem_private_key(pem_lines(PAY_KEY), None)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


def test_a_kind_of_thanks_is_made_real_by_one_connector_and_one_that_is_off_makes_none(tmp_path: Path):
    twice = ERP + '[fulfilment.vouchers]\nkind = "coupons"\npool = "autumn"\n'
    off = (
        ERP.replace('"coupon"', '"cash"') + TRANSFER + 'public_key_env = "PAY_PUBLIC"\npublic_key_id = "PUB_KEY_ID_1"\n'
    )
    keys = {**ENVIRON, "PAY_KEY": PAY_KEY, "PAY_PUBLIC": PAY_PUBLIC}

    assert problems(tmp_path, textwrap.dedent(twice)) == [
        "fulfilment.vouchers.gives: 'coupon' is given by fulfilment.erp too: keep one of them"
    ]
    assert not read(tmp_path, textwrap.dedent(off), keys).fulfilment["transfer"].enabled


def test_what_a_connector_cannot_do_without_is_told(tmp_path: Path):
    assert problems(tmp_path, ERP.replace('gives = ["points", "coupon"]', "")) == [
        "fulfilment.erp.gives: name the kinds of thanks it makes real, or the events it is told of"
    ]
    assert problems(tmp_path, TRANSFER, {**ENVIRON, "PAY_KEY": PAY_KEY}) == [
        "fulfilment.transfer.public_key_file: is required (or public_key_env)",
        "fulfilment.transfer.public_key_id: is required",
    ]
    assert problems(tmp_path, TRANSFER, {**ENVIRON, "PAY_KEY": "-----BEGIN PRIVATE KEY-----MIIE"})[0] == (
        "fulfilment.transfer.private_key_env: the environment variable PAY_KEY must be an RSA private key in PEM form, "
        "without a password"
    )
    assert problems(tmp_path, '[fulfilment.vouchers]\nkind = "coupons"\ngives = ["cash"]\n') == [
        "fulfilment.vouchers.gives[0]: expected one of coupon",
        "fulfilment.vouchers.pool: is required",
    ]
    assert problems(tmp_path, ERP.replace("erp.example.cn", "169.254.169.254")) == [
        "fulfilment.erp.url: must not lead to a link-local, multicast or unspecified address"
    ]


def test_a_sandbox_makes_the_merchants_key_itself(tmp_path: Path):
    text = "[sandbox]\nenabled = true\n" + textwrap.dedent(TRANSFER)

    first = with_sandbox_secrets(read(tmp_path, text), os.urandom)

    assert first.fulfilment["transfer"].private_key.startswith("-----BEGIN PRIVATE KEY-----")
    assert first == with_sandbox_secrets(read(tmp_path, text), os.urandom)


def test_no_secret_shows_in_a_problem_or_in_a_log(tmp_path: Path):
    config = read(tmp_path, WECOM + '[database]\nurl = "postgresql+psycopg://taoli:hunter2@db/taoli"\n')
    told = problems(tmp_path, WECOM, {"SECRET": "s3cret", "TOKEN": "no token!", "AES_KEY": "no key"})

    assert told == [
        "wecom.apps[0].token_env: the environment variable TOKEN must be 1 to 32 letters and digits",
        "wecom.apps[0].aes_key_env: the environment variable AES_KEY must be 43 letters and digits",
    ]
    assert not re.search(f"s3cret|QDG6eK|{AES_KEY}|hunter2", repr(config))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[company\n", "the file is not TOML"),
        ("[company]\nname = '晴川'".encode("gb18030"), "the file is not UTF-8"),
        (None, "the file cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes | None, problem: str):
    path = tmp_path / "taoli.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigError, match=problem):
        load(path, {})


def test_a_file_saved_by_notepad_is_read(tmp_path: Path):
    (tmp_path / "taoli.toml").write_text('[company]\r\nname = "晴川茶舍"\r\n', "utf-8-sig")

    assert load(tmp_path / "taoli.toml", {}).company.name == "晴川茶舍"


def test_a_sandbox_needs_nothing_but_the_company(tmp_path: Path):
    config = with_sandbox_secrets(read(tmp_path, "[sandbox]\nenabled = true\n"), os.urandom)

    assert config.wecom
    assert config.wecom.corp_id.startswith("wwsandbox")
    assert config.wecom.api_base is None
    assert config.wecom.oauth_base is None
    assert config.wecom.managers == ("zhou",)
    app = config.wecom.apps[0]
    assert (app.name, app.agent_id, app.uses) == ("main", 1000002, ("contact", "kf", "rep"))
    assert app.kf_accounts == ("wkSANDBOX",)
    assert re.fullmatch("[A-Za-z0-9]{43}", app.aes_key)
    assert app.secret
    assert app.token
    assert app.token_previous is None
    assert config.orders
    assert config.orders.secret.startswith("whsec_")
    assert config.signals
    assert config.signals.secret != config.orders.secret


def test_a_sandbox_keeps_its_secrets_from_start_to_start_for_its_owner_alone(tmp_path: Path):
    config = read(tmp_path, "[sandbox]\nenabled = true\n")

    first = with_sandbox_secrets(config, os.urandom)
    second = with_sandbox_secrets(config, os.urandom)

    assert first == second
    assert stat.S_IMODE((tmp_path / "data" / "sandbox-secrets.toml").stat().st_mode) == 0o600


def test_a_sandbox_that_grows_keeps_what_it_had(tmp_path: Path):
    before = with_sandbox_secrets(read(tmp_path, "[sandbox]\nenabled = true\n"), os.urandom)
    grown = read(
        tmp_path,
        '[sandbox]\nenabled = true\n[fulfilment.erp]\nkind = "webhook"\ngives = ["points"]\nurl = "http://127.0.0.1/"\n',
    )

    after = with_sandbox_secrets(grown, os.urandom)

    assert after.orders == before.orders
    assert after.wecom == before.wecom
    assert with_sandbox_secrets(grown, os.urandom) == after


def test_a_secret_that_is_set_is_used_in_the_sandbox_too(tmp_path: Path):
    text = '[sandbox]\nenabled = true\n[orders]\nsecret_env = "ORDERS"\n[signals]\nsecret_env = "NOT_SET"\n'

    config = with_sandbox_secrets(read(tmp_path, text), os.urandom)

    assert config.orders
    assert config.orders.secret == WHSEC
    assert config.signals
    assert config.signals.secret


def test_of_two_sandboxes_at_the_first_start_both_have_the_same_secrets(tmp_path: Path):
    config = read(tmp_path, "[sandbox]\nenabled = true\n")
    other: list[Config] = []

    def meanwhile(size: int) -> bytes:
        if not other:
            other.append(config)
            other.append(with_sandbox_secrets(config, os.urandom))
        return os.urandom(size)

    mine = with_sandbox_secrets(config, meanwhile)

    assert mine == other[1]


def test_damaged_sandbox_secrets_are_told_and_not_written_over(tmp_path: Path):
    config = read(tmp_path, "[sandbox]\nenabled = true\n")
    with_sandbox_secrets(config, os.urandom)
    kept = tmp_path / "data" / "sandbox-secrets.toml"
    kept.write_text("")

    with pytest.raises(ConfigError, match="is damaged: delete it and start again"):
        with_sandbox_secrets(config, os.urandom)

    assert kept.read_text() == ""


def test_without_a_sandbox_nothing_is_made(tmp_path: Path):
    config = read(tmp_path, WECOM)

    assert with_sandbox_secrets(config, os.urandom) is config
    assert not (tmp_path / "data").exists()


def test_on_another_port_the_own_address_moves_along_and_a_public_one_stays(tmp_path: Path):
    own = read(tmp_path, "").at_port(9001)
    public = read(tmp_path, '[server]\npublic_url = "https://i.example.cn"\n').at_port(9001)

    assert (own.server.port, own.server.public_url) == (9001, "http://127.0.0.1:9001")
    assert (public.server.port, public.server.public_url) == (9001, "https://i.example.cn")


def test_the_example_runs_as_it_is(tmp_path: Path):
    shutil.copy(ROOT / "config.example.toml", tmp_path)

    config = with_sandbox_secrets(load(tmp_path / "config.example.toml", {}), os.urandom)

    assert config.sandbox.enabled


def test_the_example_shows_the_defaults(tmp_path: Path):
    shutil.copy(ROOT / "config.example.toml", tmp_path)
    example = load(tmp_path / "config.example.toml", {})
    bare = read(tmp_path, "[sandbox]\nenabled = true\n")

    assert example.sending == bare.sending
    assert example.server == bare.server
    assert example.egress == bare.egress
    assert example.wecom == bare.wecom


def test_the_example_has_every_key_with_a_comment_and_no_other():
    text = (ROOT / "config.example.toml").read_text("utf-8")
    keys = re.sub(r"^#(?=\[|[a-z0-9_]+ = )", "", text, flags=re.MULTILINE)

    shown = written(tomllib.loads(keys))

    assert {table: sorted(names) for table, names in shown.items()} == {
        table: sorted(names) for table, names in structs().items()
    }
    assert all("#" in line for line in text.splitlines() if re.match(r"#?\[?[a-z]+.* = ", line) and "_file" not in line)


def structs() -> dict[str, list[str]]:
    """Every table there can be, with its keys."""
    sections = {
        "server": Server, "database": Database, "files": Files, "keys": KeySources, "company": Company, "wecom": WeCom,
        "wecom.apps": App, "official": Official, "sending": Sending, "orders": Hook, "signals": Hook, "egress": Egress,
        "console": Console, "console.admins": Admin, "rewriting": Rewriting, "sandbox": Sandbox,
    }  # fmt: skip
    connectors = {f"fulfilment.{kind.kind}": ["kind", *known_keys(kind)] for kind in get_args(Connector)}
    inner = {name.rpartition(".")[2] for name in sections if "." in name}
    return connectors | {name: [key for key in known_keys(kind) if key not in inner] for name, kind in sections.items()}


def written(tables: dict[str, Any]) -> dict[str, list[str]]:
    """The tables of a file, with their keys; connectors by their kind."""
    found = {f"fulfilment.{table['kind']}": list(table) for table in tables.pop("fulfilment").values()}
    for name, table in tables.items():
        first = table[0] if isinstance(table, list) else table
        found[name] = [key for key, value in first.items() if not is_table(value)]
        found |= {f"{name}.{key}": list(value[0]) for key, value in first.items() if is_table(value)}
    return found


def is_table(value: Any) -> bool:
    return isinstance(value, list) and isinstance(value[0], dict)
