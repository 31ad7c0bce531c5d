"""The service under test, seen from outside: starting, guarding, finding and sampling it."""
