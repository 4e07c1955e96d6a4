"""What `pipeline run` starts an execution with."""

from operations.run import execution_input_of


def test_a_window_with_an_end_replaces_the_current_one_unless_that_is_to_be_kept() -> None:
    start, end = "2020-02-01", "2020-03-01"
    window = {"window_start": start, "window_end": end}
    assert execution_input_of(start, end, accept_rejects=False, replace_current=True) == {
        **window,
        "replace_current": True,
    }
    assert execution_input_of(start, end, accept_rejects=False, replace_current=False) == window


def test_without_an_end_there_is_nothing_to_replace() -> None:
    assert execution_input_of(None, None, accept_rejects=False, replace_current=True) == {}
    assert execution_input_of("2020-02-01", None, accept_rejects=True, replace_current=True) == {
        "window_start": "2020-02-01",
        "accept_rejects": True,
    }
