from webhook import app


def test_the_instance_on_the_failing_host_is_stopped(ecs_fake):
    ecs_fake.deliver_to(asgi=app, path="/cloudmonitor")
    failing, healthy = ecs_fake.run_instances(2)
    ecs_fake.schedule("SystemFailure.Redeploy", failing, "+30m")
    ecs_fake.expect(failing).event_delivered("Executing").stopped()
    ecs_fake.expect(healthy).untouched()
