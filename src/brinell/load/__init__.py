"""Load: traffic at a planned rate or from a fixed number of users, measured from the intended start."""
