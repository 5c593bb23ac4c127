lakecheck contracts diff base/config/contracts config/contracts
lakecheck contracts diff base/config/contracts config/contracts --format markdown
lakecheck contracts diff base/config/contracts config/contracts --as-of 2027-06-30 --format json
