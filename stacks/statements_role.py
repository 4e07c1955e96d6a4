"""The role under which every statement is submitted, watched and read."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.nag import accept
from stacks.warehouse import WarehouseStack


class StatementsRole(Construct):
    """One role for the statements of a database user: the state machine's tasks and the functions assume it.

    Only the role that submitted a statement can describe it, cancel it, or read its result; for every other caller the statement
    does not exist (Redshift Management Guide, "Considerations when calling the Amazon Redshift Data API"; RoleLevel of ListStatements).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        warehouse: WarehouseStack,
        user: str,
        submitter: iam.IRole,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            description=f"submits, watches and reads the statements of the database user {user}",
            assumed_by=iam.ArnPrincipal(submitter.role_arn),
        )
        for actions, resources in (
            (("ExecuteStatement", "BatchExecuteStatement"), [warehouse.cluster_arn]),
            (("DescribeStatement", "CancelStatement", "GetStatementResult"), ["*"]),
        ):
            self.role.add_to_policy(
                iam.PolicyStatement(
                    actions=[f"redshift-data:{action}" for action in actions], resources=resources
                )
            )
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["redshift:GetClusterCredentials"], resources=warehouse.credential_arns(user)
            )
        )
        accept(
            self.role,
            "AwsSolutions-IAM5[Resource::*]",
            reason="Describe, cancel and read know no narrower resource than `*`; only the role's own statements answer to them.",
        )

    def lend_to(self, reader: iam.IRole) -> None:
        """Let another role read what the statements found: a permission of the reader's, and the trust of this role."""
        self.role.grant_assume_role(reader)
        trust = iam.PolicyStatement(
            actions=["sts:AssumeRole"], principals=[iam.ArnPrincipal(reader.role_arn)]
        )
        if self.role.assume_role_policy is None:
            raise TypeError("a role of this stack has a trust policy")
        self.role.assume_role_policy.add_statements(trust)
