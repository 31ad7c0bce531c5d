"""Rooms: what one member says, all members hear, byte for byte and in one order."""
