"""A courier on this machine: its own process, the real wire of ZTO and YTO, parcels with scripted lives.

Nothing here imports the adapters: both sides were written from the couriers' facts, so a mistake cannot cancel out.
"""
