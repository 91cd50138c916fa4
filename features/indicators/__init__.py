"""The leading indicators, one declaration each: the variable's name is the column's name."""
