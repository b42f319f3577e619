class SetRefused(Exception):
    """The folder holds no set that can be measured; the sentence says what is missing and where."""
