"""What every table must look like: contracts as ODCS files, source tables read and validated under them."""
