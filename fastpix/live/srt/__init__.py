"""SRT: callers that publish to one UDP port, each checked in the handshake, by the system's libsrt."""
