"""Routes to people; a channel is one folder, deleted in one stroke."""
