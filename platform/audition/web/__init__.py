"""The site and the HTTP API: views translate between HTTP and the services, and decide nothing."""
