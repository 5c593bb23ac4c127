"""What deploying HEAD over BASE would delete, replace, take away or weaken.

In the order in which data flows: `schemas` knows what replaces a resource, `comparison` pairs the resources of both states and says what
becomes of each, `judges` name what is at risk, `review` decides with the register of approvals.
"""
