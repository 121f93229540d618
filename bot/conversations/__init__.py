"""Who says what: the chats of desks and reps, performed in one transaction each."""
