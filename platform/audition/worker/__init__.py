"""What runs on a host with a container engine: jobs, the worker process, the reaper; and the clock beside it."""
