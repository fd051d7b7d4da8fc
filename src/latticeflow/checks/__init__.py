"""The judge: a flow goes in, a checked flow or diagnostics come out."""
