"""What runs inside AWS to switch on GuardDuty, Macie and Security Hub where CloudFormation cannot: what is there is adopted."""
