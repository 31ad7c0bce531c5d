"""The project's own pytest under examination: run by its own interpreter, recorded from inside, read here."""
