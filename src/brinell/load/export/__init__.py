"""Load as other tools read it: files of a run's one-second records, and the same numbers live, while it runs."""
