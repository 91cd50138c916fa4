"""The Tryton module is imported by Tryton, in its own environment: it is nothing for pytest to collect."""

collect_ignore = ["tryton_module"]
