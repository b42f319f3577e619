"""What a person says about a decision, kept with it and shown to whom it concerns."""

from api.core.errors import InvalidInput

SHORTEST, LONGEST = 5, 500


def reason_of(text: str) -> str:
    """Without the space around it; InvalidInput where it says nothing, or too much."""
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise InvalidInput("reason", "TEXT_LENGTH", least=SHORTEST, most=LONGEST)
    return text
