"""Drivers: one file per protocol that a scenario can speak."""
