"""Kill the whole program at random under load, and prove from outside that nothing acknowledged is lost.

`python -m tests.faults --kills 200`: clients outside the program push events over HTTP, send them over MQTT and
complete tasks on the pages. Each keeps a ledger of what was acknowledged to it: a 200, a `confirm`, a finished page
(a broker's PUBACK does not count). What is not acknowledged is sent again under the same id. At the end the ledgers
are compared with the stored data, and `visitflow audit` must be clean.
"""
