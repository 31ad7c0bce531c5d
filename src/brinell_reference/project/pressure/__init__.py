"""The parts of the service as load tools ask for them."""
