// Calls DescribeRegions with one of the vendor's two SDKs, which know nothing of the fake.
//
// Usage: client.js (older|newer) (http|https) [metadata]
// Prints whether there are regions. With metadata, the keys are those of the instance's role.
'use strict';

const RPCClient = require('@alicloud/pop-core').RPCClient;
const { $OpenApiUtil, default: OpenApi } = require('@alicloud/openapi-core');
const Credential = require('@alicloud/credentials');
const { RuntimeOptions } = require('@darabonba/typescript');

const REGION = 'cn-hangzhou';
const OWN = { accessKeyId: 'LTAI5tOwnKeyOfTheProgram', accessKeySecret: 'own-secret' };

async function keysOfTheRole() {
  const chain = new Credential.default(new Credential.Config({ type: 'ecs_ram_role' }));
  const found = await chain.getCredential();
  return {
    accessKeyId: found.accessKeyId,
    accessKeySecret: found.accessKeySecret,
    securityToken: found.securityToken,
  };
}

async function older(protocol, keys) {
  const client = new RPCClient({
    ...keys,
    endpoint: `${protocol}://ecs.cn-hangzhou.aliyuncs.com`,
    apiVersion: '2014-05-26',
  });
  return client.request('DescribeRegions', { RegionId: REGION }, { method: 'POST' });
}

async function newer(protocol, keys) {
  const client = new OpenApi(new $OpenApiUtil.Config({
    ...keys,
    regionId: REGION,
    protocol,
    endpoint: 'ecs.cn-hangzhou.aliyuncs.com',
  }));
  const call = new $OpenApiUtil.Params({
    action: 'DescribeRegions',
    version: '2014-05-26',
    protocol,
    method: 'POST',
    authType: 'AK',
    style: 'RPC',
    pathname: '/',
    reqBodyType: 'formData',
    bodyType: 'json',
  });
  const request = new $OpenApiUtil.OpenApiRequest({ query: { RegionId: REGION } });
  return (await client.callApi(call, request, new RuntimeOptions({}))).body;
}

async function main([family, protocol, source]) {
  const keys = source === 'metadata' ? await keysOfTheRole() : OWN;
  const answer = await (family === 'newer' ? newer : older)(protocol, keys);
  console.log(answer.Regions.Region.length > 0);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
