"""What a personnel section does about the people of its units: who holds which role, and a way back in."""
