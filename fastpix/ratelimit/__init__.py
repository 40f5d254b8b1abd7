"""How often somebody may try or ask: counts that end by themselves, shared by all processes."""
