"""The command line `taoli` (design 5.1): results on stdout, talk on stderr; exit 0 done, 1 failed, 2 usage."""

from __future__ import annotations

import sys

import click

from bot import __version__
from bot.cli.campaign import campaign, code
from bot.cli.demo import demo
from bot.cli.export import export
from bot.cli.ledger import ledger
from bot.cli.lint import lint
from bot.cli.poster import poster
from bot.cli.run import check, migrate, serve
from bot.cli.why import why
from bot.config import ConfigError
from bot.copy import CopyError
from bot.keys import KeysError
from referral.errors import BadInput, ReferralError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="taoli")
def taoli() -> None:
    """Taoli 桃李: customers who are glad they came bring their friends."""


for command in (demo, serve, migrate, check, campaign, code, why, poster, export, ledger, lint):
    taoli.add_command(command)


def main() -> None:
    """Run a command; every expected refusal becomes one sentence and its exit code."""
    try:
        taoli(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BadInput as error:
        click.echo(f"taoli: {error}", err=True)
        sys.exit(2)
    except (ReferralError, ConfigError, KeysError, CopyError) as error:
        click.echo(f"taoli: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"taoli: {error.strerror or error}", err=True)
        sys.exit(1)
