"""Where tests are examined: jobs, done by a fork server or in fresh processes."""
