"""Tables of cases of the expression language, by the chapters of the DMN standard: a text, and its value as JSON.

The cases are our own; each row is an idea. `REFUSED` marks a text that must not compile.
"""

REFUSED = object()
