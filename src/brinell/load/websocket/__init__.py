"""WebSocket under load: frames, handshakes, connections by the thousand, and what is sent over them."""
