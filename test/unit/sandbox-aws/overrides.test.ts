import { describe, expect, it } from "vitest";
import { Identities } from "../../../sandbox/aws/identities.ts";
import type { MotoClient } from "../../../sandbox/aws/moto-client.ts";
import { Notes } from "../../../sandbox/aws/notes.ts";
import { createOverrides } from "../../../sandbox/aws/overrides/index.ts";
import type { ReceivedRequest } from "../../../sandbox/aws/received.ts";
import type { AwsResponse } from "../../../sandbox/aws/types.ts";

const account = "123456789012";
const arns = "arn:aws:elasticloadbalancing:us-east-2:123456789012";

/** Answers a call through the overrides, with what moto would say; gives also what moto was sent. */
function overridesOn(...answers: string[]) {
  const sent: { method: string; body: string }[] = [];
  const queried: { action: string; parameters: Record<string, string> }[] = [];
  const next = (): AwsResponse => ({ status: 200, headers: {}, body: answers.shift() ?? "<none/>" });
  const moto = {
    forward: (request: ReceivedRequest, body: Buffer | string = request.body) => {
      sent.push({ method: request.method, body: body.toString() });
      return Promise.resolve(next());
    },
    query: (_call: unknown, action: string, parameters: Record<string, string>) => {
      queried.push({ action, parameters });
      return Promise.resolve(next());
    },
    json: () => Promise.resolve(next()),
  };
  const overrides = createOverrides({
    moto: moto as unknown as MotoClient,
    identities: new Identities(),
    notes: new Notes(),
    account,
    region: "us-east-2",
    volumes: "/nonexistent",
  });
  const call = async (request: Partial<ReceivedRequest> & { service: string }): Promise<string | undefined> => {
    const full: ReceivedRequest = {
      method: "POST",
      path: "/",
      rawQuery: "",
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.alloc(0),
      region: "us-east-2",
      action: undefined,
      operation: request.action ?? "",
      internal: false,
      caller: { account, arn: "arn:aws:iam::123456789012:user/operator", userId: "AIDA" },
      ...request,
    };
    for (const override of overrides) {
      const response = await override(full);
      if (response) return response.body.toString();
    }
    return undefined;
  };
  return { call, sent, queried };
}

function loadBalancer(name: string, id: string, type: string): string {
  return (
    `<member><LoadBalancerArn>${arns}:loadbalancer/app/${name}/${id}</LoadBalancerArn>` +
    `<DNSName>${name}-1.us-east-2.elb.amazonaws.com</DNSName><CanonicalHostedZoneId>Z2P70J7EXAMPLE</CanonicalHostedZoneId>` +
    `<LoadBalancerName>${name}</LoadBalancerName><State><Code>active</Code></State><Type>${type}</Type></member>`
  );
}

describe("names of load balancers", () => {
  const list = loadBalancer("alb", "aa11", "application") + loadBalancer("nlb", "bb22", "network");

  it("are those that AWS gives to network load balancers, and to them only", async () => {
    const answer = await overridesOn(list).call({ service: "elasticloadbalancing", action: "DescribeLoadBalancers" });
    expect(answer).toContain(`${arns}:loadbalancer/net/nlb/bb22<`);
    expect(answer).toContain(
      "<DNSName>nlb-bb22.elb.us-east-2.amazonaws.com</DNSName><CanonicalHostedZoneId>ZLMOA37VPKANP<",
    );
    expect(answer).toContain(`${arns}:loadbalancer/app/alb/aa11<`);
    expect(answer).toContain("<DNSName>alb-1.us-east-2.elb.amazonaws.com</DNSName>");
  });

  it("are understood when they come back, and looked up when they are not known yet", async () => {
    const listener = `<member><ListenerArn>${arns}:listener/app/nlb/bb22/cc33</ListenerArn><Type>forward</Type></member>`;
    const { call, sent } = overridesOn(listener, list);
    const body = Buffer.from(new URLSearchParams({ LoadBalancerArn: `${arns}:loadbalancer/net/nlb/bb22` }).toString());
    const answer = await call({ service: "elasticloadbalancing", action: "DescribeListeners", body });
    expect(decodeURIComponent(sent[0]?.body ?? "")).toContain("loadbalancer/app/nlb/bb22");
    expect(answer).toContain(`${arns}:listener/net/nlb/bb22/cc33`);
  });
});

