"""Load shapes: one frozen struct each. Its fields are the configuration; its schedule is pure arithmetic."""
