"""Looking at a running instance: logs, gauges, the doctor, and the operator's page."""
