"""Courier adapters: one file per courier behind the interface of base.py; nothing else knows a courier's codes."""
