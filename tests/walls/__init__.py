"""The walls of the house: rules of the whole repository, as functions that list what breaks them.

Every check takes the root of a tree laid out like this repository and returns a list of `Problem`;
an empty list means that the rule holds. They read files and import nothing of cyclone.

`python tests/walls` prints all problems and the figures; `python tests/walls --write` writes the
list of public names anew.
"""
