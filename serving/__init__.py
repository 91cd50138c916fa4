"""Everything that turns scores into something a person or a CRM can use."""
