"""What our scores and tasks need in Tryton: loaded by the test server in its own environment, never by ours."""
