"""Two services whose clocks differ."""
