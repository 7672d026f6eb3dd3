"""Publishing: cards, licences, pushes to a Hub, and a Hub on loopback to test them against."""
