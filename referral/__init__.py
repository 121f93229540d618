"""The rules and use cases of referral: who invited whom, what is owed, and why.

Nothing here knows a database, a network, a template or the time of day: all of these arrive as arguments.
"""
