"""From the queue to a signed tree: order, check, sign; serve proofs; verify it all again."""
