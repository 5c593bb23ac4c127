"""The stage `Organization` of the reference: what guards every account, made in accounts that nobody of the lake can reach."""
