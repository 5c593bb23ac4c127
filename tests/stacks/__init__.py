"""The reference lake as it is synthesized: identities, protection, parity of environments, absences, order."""
