"""Runs diagrams, durably. What the engine promises is told in docs/architecture.md."""
