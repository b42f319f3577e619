"""What can be printed without opening anything."""

from api.core.settings import Settings, load, setting_name

#: Settings whose value is nobody's to read on a screen.
SECRET = {"keys", "store_options", "database_url", "redis_url"}


def settings() -> None:
    """Every setting: its name, its value, what it means."""
    current = load()
    for field, info in Settings.model_fields.items():
        value = getattr(current, field)
        shown = ("(set)" if field in SECRET else str(value)) if value not in (None, "", {}) else "(empty)"
        print(f"{setting_name(field):<26} {shown:<24} {info.description}")


def schema() -> None:
    """Print schema.graphql."""
    from api.schema import schema

    print(schema.as_str())
