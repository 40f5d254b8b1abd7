"""RTMP, the protocol: server's and client's side, with the formats it carries. It knows nothing of streams kept here."""
