"""What runs over every text before it leaves the machine: secrets and home folders are taken out, and counted."""
