"""The edge: channels, conversations, pages, posters, sandbox and command line."""

__version__ = "0.1.0"
