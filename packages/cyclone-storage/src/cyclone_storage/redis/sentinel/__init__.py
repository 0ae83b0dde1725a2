"""Pools that follow the master of a service wherever it goes."""
