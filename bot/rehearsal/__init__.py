"""The rehearsal of design 5.6: the rules that decide in production, against an outside simulator."""
