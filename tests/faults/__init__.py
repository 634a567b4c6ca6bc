"""Faults under load, and the proof from outside that nothing acknowledged is lost and nothing happens twice.

`python -m tests.faults NAME` runs one script (`--help` lists them), `make faults` all. Clients outside the program
push events over HTTP, send them over MQTT and complete tasks on the pages. Each keeps a ledger of what was
acknowledged to it: a 200, a `confirm`, a finished page (a broker's PUBACK does not count). What is not acknowledged is
sent again under the same id. At the end the ledgers are compared with the stored data, and `visitflow audit` must be
clean. Servers that are killed are private ones, from the installed binaries. docs/explanation/faults.md tells which
script holds which promise.
"""
