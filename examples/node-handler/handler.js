// Restarts an instance at a quiet moment, before a planned restart does: polls, the older Node SDK.
'use strict';

const { setTimeout: pause } = require('node:timers/promises');
const { RPCClient } = require('@alicloud/pop-core');

const client = new RPCClient({
  accessKeyId: 'your-key-id',
  accessKeySecret: 'your-key-secret',
  endpoint: 'https://ecs.cn-hangzhou.aliyuncs.com',
  apiVersion: '2014-05-26',
});

async function handle() {
  const answer = await client.request('DescribeInstanceHistoryEvents', {
    RegionId: 'cn-hangzhou',
    InstanceEventCycleStatus: ['Scheduled'],
    InstanceEventType: ['SystemMaintenance.Reboot'],
  });
  for (const event of answer.InstanceSystemEventSet.InstanceSystemEventType) {
    await client.request('RebootInstance', { InstanceId: event.InstanceId });
  }
}

async function main() {
  for (;;) {
    await handle().catch(console.error);
    await pause(500);
  }
}

main();
