"""Every connection we make to an address that somebody gave us: to public addresses alone, with limits."""
