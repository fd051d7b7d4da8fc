"""What every provider of a port must do, as tests: subclass a contract and say how to make one.

One module per port. They import pytest; nothing else of the product imports them.
"""

__all__: list[str] = []
