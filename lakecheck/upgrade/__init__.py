"""What deploying HEAD over BASE would delete, replace, take away or weaken.

In the order in which data flows: `comparison` pairs the resources of both states and says what becomes of each. The judges, which
`judges` lists, name what that endangers: those of `data`, of `lake_formation`, of `security`, and of what is called how, `identity`.
`review` decides with the register of approvals; `model` is what they hand on, `reading` and `watched` what several of them read with,
`deployed` what CloudFormation has.
"""
