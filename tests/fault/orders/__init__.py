"""What one device sends, arriving at the real API in any order."""
