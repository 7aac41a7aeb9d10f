"""A courier on this machine: its own process, the couriers' real wire, parcels with scripted lives.

Nothing here imports the adapters: both sides were written from the couriers' facts, so a mistake cannot cancel out.
"""
