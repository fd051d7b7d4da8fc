"""The flow compiler: the body of a `@flow` function becomes a graph.

It reads the function's source; nothing of the body runs. Each kind of statement and expression
has one place where it is compiled (`compiling` has the two tables), everything else is refused
with its place and what to write instead.
"""

from latticeflow.authoring.dsl.compiler.compiling import compile_flow
from latticeflow.authoring.dsl.compiler.session import Judge, declared

__all__ = ["Judge", "compile_flow", "declared"]
