"""The command line `taoli` (design 5.1): results on stdout, talk on stderr; exit 0 done, 1 failed, 2 usage."""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import Any

import click

from bot import __version__
from bot.cli.refusals import EXPECTED, let_go_of_stdout, refusal

COMMANDS = {
    "demo": ("bot.cli.demo", "Play the story with a local WeCom, then serve it."),
    "serve": ("bot.cli.serve", "Run the bot."),
    "migrate": ("bot.cli.migrate", "Bring the database to this program's version."),
    "check": ("bot.cli.check", "Check the file only, offline."),
    "sync": ("bot.cli.sync", "Bring in reps, customers and tags from WeCom."),
    "campaign": ("bot.cli.campaign", "Campaigns: start, look at, edit, pause, resume, end."),
    "experiment": ("bot.cli.experiment", "Experiments on copy, posters, offers and reward sizes."),
    "code": ("bot.cli.campaign", "The invite code of PERSON in a campaign."),
    "import": ("bot.cli.import_", "Take in people, signals or orders from a CSV or XLSX file."),
    "export": ("bot.cli.export", "Write a table as CSV, XLSX or JSON lines."),
    "plan": ("bot.cli.plan", "Run the day's plan now."),
    "shortlist": ("bot.cli.shortlist", "Whom the plan would ask, and why; sends nothing."),
    "lift": ("bot.cli.lift", "What asking has brought that would not have come by itself."),
    "champions": ("bot.cli.champions", "Who brings people who stay, and whose friends bring on others."),
    "reward": ("bot.cli.reward", "Thanks: look at them, approve, refuse, adjust by hand."),
    "fraud": ("bot.cli.fraud", "Referrals that look made up: look at the evidence, clear, confirm."),
    "person": ("bot.cli.person", "Two people who are one: merge, part, look."),
    "claim": ("bot.cli.claim", "Who introduced a friend, as the friend said: look at them, confirm, refuse."),
    "unmatched": ("bot.cli.unmatched", "Orders whose buyer is not known yet, and the match rate."),
    "appeal": ("bot.cli.appeal", "What customers want a colleague to look at again: list, answer."),
    "why": ("bot.cli.why", "Why things stand as they do for a person, an order or a reward."),
    "erase": ("bot.cli.erase", "Take out all that tells who PERSON is."),
    "backup": ("bot.cli.backup", "Write everything to FILE, also while the bot runs."),
    "restore": ("bot.cli.restore", "Put back what a backup holds."),
    "poster": ("bot.cli.poster", "Write the poster of CODE as a JPEG."),
    "look": ("bot.cli.look", "Check a poster template of your own."),
    "domain": ("bot.cli.domain", "The domain of our links: say that WeChat blocks it, or no more."),
    "ledger": ("bot.cli.ledger", "The ledger: its signed head, its soundness, proofs of rewards."),
    "story": ("bot.cli.story", "Stories: look at, select, withdraw, quote on posters."),
    "fulfilment": ("bot.cli.fulfilment", "Connectors that make thanks real: look, enable, replay, decide."),
    "shipping": ("bot.cli.shipping", "Gifts to be sent: the list, and that one is on its way."),
    "coupons": ("bot.cli.coupons", "Coupon pools: fill them, and see what is left."),
    "shop": ("bot.cli.shop", "The shop for points: put things on the shelf, call an exchange back."),
    "key": ("bot.cli.key", "Keys of the JSON API: make, look at, revoke."),
    "words": ("bot.cli.words", "Our own words: other wordings to choose from."),
    "model": ("bot.cli.model", "What the score has learned: look at it, its versions, begin anew."),
    "rehearse": ("bot.cli.rehearse", "Play a made-up world that talks JSON lines on stdin and stdout."),
    "lint": ("bot.cli.lint", "Check words against the rules for what may be said."),
}
"""Where each command is and what it does; it is loaded when it is asked for, so that a small one is quick."""


class Commands(click.Group):
    """The commands; what is expected to go wrong in one becomes one sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, "import_" if cmd_name == "import" else cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            super().invoke(ctx)
            sys.stdout.flush()  # a full disk is said now, not while Python ends
        except BrokenPipeError:  # the reader has read enough: click ends quietly
            raise
        except EXPECTED as error:
            let_go_of_stdout()
            raise refusal(error) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="taoli")
def taoli() -> None:
    """Taoli 桃李: customers who are glad they came bring their friends."""


def main() -> None:
    """Run a command. To a pipe or a file it writes UTF-8 everywhere; an old terminal shows ? for a sign it lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
    taoli()
