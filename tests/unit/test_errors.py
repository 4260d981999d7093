"""The texts of errors."""

import inspect

from simevents import errors
from simevents.errors import NoAnswer, Refused, SimulatedEventsError, WrongAccount, listed


def test_every_error_is_in_the_tree_of_the_docstring() -> None:
    tree = inspect.getdoc(errors) or ""
    classes = [
        name
        for name, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, SimulatedEventsError)
    ]

    assert [name for name in classes if name not in tree] == []


def test_a_refusal_ends_with_code_and_request_id() -> None:
    refused = Refused("CreateSimulatedSystemEvents", "Forbidden.RAM", "No.", 403, "4C5")

    assert str(refused) == (
        "CreateSimulatedSystemEvents was refused: No. [Forbidden.RAM, request id 4C5]"
    )


def test_no_answer_says_whether_the_request_was_sent() -> None:
    assert "Whether it was carried out is not known" in str(NoAnswer("A", "h", "r"))
    assert "Nothing was sent" in str(NoAnswer("A", "h", "r", sent=False))


def test_wrong_account_names_both_accounts() -> None:
    assert str(WrongAccount("1", "2")).startswith("These events belong to the account 1, but")


def test_long_lists_are_cut() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(map(str, range(13))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more"
