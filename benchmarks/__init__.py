"""What the pipeline costs: generated data of three sizes, contenders in processes of their own, one table of ratios."""
