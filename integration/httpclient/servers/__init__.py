"""The servers that these tests talk to. None of them is built on cyclone or on Twisted."""
