"""Double-entry books for small shops."""
