"""The database: schema, engines, units of work with deadlines, and the statements."""
