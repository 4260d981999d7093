"""1,200 drills in one stack: 2,400 dynamic resources."""

from pathlib import Path

from tests.engine.conftest import ARTICLE_INSTANCES, CloudProcess, MakeStack

PROGRAM = Path(__file__).parent / "programs" / "many"


def test_twelve_hundred_drills_in_one_stack(make_stack: MakeStack, cloud: CloudProcess) -> None:
    """A preview only: an up writes the whole state after each step and takes many minutes."""
    stack = make_stack(
        PROGRAM,
        {
            "simevents:endpoint": cloud.url,
            "simevents:region": "cn-beijing",
            "many:instanceIds": ARTICLE_INSTANCES,
            "many:count": 1200,
        },
    )
    text = stack.run("preview")

    assert "+ 3601 to create" in text
