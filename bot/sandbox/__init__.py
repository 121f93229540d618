"""A local WeCom, and the people on it, over real HTTP.

It plays the platform and the persons only: it signs and encrypts callbacks, answers `/cgi-bin/...` with the platform's
errcodes and clocks, and lets a test, a demo or a page act as a customer, a rep or the shop. It shares no code with the
channel it checks and knows nothing of storage or of referral rules.
"""

from bot.sandbox.platform import Sandbox
from bot.sandbox.stage import SandboxApp, SandboxClock, default_desk

__all__ = ["Sandbox", "SandboxApp", "SandboxClock", "default_desk"]
