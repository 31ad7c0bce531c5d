"""The pytest door: loaded by every pytest in an environment that has Brinell installed, so it imports next to nothing."""
