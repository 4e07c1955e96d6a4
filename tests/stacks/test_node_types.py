import pytest

from stacks.settings.node_types import Nodes, check_port, deployable


def nodes(text: str) -> Nodes:
    count, node_type = text.split(" x ")
    return Nodes(type=node_type, count=int(count))


@pytest.mark.parametrize(
    ("asked", "deployed"),
    [
        ("1 x dc2.large", "1 x ra3.large"),
        ("2 x dc2.large", "2 x ra3.large"),
        ("4 x dc2.large", "3 x ra3.large"),
        ("5 x dc2.large", "2 x ra3.xlplus"),
        ("15 x dc2.large", "6 x ra3.xlplus"),
        ("16 x dc2.large", "2 x ra3.4xlarge"),
        ("2 x dc2.8xlarge", "4 x ra3.4xlarge"),
        ("16 x dc2.8xlarge", "8 x ra3.16xlarge"),
        ("4 x ds2.xlarge", "3 x ra3.xlplus"),
        ("8 x ds2.xlarge", "2 x ra3.4xlarge"),
        ("2 x ds2.8xlarge", "4 x ra3.4xlarge"),
    ],
)
def test_a_retired_type_is_replaced_as_aws_documents(asked: str, deployed: str) -> None:
    assert deployable(nodes(asked)) == nodes(deployed)


@pytest.mark.parametrize("asked", ["1 x ra3.xlplus", "2 x ra3.large", "3 x ra3.16xlarge", "2 x rg.large"])
def test_a_type_that_can_be_created_is_left_as_asked(asked: str) -> None:
    assert deployable(nodes(asked)) == nodes(asked)


@pytest.mark.parametrize(
    ("deployed", "scales"), [("2 x ra3.xlplus", True), ("2 x ra3.large", False), ("1 x ra3.xlplus", False)]
)
def test_redshift_scales_several_nodes_of_the_types_that_its_guide_lists(
    deployed: str, *, scales: bool
) -> None:
    assert nodes(deployed).scales is scales


def test_a_retired_type_without_a_documented_replacement_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"'ds2\.large' is retired.*only for dc2\.large, dc2\.8xlarge, ds2\.xlarge"
    ):
        deployable(nodes("2 x ds2.large"))


@pytest.mark.parametrize("port", [5431, 5439, 5440, 5455, 8191, 8215])
def test_ra3_listens_on_two_ranges_of_ports(port: int) -> None:
    check_port(nodes("2 x ra3.large"), port)


@pytest.mark.parametrize("port", [1150, 5430, 5456, 8190, 8216])
def test_ra3_listens_on_no_other_port(port: int) -> None:
    with pytest.raises(ValueError, match=f"redshift_port = {port} is not allowed for ra3.large"):
        check_port(nodes("2 x ra3.large"), port)


def test_retired_types_listen_anywhere() -> None:
    check_port(nodes("2 x dc2.large"), 1150)
