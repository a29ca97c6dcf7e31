"""What no honest client sends: random requests and bodies, mutated tokens, broken framing."""
