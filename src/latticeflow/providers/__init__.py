"""Adapters: implementations of the ports, one folder per port. Hosts and bindings choose them."""

__all__: list[str] = []
