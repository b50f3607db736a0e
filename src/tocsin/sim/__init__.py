"""A seeded world: flights, radars and truth; it emits the wire bytes that real radars would.

It shares no code with `sense`, so that an error in one cannot hide the same error in the other.
"""
