"""The mapping to ISO/IEC TS 27560 (DPV) and Kantara, by their published rules."""