describe("subnets of a load balancer", () => {
  const create = (more: Record<string, string> = {}) => {
    const subnets = { "Subnets.member.1": "subnet-1", "Subnets.member.2": "subnet-2" };
    const body = Buffer.from(new URLSearchParams({ Action: "CreateLoadBalancer", ...subnets, ...more }).toString());
    return { service: "elasticloadbalancing", action: "CreateLoadBalancer", body };
  };
  const subnetsIn = (...zones: string[]) =>
    zones.map((zone) => `<item><vpcId>vpc-1</vpcId><availabilityZone>${zone}</availabilityZone></item>`).join("");

  it("are one of a zone", async () => {
    const { call, queried } = overridesOn(subnetsIn("us-east-2a", "us-east-2a"));
    expect(await call(create())).toContain("multiple subnets in the same Availability Zone");
    expect(queried[0]?.parameters).toEqual({ "SubnetId.1": "subnet-1", "SubnetId.2": "subnet-2" });
  });

  it("need an internet gateway, unless the load balancer is internal", async () => {
    const subnets = subnetsIn("us-east-2a", "us-east-2b");
    expect(await overridesOn(subnets).call(create())).toContain("VPC vpc-1 has no internet gateway");
    expect(await overridesOn(subnets).call(create({ Scheme: "internal" }))).toBe("<none/>");
    const gateway = "<internetGatewayId>igw-1</internetGatewayId>";
    expect(await overridesOn(subnets, gateway).call(create())).toBe("<none/>");
  });
});

describe("launch templates", () => {
  const item = (type: string) =>
    `<item><resourceType>${type}</resourceType><tagSet><item><key>a</key><value>b</value></item></tagSet></item>`;

  it("show the tags of what they make, but not their own among them", async () => {
    const set = `<tagSpecificationSet>${item("instance")}${item("launch-template")}</tagSpecificationSet>`;
    const answer = await overridesOn(set).call({ service: "ec2", action: "DescribeLaunchTemplateVersions" });
    expect(answer).toBe(`<tagSpecificationSet>${item("instance")}</tagSpecificationSet>`);
  });
});

describe("security group rules", () => {
  const rule = (id: string, group: string) =>
    `<item><securityGroupRuleId>${id}</securityGroupRuleId><referencedGroupInfo><groupId>${group}</groupId></referencedGroupInfo></item>`;

  it("keep the description that refers to a group", async () => {
    const { call } = overridesOn(
      rule("sgr-1", "sg-a") + rule("sgr-2", "sg-b"),
      rule("sgr-1", "sg-a"),
      rule("sgr-2", "sg-b"),
    );
    const body = new URLSearchParams({
      "IpPermissions.1.Groups.1.GroupId": "sg-a",
      "IpPermissions.1.Groups.2.GroupId": "sg-b",
      "IpPermissions.1.Groups.2.Description": "NFS from <nodes>",
    });
    const authorize = { service: "ec2", action: "AuthorizeSecurityGroupIngress", body: Buffer.from(body.toString()) };
    expect(await call(authorize)).toContain(
      "sgr-2</securityGroupRuleId><description>NFS from &lt;nodes&gt;</description>",
    );
    const describeRules = { service: "ec2", action: "DescribeSecurityGroupRules" };
    expect(await call(describeRules)).not.toContain("description");
    expect(await call(describeRules)).toContain("<description>NFS from &lt;nodes&gt;</description>");
  });
});

describe("other overrides", () => {
  it("delete a file system's policy by emptying it", async () => {
    const { call, sent } = overridesOn("{}");
    const path = "/2015-02-01/file-systems/fs-1/policy";
    expect(await call({ service: "elasticfilesystem", method: "DELETE", path })).toBe("");
    expect(sent).toEqual([{ method: "PUT", body: `{"Policy":""}` }]);
  });

  it("refuse a bucket that is expected to be another account's", async () => {
    const headers = { "x-amz-expected-bucket-owner": "210987654321" };
    expect(await overridesOn().call({ service: "s3", method: "GET", headers })).toContain("<Code>AccessDenied</Code>");
    const own = { "x-amz-expected-bucket-owner": account };
    expect(await overridesOn().call({ service: "s3", method: "GET", headers: own })).toBeUndefined();
  });

  it("leave every other call to moto", async () => {
    expect(await overridesOn().call({ service: "ec2", action: "DescribeVpcs" })).toBeUndefined();
    expect(
      await overridesOn().call({ service: "ssm", action: "GetParameter", body: Buffer.from(`{"Name":"/x"}`) }),
    ).toBe(undefined);
  });
});

