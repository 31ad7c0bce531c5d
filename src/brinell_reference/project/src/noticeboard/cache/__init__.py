"""A two-tier cache of rendered answers: memory in front of disk, in front of whoever can render them."""
