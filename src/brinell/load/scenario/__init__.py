"""Scenarios whose requests depend on data, on earlier answers or on chance: templates, and the sessions of them."""
