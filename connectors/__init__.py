"""The outside, one file each: devices and platforms in, words to people out.

In: `mqtt.py` (a broker's topics) and `push.py` (signed HTTP from a platform) read a payload (`payloads.py`), hand it
to `engine.incoming.record`, and say «received» only after the commit. Out: a channel is a function registered with
`engine.outgoing.delivers`; it raises `DeliveryFailed` when the outside says no.
A new connector is one file with `listen()` or a channel, and fixtures of real payloads in tests/connectors/fixtures.
"""