describe("keys of the customer's", () => {
  const create = (KmsKeyId: string) => ({
    service: "elasticfilesystem",
    operation: "CreateFileSystem",
    body: Buffer.from(JSON.stringify({ KmsKeyId })),
  });
  const key = (region: string) => `arn:aws:kms:${region}:${account}:key/1`;
  const state = (KeyState: string) => JSON.stringify({ KeyMetadata: { KeyState } });

  it("are moto's business when they can be used", async () => {
    expect(await overridesOn(state("Enabled")).call(create(key("us-east-2")))).toBeUndefined();
    const body = Buffer.from(JSON.stringify({ Encrypted: true }));
    expect(await overridesOn().call({ ...create(""), body })).toBeUndefined();
  });

  it.each([
    { why: "waits for its deletion", answer: state("PendingDeletion"), region: "us-east-2" },
    { why: "is not there", answer: `{"__type":"NotFoundException"}`, region: "us-east-2" },
    { why: "is another region's", answer: state("Enabled"), region: "us-east-1" },
  ])("are refused for a file system when the key $why", async ({ answer, region }) => {
    expect(await overridesOn(answer).call(create(key(region)))).toContain("not found or not usable");
  });

  it("are refused for a volume, too", async () => {
    const body = Buffer.from(new URLSearchParams({ KmsKeyId: key("us-east-2") }).toString());
    const answer = await overridesOn(state("Disabled")).call({ service: "ec2", action: "CreateVolume", body });
    expect(answer).toContain("<Code>InvalidParameterValue</Code>");
  });
});

describe("instance profiles", () => {
  const profile = (name: string, path: string) =>
    `<member><Roles><member><Path>/nodes/</Path></member></Roles><InstanceProfileName>${name}</InstanceProfileName>` +
    `<Path>${path}</Path></member>`;
  const all = `<InstanceProfiles>${profile("ours", "/")}${profile("karpenters", "/karpenter/us-east-2/")}</InstanceProfiles>`;
  const list = (prefix: string) => ({
    service: "iam",
    action: "ListInstanceProfiles",
    body: Buffer.from(new URLSearchParams({ Action: "ListInstanceProfiles", PathPrefix: prefix }).toString()),
  });

  it("are listed by their own path, not by that of their roles", async () => {
    const answer = await overridesOn(all).call(list("/karpenter/"));
    expect(answer).toBe(`<InstanceProfiles>${profile("karpenters", "/karpenter/us-east-2/")}</InstanceProfiles>`);
    expect(await overridesOn(all).call(list("/nodes/"))).toBe("<InstanceProfiles></InstanceProfiles>");
  });

  it("are all listed without a prefix", async () => {
    expect(await overridesOn(all).call(list("/"))).toBe(all);
  });
});

describe("bucket policies", () => {
  it("are kept and given back, but not enforced by moto, which knows no conditions", async () => {
    const policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Condition":{}}]}';
    const { call, sent } = overridesOn("", "whatever moto holds");
    const bucket = { service: "s3", path: "/state", method: "PUT" };
    await call({ ...bucket, operation: "PutBucketPolicy", body: Buffer.from(policy) });
    expect(sent[0]?.body).toBe('{"Version":"2012-10-17","Statement":[]}');
    expect(await call({ ...bucket, method: "GET", operation: "GetBucketPolicy" })).toBe(policy);
  });
});

describe("fleet instances", () => {
  it.each([
    [
      "at the template's network interface",
      "<networkInterfaceSet><item><groupSet><groupId>sg-1</groupId></groupSet></item></networkInterfaceSet>",
    ],
    ["in the template itself", "<securityGroupIdSet><item>sg-1</item></securityGroupIdSet>"],
  ])("get the security groups %s", async (_where, template) => {
    const fleet =
      "<launchTemplateSpecification><launchTemplateId>lt-1</launchTemplateId><version>1</version>" +
      "</launchTemplateSpecification><instanceIds><item>i-1</item></instanceIds>";
    const { call, queried } = overridesOn(fleet, template);
    await call({ service: "ec2", action: "CreateFleet" });
    expect(queried.at(-1)).toEqual({
      action: "ModifyInstanceAttribute",
      parameters: { InstanceId: "i-1", "GroupId.1": "sg-1" },
    });
  });
});
