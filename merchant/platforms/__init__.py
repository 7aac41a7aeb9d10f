"""Shop platforms and payment channels as they speak on the wire; nothing above knows their codes."""
