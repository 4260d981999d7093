// A consumer of a queue, and the rule that fills it; or each call of a queue. Knows nothing of the fake.
//
// Usage: client.js (consume|calls) (http|https)
// consume makes a queue, a rule and its target, says "ready", and prints the first message, which it
// deletes. calls prints what the calls return, as JSON.
'use strict';

const MNSClient = require('@alicloud/mns');
const cms = require('@alicloud/cms20190101');
const { $OpenApiUtil } = require('@alicloud/openapi-core');

const ACCOUNT = '1000000000000001';
const OWN = { accessKeyId: 'LTAI5tOwnKeyOfTheProgram', accessKeySecret: 'own-secret' };
const QUEUE = 'alarms';

async function makeRule(protocol) {
  const client = new cms.default(new $OpenApiUtil.Config({ ...OWN, protocol, regionId: 'cn-hangzhou' }));
  const name = { ruleName: 'to-the-queue' };
  await client.putEventRule(new cms.PutEventRuleRequest({
    ...name,
    eventPattern: [new cms.PutEventRuleRequestEventPattern({
      product: 'ECS',
      eventTypeList: ['Maintenance'],
      nameList: ['Instance:SystemMaintenance.Reboot:Scheduled'],
    })],
  }));
  const put = await client.putEventRuleTargets(new cms.PutEventRuleTargetsRequest({
    ...name,
    mnsParameters: [new cms.PutEventRuleTargetsRequestMnsParameters({
      id: '1', region: 'cn-hangzhou', queue: QUEUE,
    })],
  }));
  const { body } = await client.describeEventRuleTargetList(
    new cms.DescribeEventRuleTargetListRequest(name));
  const [rule] = (await client.describeEventRuleList(
    new cms.DescribeEventRuleListRequest({ namePrefix: 'to-' }))).body.eventRules.eventRule;
  const [pattern] = rule.eventPattern.eventPattern;
  if (put.body.failedParameterCount !== '0' || rule.state !== 'ENABLED' ||
      pattern.nameList.nameList[0] !== 'Instance:SystemMaintenance.Reboot:Scheduled') {
    throw new Error(JSON.stringify([put.body, rule]));
  }
  return body.mnsParameters.mnsParameter[0].arn;
}

async function consume(queues, protocol) {
  await queues.createQueue(QUEUE);
  console.log(await makeRule(protocol));
  console.log('ready');
  const { body } = await queues.receiveMessage(QUEUE, 30);
  console.log(Buffer.from(body.MessageBody, 'base64').toString());
  await queues.deleteMessage(QUEUE, body.ReceiptHandle);
  console.log(await refusal(queues.receiveMessage(QUEUE, 1)));
}

async function refusal(call) {
  try {
    await call;
  } catch (error) {
    return error.name;
  }
  return 'none';
}

async function calls(queues) {
  const found = {};
  const created = await queues.createQueue(QUEUE, { VisibilityTimeout: 40 });
  found.created = [created.code, new URL(created.headers.location).pathname];
  found.again = (await queues.createQueue(QUEUE, { VisibilityTimeout: 40 })).code;
  found.other = await refusal(queues.createQueue(QUEUE, { VisibilityTimeout: 41 }));
  await queues.setQueueAttributes(QUEUE, { DelaySeconds: 0, VisibilityTimeout: 50 });
  const attributes = (await queues.getQueueAttributes(QUEUE)).body;
  found.attributes = [attributes.QueueName, attributes.VisibilityTimeout, attributes.LoggingEnabled];
  found.listed = (await queues.listQueue('', 10, 'al')).body.map((each) => new URL(each.QueueURL).pathname);
  await queues.sendMessage(QUEUE, { MessageBody: 'one &amp; &lt;1>', Priority: 1 });
  const sent = await queues.batchSendMessage(QUEUE, [{ MessageBody: 'two' }, { MessageBody: 'drei ü' }]);
  found.sent = sent.body.map((each) => each.MessageBodyMD5);
  found.peeked = (await queues.peekMessage(QUEUE)).body.MessageBody;
  found.peekedAll = (await queues.batchPeekMessage(QUEUE, 16)).body.map((each) => each.MessageBody);
  const one = (await queues.receiveMessage(QUEUE)).body;
  const changed = (await queues.changeMessageVisibility(QUEUE, one.ReceiptHandle, 60)).body;
  found.oldHandle = await refusal(queues.deleteMessage(QUEUE, one.ReceiptHandle));
  found.badHandle = await refusal(queues.deleteMessage(QUEUE, 'nobody'));
  await queues.deleteMessage(QUEUE, changed.ReceiptHandle);
  const rest = (await queues.batchReceiveMessage(QUEUE, 16, 1)).body;
  found.received = rest.map((each) => each.MessageBody);
  const handles = rest.map((each) => each.ReceiptHandle);
  found.deleted = (await queues.batchDeleteMessage(QUEUE, handles)).code;
  found.empty = await refusal(queues.batchReceiveMessage(QUEUE, 16, 0));
  await queues.deleteQueue(QUEUE);
  found.gone = await refusal(queues.receiveMessage(QUEUE));
  console.log(JSON.stringify(found));
}

async function main([what, protocol]) {
  const queues = new MNSClient(ACCOUNT, { ...OWN, region: 'cn-hangzhou', secure: protocol === 'https' });
  await (what === 'calls' ? calls : consume)(queues, protocol);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
