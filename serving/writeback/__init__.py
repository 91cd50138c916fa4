"""Scores and tasks into a CRM, with nothing lost, doubled or overwritten. Imports only the standard library and policy.

`plan.plan` says what a delivery would change, `delivery.apply` does it, `sqlite.SqliteCrm` is the embedded CRM;
another CRM is one module with the three methods of `destination.Destination`.
"""
