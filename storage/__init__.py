"""Where things are kept: tables, statements, transactions, inbox, outbox, ledger and migrations."""
