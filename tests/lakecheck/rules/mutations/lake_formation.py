"""Lake Formation's."""

from tests.lakecheck.rules.mutations.model import Mutation

MUTATIONS = {
    "lake_formation.iam_allowed_principals": Mutation(
        stack="MainGrants",
        type="Custom::LakeFormationPermissions",
        path="Grants.0.Principal.DataLakePrincipalIdentifier",
        value="IAM_ALLOWED_PRINCIPALS",
    ),
}
