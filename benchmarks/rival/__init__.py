"""A Python tool of reverse ETL beside this project's write-back: the same rows, the same faults, one judge."""
