"""Charts: a reducer of events that knows no Qt, and the drawings of what it made."""
