import { Route53Client, ChangeResourceRecordSetsCommand, ChangeTagsForResourceCommand } from "@aws-sdk/client-route-53";
import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  DescribeSubnetsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import {
  CreateLoadBalancerCommand,
  DeleteLoadBalancerCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPublicSide, type PublicSide } from "../../sandbox/dns/index.ts";
import { createAuthority } from "../../sandbox/kube/certificates.ts";
import { changeRecords, readDomainRecords } from "../../src/aws/alias-record.ts";
import { findHostedZone } from "../../src/aws/hosted-zones.ts";
import { openDns, type PublicDns } from "../../src/dns/ask.ts";
import { checkTls } from "../../src/reach/check-tls.ts";
import { openSocket, proxyFor } from "../../src/reach/tunnel.ts";
import { checkReach } from "../../src/reach/check-reach.ts";
import { region, startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";

const domain = "hub.dandi.example";

describe("the domain, through the simulated DNS and proxy", () => {
  let aws: SimulatedAws;
  let side: PublicSide;
  let dns: PublicDns;
  let route53: Route53Client;
  let elb: ElasticLoadBalancingV2Client;
  let balancer: { host: string; zoneId: string; arn: string };
  const zone = () => ({ id: aws.seeded.hostedZoneId, name: "dandi.example" });
  const alias = () => ({
    Name: domain,
    Type: "A" as const,
    AliasTarget: { DNSName: balancer.host, HostedZoneId: balancer.zoneId, EvaluateTargetHealth: false },
  });

  beforeAll(async () => {
    aws = await startSimulatedAws();
    const place = { endpoint: aws.front.url, region, credentials: aws.seeded.operator };
    const { dir, front, notes } = aws;
    side = await startPublicSide({ dir, front, region, notes, clusters: () => [], log: () => undefined });
    dns = openDns({ env: { HUBCTL_DNS_SERVER: side.dns } });
    route53 = new Route53Client(place);
    elb = new ElasticLoadBalancingV2Client(place);
    const ec2 = new EC2Client(place);
    const filters = [
      { Name: "default-for-az", Values: ["true"] },
      { Name: "availability-zone", Values: [`${region}a`] },
    ];
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ Filters: filters }));
    const [Subnet] = Subnets!;
    const { InternetGateway: gateway } = await ec2.send(new CreateInternetGatewayCommand({}));
    const attached = { InternetGatewayId: gateway!.InternetGatewayId, VpcId: Subnet!.VpcId };
    await ec2.send(new AttachInternetGatewayCommand(attached));
    ec2.destroy();
    const request = {
      Name: "hub",
      Type: "network" as const,
      Subnets: [Subnet!.SubnetId!],
      Scheme: "internet-facing" as const,
    };
    const { LoadBalancers } = await elb.send(new CreateLoadBalancerCommand(request));
    const [made] = LoadBalancers!;
    balancer = { host: made!.DNSName!, zoneId: made!.CanonicalHostedZoneId!, arn: made!.LoadBalancerArn! };
  }, 120_000);

  afterAll(async () => {
    route53.destroy();
    elb.destroy();
    await side.stop();
    await aws.stop();
  });

  it("finds the zone by its own name servers, and none when its delegation is broken", async () => {
    expect(await findHostedZone(route53, dns, { domain })).toMatchObject({
      zone: { id: zone().id, delegation: { state: "delegated" } },
      remarks: [],
    });
    const resource = { ResourceType: "hostedzone" as const, ResourceId: zone().id };
    const tag = { Key: "sandbox:undelegated", Value: "true" };
    await route53.send(new ChangeTagsForResourceCommand({ ...resource, AddTags: [tag] }));
    expect(await findHostedZone(route53, dns, { domain })).toMatchObject({
      none: `the zone dandi.example (${zone().id}) is not delegated: DNS leads nowhere`,
    });
    await route53.send(new ChangeTagsForResourceCommand({ ...resource, RemoveTagKeys: [tag.Key] }));
    expect(await findHostedZone(route53, dns, { domain })).toMatchObject({ zone: { id: zone().id } });
  });

  it("makes a record that then leads to the load balancer, and refuses to make it twice", async () => {
    await changeRecords(route53, zone(), { remove: [], create: [alias()] }, { comment: "test" });
    await expect.poll(() => dns.addresses(domain)).toEqual(["203.0.113.1"]);
    await expect(
      changeRecords(route53, zone(), { remove: [], create: [alias()] }, { comment: "test" }),
    ).rejects.toMatchObject({ code: "RecordsNotChanged" });
    const { addresses } = await readDomainRecords(route53, zone(), domain);
    expect(addresses).toHaveLength(1);
  });

  it("names the layer at fault: nobody is behind the load balancer", async () => {
    const env = { HTTPS_PROXY: side.proxy };
    const question = { dns, domain, host: balancer.host.toLowerCase(), deployment: "research", isInternal: false, env };
    const checks = await checkReach(question);
    expect(checks.map(({ layer, state }) => `${layer} ${state}`)).toEqual(["dns ok", "tls problem"]);
  });

  it("says that the domain leads nowhere when the load balancer is gone", async () => {
    await elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: balancer.arn }));
    await expect.poll(() => dns.addresses(domain), { timeout: 5_000 }).toEqual([]);
  });

  it("takes the record away again", async () => {
    const { addresses } = await readDomainRecords(route53, zone(), domain);
    await changeRecords(route53, zone(), { remove: addresses, create: [] }, { comment: "test" });
    expect(await readDomainRecords(route53, zone(), domain)).toEqual({ addresses: [] });
  });

  it("refuses a CNAME beside other records, as Route 53 does", async () => {
    const change = (Action: "CREATE", Type: "TXT" | "CNAME", Value: string) => ({
      Action,
      ResourceRecordSet: { Name: `x.${zone().name}`, Type, TTL: 60, ResourceRecords: [{ Value }] },
    });
    const send = (Changes: ReturnType<typeof change>[]) =>
      route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone().id, ChangeBatch: { Changes } }));
    await send([change("CREATE", "TXT", '"here"')]);
    await expect(send([change("CREATE", "CNAME", "elsewhere.example")])).rejects.toMatchObject({
      name: "InvalidChangeBatch",
    });
  });
});

