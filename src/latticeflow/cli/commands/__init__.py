"""The commands of `flows`, one module each, imported when it is asked for."""

__all__: list[str] = []
