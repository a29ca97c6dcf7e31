"""What a visitor can see, have corrected and erase about this browser."""
