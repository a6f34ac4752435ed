import {
  ChangeResourceRecordSetsCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { browse } from "../../sandbox/browse.ts";
import { awsSettings } from "../helpers/aws-clients.ts";
import { hubctl } from "../helpers/hubctl.ts";
import { deployment, installedWorld, type InstalledWorld } from "../helpers/installed-world.ts";

const run = promisify(execFile);
const domain = "hub.dandi.example";
let world: InstalledWorld;
let route53: Route53Client;
let zone: string;

beforeAll(async () => {
  world = await installedWorld();
  route53 = new Route53Client(awsSettings(world.env));
  const { HostedZones = [] } = await route53.send(new ListHostedZonesCommand({}));
  zone = HostedZones[0]!.Id!;
}, 900_000);

afterAll(async () => {
  route53.destroy();
  await world.down();
}, 120_000);

async function records() {
  const { ResourceRecordSets = [] } = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone }));
  return ResourceRecordSets;
}

/** Of the domain itself, without what proves it. */
async function recordNames(): Promise<string[]> {
  const names = (await records()).map(({ Name = "", Type = "" }) => `${Type} ${Name}`);
  return names.filter((name) => / (_hubctl\.)?hub\.dandi\.example\.$/.test(name)).sort();
}

interface Printed {
  action: string;
  records: string[];
  checks: { layer: string; state: string }[];
}

async function routeDns(...flags: string[]) {
  const { exitCode, stdout, stderr } = await hubctl(["route-dns", "--json", ...flags], world);
  return { exitCode, stderr, printed: (stdout === "" ? undefined : JSON.parse(stdout)) as Printed | undefined };
}

it("has led the domain to the hub when install is over", async () => {
  expect(await recordNames()).toEqual([`A ${domain}.`, `TXT _hubctl.${domain}.`]);
  const { exitCode, printed, stderr } = await routeDns();
  expect(exitCode, stderr).toBe(0);
  expect(printed).toMatchObject({ action: "none", checks: [{ layer: "dns" }, { layer: "tls" }, { layer: "hub" }] });
});

it("has requested a certificate of its own, although the account has another one that fits", async () => {
  const { stdout } = await hubctl(["certificate", "--json"], world);
  const { certificates } = JSON.parse(stdout) as { certificates: { arn: string; own: boolean; used: boolean }[] };
  const [hubs, ...others] = certificates;
  expect(hubs).toMatchObject({ own: true, used: true, state: "ISSUED", names: [domain] });
  expect(others).toMatchObject([{ arn: world.env["TF_VAR_aws_certificate_arn"], own: false, used: false }]);
  const proof = expect.stringMatching(/^_[0-9a-f]{32}\.hub\.dandi\.example\.$/) as unknown;
  expect((await records()).filter(({ Type }) => Type === "CNAME")).toMatchObject([{ Name: proof }]);
});

it("follows the load balancer when the Service was made anew", async () => {
  const kubeconfig = join(world.cwd, ".hubctl", deployment, "kubeconfig");
  const kubectl = (...args: string[]) => run("kubectl", ["--kubeconfig", kubeconfig, ...args], { env: world.env });
  const { stdout } = await kubectl("get", "service", "proxy-public", "-n", "jupyterhub", "-o", "json");
  const service = JSON.parse(stdout) as { metadata: Record<string, unknown>; status?: unknown };
  await kubectl("delete", "service", "proxy-public", "-n", "jupyterhub");
  const { name, namespace, labels, annotations } = service.metadata;
  const again = { ...service, metadata: { name, namespace, labels, annotations }, status: undefined };
  const create = run("kubectl", ["--kubeconfig", kubeconfig, "create", "-f", "-"], { env: world.env });
  const spec = (again as unknown as { spec: Record<string, unknown> }).spec;
  for (const field of ["clusterIP", "clusterIPs"]) Reflect.deleteProperty(spec, field);
  create.child.stdin?.end(JSON.stringify(again));
  await create;
  await expect
    .poll(async () => (await routeDns("--dry-run")).printed?.action, { timeout: 60_000, interval: 1_000 })
    .toBe("updated");
  const { exitCode, printed, stderr } = await routeDns();
  expect(exitCode, stderr).toBe(0);
  expect(printed).toMatchObject({ action: "updated", records: [expect.stringContaining("alias of")] });
}, 120_000);

it("leaves somebody else's record alone until it is told to replace it", async () => {
  const ours = (await records()).find(({ Name, Type }) => Name === `${domain}.` && Type === "A")!;
  const theirs = { Name: domain, Type: "A" as const, TTL: 60, ResourceRecords: [{ Value: "198.51.100.7" }] };
  const Changes = [
    { Action: "DELETE" as const, ResourceRecordSet: ours },
    { Action: "CREATE" as const, ResourceRecordSet: theirs },
  ];
  await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone, ChangeBatch: { Changes } }));
  const refused = await routeDns();
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain(`A ${domain} → 198.51.100.7`);
  expect(refused.stderr).toContain("--replace");
  const kept = await routeDns("--delete");
  expect(kept.printed?.records).toEqual([expect.stringContaining("TXT _hubctl.")]);
  expect(await recordNames()).toEqual([`A ${domain}.`]);
  const replaced = await routeDns("--replace");
  expect(replaced.exitCode, replaced.stderr).toBe(0);
  expect(replaced.printed?.action).toBe("replaced");
}, 120_000);

it("answers a request for the domain, as a browser would make it", async () => {
  const { HTTPS_PROXY: proxy = "", NODE_EXTRA_CA_CERTS: authority = "" } = world.env;
  const { status, certificate } = await browse(`https://${domain}/hub/health`, { proxy, authority });
  expect(status).toBe(200);
  expect(certificate.subjectaltname).toBe(`DNS:${domain}`);
});

it("takes away what it made", async () => {
  expect((await routeDns("--delete")).printed?.action).toBe("deleted");
  expect(await recordNames()).toEqual([]);
});
