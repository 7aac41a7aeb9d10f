"""One command that brings up everything: servers, web, workers, poller, beat and the demo's outside world."""
