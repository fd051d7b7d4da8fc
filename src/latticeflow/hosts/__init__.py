"""Composition: a plan, a configuration and providers become a running process."""
