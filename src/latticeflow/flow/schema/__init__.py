"""Types of ports as JSON Schema: their names for people, subtyping, and checking values."""

from latticeflow.flow.schema.defaults import decoder_of
from latticeflow.flow.schema.naming import type_name
from latticeflow.flow.schema.subtyping import Verdict, is_subtype
from latticeflow.flow.schema.validation import problem_of

__all__ = ["Verdict", "decoder_of", "is_subtype", "problem_of", "type_name"]
