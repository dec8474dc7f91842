"""What hostile code can and cannot do; the attack corpus grows here."""
