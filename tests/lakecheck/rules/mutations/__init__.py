"""For each rule one property of the reference whose change it has to see; a module for each family of rules, with its `MUTATIONS`."""
