"""How good the face pack is, in the terms of ISO/IEC 19795-1 (matching) and 30107-3 (attacks)."""
