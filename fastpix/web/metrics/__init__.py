"""What a web server counts of its requests, and `/metrics` for Prometheus."""
