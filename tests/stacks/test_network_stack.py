import json

from tests.stacks.deployments import Deployment


def test_there_is_no_way_to_the_internet(deployment: Deployment) -> None:
    kinds = {resource["Type"] for resource in deployment.template("network")["Resources"].values()}
    assert not kinds & {
        "AWS::EC2::NatGateway",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::Route",
        "AWS::EC2::EIP",
    }


def test_s3_is_reached_from_both_subnets(deployment: Deployment) -> None:
    (endpoint,) = deployment.properties("network", "EC2::VPCEndpoint")
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert ".s3" in json.dumps(endpoint["ServiceName"])
    assert len(endpoint["RouteTableIds"]) == 2


def endpoint_allows(deployment: Deployment, action: str, condition: bool) -> str:
    """The resources, as text, that the endpoint's policy allows an action on: to this account only, or to anybody."""
    (endpoint,) = deployment.properties("network", "EC2::VPCEndpoint")
    own = {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}
    return json.dumps(
        [
            statement["Resource"]
            for statement in endpoint["PolicyDocument"]["Statement"]
            if action in statement["Action"] and statement.get("Condition") == (own if condition else None)
        ]
    )


def test_nothing_can_be_carried_out_to_the_bucket_of_another_account(deployment: Deployment) -> None:
    (endpoint,) = deployment.properties("network", "EC2::VPCEndpoint")
    for statement in endpoint["PolicyDocument"]["Statement"]:
        assert statement["Resource"] != "*"
    ours = endpoint_allows(deployment, "s3:PutObject", condition=True)
    assert [zone for zone in ("Landing", "Working", "Processed", "Quarantine", "Logs") if zone in ours] == [
        "Working",
        "Processed",
        "Quarantine",
        "Logs",
    ]
    assert "aws157-logs-prod" in endpoint_allows(deployment, "s3:PutObject", condition=False)


def test_the_nodes_reach_the_repositories_of_their_release_and_the_deployed_code(
    deployment: Deployment,
) -> None:
    anybody = endpoint_allows(deployment, "s3:GetObject", condition=False)
    assert "al2023-repos-" in anybody
    assert ".emr.amazonaws.com/*" in anybody
    assert "cdk-hnb659fds-assets-" in endpoint_allows(deployment, "s3:GetObject", condition=True)


def test_the_subnets_are_in_the_zones_of_the_settings(deployment: Deployment, changed: Deployment) -> None:
    zones = [subnet["AvailabilityZone"] for subnet in changed.properties("network", "EC2::Subnet")]
    assert zones == ["us-east-1b", "us-east-1d"]
    chosen_by_aws = [subnet["AvailabilityZone"] for subnet in deployment.properties("network", "EC2::Subnet")]
    assert chosen_by_aws == [{"Fn::Select": [number, {"Fn::GetAZs": ""}]} for number in (0, 1)]


def test_emr_may_use_both_subnets_and_its_own_security_groups_but_not_redshifts(
    deployment: Deployment,
) -> None:
    tag = {"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"}
    subnets = deployment.properties("network", "EC2::Subnet")
    assert [tag in subnet["Tags"] for subnet in subnets] == [True, True]
    groups = deployment.properties("network", "EC2::SecurityGroup")
    assert {group["GroupDescription"]: tag in group.get("Tags", []) for group in groups} == {
        "EMR primary node": True,
        "EMR core nodes": True,
        "EMR control plane into the subnet": True,
        "Redshift: no inbound, COPY to S3": False,
    }


def test_no_group_admits_addresses_only_other_groups(deployment: Deployment) -> None:
    rules = deployment.properties("network", "EC2::SecurityGroupIngress")
    assert len(rules) == 15  # 2 groups x (2 peers x 3 protocols + the control plane) + the way back
    assert all("SourceSecurityGroupId" in rule for rule in rules)
    assert not any(
        "SecurityGroupIngress" in group for group in deployment.properties("network", "EC2::SecurityGroup")
    )


def test_traffic_is_logged(deployment: Deployment) -> None:
    (flow_log,) = deployment.properties("network", "EC2::FlowLog")
    assert flow_log["LogDestinationType"] == "s3"
