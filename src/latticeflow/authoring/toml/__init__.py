"""Workflows written as workflow.toml: parse, check every expression, lower to the graph."""

from latticeflow.authoring.toml.extensions import Extensions, ParameterType, Validator
from latticeflow.authoring.toml.shape import toml_schema
from latticeflow.authoring.toml.steps import Resolve
from latticeflow.authoring.toml.workflow import load_workflow, read_workflow

__all__ = [
    "Extensions",
    "ParameterType",
    "Resolve",
    "Validator",
    "load_workflow",
    "read_workflow",
    "toml_schema",
]
