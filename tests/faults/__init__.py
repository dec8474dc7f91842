"""What breaks on real hosts: processes killed, queues emptied and away. Slow, on real parts."""
