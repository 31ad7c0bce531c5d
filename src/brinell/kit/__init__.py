"""Judgement to files that a team keeps: pure, core only. Who asks writes them."""
