"""What our scores and tasks need in Tryton: loaded by the test server in its own environment, never by ours.

It is made for trytond, which is under the GPL (version 3 or later); whoever runs both together does so under the GPL.
"""