describe("a handshake", () => {
  const authority = createAuthority("Test CA");

  async function shake(hosts: string[], until: Date) {
    const { certificate, key } = authority.issue({ commonName: hosts[0] ?? "", hosts, until });
    const server = createServer();
    server.on("connect", (_request, socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      const secureContext = createSecureContext({ cert: certificate, key });

      new TLSSocket(socket, { isServer: true, secureContext }).on("error", () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const proxy = proxyFor(domain, { HTTPS_PROXY: `http://127.0.0.1:${port}` })!;
    const socket = await openSocket(domain, { via: "proxy", proxy });
    const { check } = await checkTls(socket, { domain, now: new Date(), deployment: "research" });
    socket.destroy();
    server.closeAllConnections();
    server.close();
    return check;
  }

  it.each([
    ["another name", ["www.example"], 90, /is for www.example, not for hub.dandi.example/],
    ["one that has ended", [domain], -1, /ended on/],
    ["one of an authority that is not trusted here", [domain], 90, /not trusted here/],
  ])("tells of %s", async (_what, hosts, days, words) => {
    const check = await shake(hosts, new Date(Date.now() + days * 86_400_000));
    expect(check).toMatchObject({ layer: "tls", state: "problem" });
    expect(check.text).toMatch(words);
  });
});

describe("the proxy of this machine", () => {
  it.each([
    ["hub.example.org", { HTTPS_PROXY: "http://proxy:3128" }, "proxy:3128"],
    ["hub.example.org", { https_proxy: "proxy:3128" }, "proxy:3128"],
    ["hub.example.org", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "localhost,.example.org" }, undefined],
    ["hub.example.org", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "ample.org" }, "proxy:3128"],
    ["hub.example.org", {}, undefined],
  ])("for %s with %j is %s", (host, env, proxy) => {
    expect(proxyFor(host, env)?.host).toBe(proxy);
  });
});
