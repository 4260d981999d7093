"""Runs of pytest with handlers that are told: what a failure looks like, and xdist."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return pytester


def test_the_traceback_is_that_of_test_and_handler(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        def handler(event, context):
            raise LookupError("no node")

        def test_it(ecs_fake):
            ecs_fake.add_instance("i-web")
            ecs_fake.deliver_to(function=handler)
            ecs_fake.schedule("SystemMaintenance.Reboot", "i-web", "+2h")
        """
    )
    result = run.runpytest_subprocess("-p", "no:cacheprovider")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            '>       ecs_fake.schedule("SystemMaintenance.Reboot", *',
            '>       raise LookupError("no node")',
            "E       LookupError: no node",
            "E       Raised by the function handler, which was told of *:Scheduled on i-web.",
            "*delivery *:Scheduled on i-web to function-handler -> raised LookupError",
        ]
    )
    result.stdout.no_fnmatch_line("*calling.py*")


def test_what_the_worker_raises_fails_the_test_at_its_end(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        from aliyunsdkcore.client import AcsClient
        from aliyunsdkcore.request import CommonRequest

        def handler(event, context):
            if b"Canceled" in event:
                raise LookupError("no node")

        def test_it(ecs_fake):
            ecs_fake.deliver_to(function=handler)
            ecs_fake.add_instance("i-web")
            (event,) = ecs_fake.schedule("SystemMaintenance.Reboot", "i-web", "+2h")
            request = CommonRequest(
                "ecs.aliyuncs.com", "2014-05-26", "CancelSimulatedSystemEvents"
            )
            request.add_query_param("EventId.1", event.event_id)
            AcsClient("key", "secret", "cn-hangzhou").do_action_with_exception(request)

        def test_another(ecs_fake):
            ecs_fake.deliver_to(function=lambda event, context: None)
            ecs_fake.schedule("SystemMaintenance.Reboot", ecs_fake.run_instances(), "+2h")
            ecs_fake.expect().event_delivered("Scheduled")
        """
    )
    result = run.runpytest_subprocess("-p", "no:cacheprovider")

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            '>           raise LookupError("no node")',
            "E           LookupError: no node",
            "E           Raised by the function handler, which was told of *:Canceled on i-web.",
        ]
    )


def test_tests_in_several_processes_have_their_own_handlers(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(12))
        def test_it(ecs_fake, number):
            told = []

            async def application(scope, receive, send):
                assert scope["type"] == "http"
                told.append((await receive())["body"])
                await send({"type": "http.response.start", "status": 204, "headers": []})
                await send({"type": "http.response.body"})

            ecs_fake.deliver_to(function=lambda event, context: told.append(event))
            ecs_fake.deliver_to(asgi=application)
            instances = ecs_fake.run_instances(number + 1)
            told.clear()
            ecs_fake.schedule("SystemMaintenance.Reboot", instances, "+2h")
            ecs_fake.clock.advance("3h")
            assert len(told) == 6 * (number + 1)
            ecs_fake.expect(*instances).event_delivered("Executed", times=2)
        """
    )
    result = run.runpytest_subprocess("-n", "2", "-p", "no:cacheprovider")

    result.assert_outcomes(passed=12)
