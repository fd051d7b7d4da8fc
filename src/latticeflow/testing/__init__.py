"""For those who write flows, and for those who write providers: what their tests stand on."""

__all__: list[str] = []
