"""Sessions in the formats of other agents, which hold a handoff and go on from it."""
