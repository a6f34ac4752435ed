import {
  ACMClient,
  DeleteCertificateCommand,
  DescribeCertificateCommand,
  ListCertificatesCommand,
  RequestCertificateCommand,
} from "@aws-sdk/client-acm";
import { CreateSubnetCommand, CreateVpcCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteListenerCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import {
  ChangeResourceRecordSetsCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  type ResourceRecordSet,
} from "@aws-sdk/client-route-53";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findOwnCertificates, removeOwnCertificates } from "../../src/aws/own-certificates.ts";
import { zoneTag } from "../../src/aws/certificates.ts";
import { readLock, writeLock } from "../../src/config/lock-file.ts";
import { runSteps } from "../../src/engine/run-steps.ts";
import { certificateIssued } from "../../src/steps/certificate-issued.ts";
import { certificate } from "../../src/steps/certificate.ts";
import { findDeploymentCertificate } from "../../src/steps/deployment-certificate.ts";
import { memo } from "../../src/steps/memo.ts";
import { awsSettings } from "../helpers/aws-clients.ts";
import { eventually } from "../helpers/eventually.ts";
import { fakeOutput } from "../helpers/fake-output.ts";
import { fakeInstallation, runChecked } from "../helpers/installation.ts";
import { releaseInputs } from "../helpers/release-inputs.ts";
import { startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";

let simulated: SimulatedAws;
let acm: ACMClient;
let route53: Route53Client;
let elb: ElasticLoadBalancingV2Client;
const before = { ...process.env };

beforeAll(async () => {
  simulated = await startSimulatedAws();
  // Nobody answers at the discard port, so that nothing here depends on the DNS of the machine.
  Object.assign(process.env, simulated.env, { HUBCTL_DNS_SERVER: "127.0.0.1:9" });
  const settings = awsSettings(simulated.env);
  acm = new ACMClient(settings);
  route53 = new Route53Client(settings);
  elb = new ElasticLoadBalancingV2Client(settings);
}, 120_000);

afterAll(async () => {
  await simulated.stop();
  process.env = before;
});

let zoneBefore: ResourceRecordSet[];

beforeEach(async () => {
  zoneBefore = await records();
});

/** Each test begins with the zone and the certificates as the account has them. */
afterEach(async () => {
  const left = (await records()).filter(
    ({ Name, Type }) => !zoneBefore.some((one) => one.Name === Name && one.Type === Type),
  );
  for (const record of left) await change("DELETE", record);
  for (const arn of await arns()) {
    if (arn !== simulated.seeded.certificateArn) await acm.send(new DeleteCertificateCommand({ CertificateArn: arn }));
  }
});

/** A deployment on the simulated account. */
async function deployment(domain: string) {
  const { config, lock } = releaseInputs({ config: { certificate: "auto", domain } });
  const hostedZone = { id: simulated.seeded.hostedZoneId };
  const fake = fakeInstallation({ config: { ...config, hostedZone } });
  const { lockFile } = fake.deployment;
  await writeLock(lockFile, lock);
  const installation = {
    ...fake,
    lock: memo(() => Promise.resolve({ lock: readLock(lockFile) ?? lock, recorded: true })),
    certificate: memo(() => findDeploymentCertificate(fake.aws, fake.config, readLock(lockFile) ?? lock)),
  };
  installation.forget.mockImplementation(() => {
    installation.lock.forget();
    installation.certificate.forget();
  });
  return { installation, id: lock.id, lockFile };
}

async function records(): Promise<ResourceRecordSet[]> {
  const request = { HostedZoneId: simulated.seeded.hostedZoneId };
  return (await route53.send(new ListResourceRecordSetsCommand(request))).ResourceRecordSets ?? [];
}

async function change(Action: "CREATE" | "DELETE", ResourceRecordSet: ResourceRecordSet): Promise<void> {
  const HostedZoneId = simulated.seeded.hostedZoneId;
  const ChangeBatch = { Changes: [{ Action, ResourceRecordSet }] };
  await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch }));
}

async function arns(): Promise<string[]> {
  const { CertificateSummaryList = [] } = await acm.send(new ListCertificatesCommand({}));
  return CertificateSummaryList.flatMap(({ CertificateArn }) => CertificateArn ?? []);
}

async function read(arn: string | undefined) {
  return (await acm.send(new DescribeCertificateCommand({ CertificateArn: arn }))).Certificate;
}

/** One that another project of the account has requested. */
async function othersCertificate(domain: string): Promise<string> {
  const answer = await acm.send(new RequestCertificateCommand({ DomainName: domain, ValidationMethod: "DNS" }));
  return answer.CertificateArn ?? "";
}

async function recordFor(arn: string): Promise<ResourceRecordSet> {
  const record = await eventually("the record that proves the domain", async () => {
    return (await read(arn))?.DomainValidationOptions?.[0]?.ResourceRecord;
  });
  return { Name: record.Name, Type: "CNAME", TTL: 60, ResourceRecords: [{ Value: record.Value }] };
}

async function waitForStatus(arn: string, status: string): Promise<void> {
  await eventually(`the certificate to be ${status}`, async () => (await read(arn))?.Status === status);
}

/** A load balancer whose listener uses the certificate. */
async function listenWith(arn: string): Promise<string> {
  const ec2 = new EC2Client(awsSettings(simulated.env));
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.9.0.0/16" }));
  const VpcId = Vpc?.VpcId;
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: "10.9.0.0/24" }));
  const Name = `hub-${Math.random().toString(36).slice(2, 8)}`;
  const { LoadBalancers } = await elb.send(
    new CreateLoadBalancerCommand({ Name, Type: "network", Scheme: "internal", Subnets: [Subnet?.SubnetId ?? ""] }),
  );
  const { TargetGroups } = await elb.send(new CreateTargetGroupCommand({ Name, Protocol: "TCP", Port: 80, VpcId }));
  const { Listeners } = await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
      Protocol: "TLS",
      Port: 443,
      Certificates: [{ CertificateArn: arn }],
      DefaultActions: [{ Type: "forward", TargetGroupArn: TargetGroups?.[0]?.TargetGroupArn }],
    }),
  );
  return Listeners?.[0]?.ListenerArn ?? "";
}

const options = { output: fakeOutput(), classify: () => undefined };

describe("a hub whose certificate is auto", () => {
  it("gets one, proves its domain and waits for it only where it must", async () => {
    const { installation, id, lockFile } = await deployment("new.hub.dandi.example");
    const { change: planned } = await runChecked(certificate, installation);
    expect(planned).toBe(
      `request one from AWS, and prove the domain in the zone dandi.example (${simulated.seeded.hostedZoneId})`,
    );
    const arn = readLock(lockFile)?.certificate;
    expect(await findOwnCertificates(installation.aws, id)).toMatchObject([{ arn, status: "PENDING_VALIDATION" }]);

    await runChecked(certificateIssued, installation);
    expect((await read(arn))?.Status).toBe("ISSUED");
    expect(await certificate.check(installation)).toMatchObject({
      done: expect.stringContaining(arn ?? "?") as string,
    });
    expect(await certificateIssued.check(installation)).toMatchObject({
      done: expect.stringContaining("issued until") as string,
    });
  });

  it("goes on with the request of a run that was killed before it had written the record", async () => {
    const { installation, id } = await deployment("killed.dandi.example");
    await runChecked(certificate, installation);
    const [written] = (await records()).filter(({ Type }) => Type === "CNAME");
    await change("DELETE", written!);
    installation.forget();
    expect((await runChecked(certificate, installation)).change).toMatch(/^prove the domain in the zone/);
    expect((await records()).filter(({ Type }) => Type === "CNAME")).toHaveLength(1);
    expect(await findOwnCertificates(installation.aws, id)).toHaveLength(1);
  });

  it("takes nobody else's certificate by itself, and keeps to one that was settled on", async () => {
    const { installation, lockFile } = await deployment("hub.dandi.example");
    const { certificateArn } = simulated.seeded;
    const found = await certificate.check(installation);
    expect(found).toMatchObject({ plan: { do: "request", others: [{ arn: certificateArn }] } });

    await writeLock(lockFile, { ...readLock(lockFile)!, certificate: certificateArn });
    installation.forget();
    expect(await certificate.check(installation)).toMatchObject({
      done: expect.stringContaining(certificateArn) as string,
    });
  });

  it("tells that CAA records forbid Amazon to issue it", async () => {
    const { installation } = await deployment("forbidden.dandi.example");
    const ResourceRecords = [{ Value: '0 issue "letsencrypt.org"' }];
    await change("CREATE", { Name: "forbidden.dandi.example.", Type: "CAA", TTL: 60, ResourceRecords });
    await runChecked(certificate, installation);
    installation.forget();
    const steps = [certificateIssued];
    const checked = new Map([[certificateIssued.id, await certificateIssued.check(installation)]]);
    await expect(runSteps(steps, checked, installation, options)).rejects.toMatchObject({
      code: "CertificateFailed",
      message: expect.stringContaining("forbid Amazon to issue a certificate for forbidden.dandi.example") as string,
      hint: expect.stringContaining('CAA 0 issue "amazon.com"') as string,
    });
  });

  it("leaves the zone as it was when its certificate goes, and waits as long as that is in use", async () => {
    const { installation, id } = await deployment("gone.dandi.example");
    await runChecked(certificate, installation);
    await runChecked(certificateIssued, installation);
    const own = await findOwnCertificates(installation.aws, id);
    const listener = await listenWith(own[0]!.arn);

    const inUse = await removeOwnCertificates(installation.aws, installation.config, own);
    expect(inUse).toMatchObject([{ inUseBy: [expect.stringContaining("loadbalancer/net/")] }]);
    expect(await records()).not.toEqual(zoneBefore);

    await elb.send(new DeleteListenerCommand({ ListenerArn: listener }));
    expect(await removeOwnCertificates(installation.aws, installation.config, own)).toEqual([]);
    expect(await records()).toEqual(zoneBefore);
    expect(await findOwnCertificates(installation.aws, id)).toEqual([]);
  });

  it("leaves a record that was there before", async () => {
    const others = await othersCertificate("shared.dandi.example");
    const record = await recordFor(others);
    await change("CREATE", record);
    const { installation, id } = await deployment("shared.dandi.example");
    await runChecked(certificate, installation);
    const own = await findOwnCertificates(installation.aws, id);
    expect(own[0]?.tags).not.toHaveProperty([zoneTag]);
    await removeOwnCertificates(installation.aws, installation.config, own);
    expect((await records()).map(({ Name }) => Name)).toContain(record.Name);
  });

  it("takes a record away that was not there before, whatever older certificates were once issued by", async () => {
    const others = await othersCertificate("older.dandi.example");
    const record = await recordFor(others);
    await change("CREATE", record);
    await waitForStatus(others, "ISSUED");
    await change("DELETE", record);
    const { installation, id } = await deployment("older.dandi.example");
    await runChecked(certificate, installation);
    const own = await findOwnCertificates(installation.aws, id);
    expect(own[0]?.tags[zoneTag]).toBe(simulated.seeded.hostedZoneId);
    await removeOwnCertificates(installation.aws, installation.config, own);
    expect((await records()).map(({ Name }) => Name)).not.toContain(record.Name);
  });

  it("leaves a record that has proved the domain to another certificate since", async () => {
    const { installation, id } = await deployment("lasting.dandi.example");
    await runChecked(certificate, installation);
    const others = await othersCertificate("lasting.dandi.example");
    await waitForStatus(others, "ISSUED");
    await removeOwnCertificates(installation.aws, installation.config, await findOwnCertificates(installation.aws, id));
    expect((await records()).map(({ Name }) => Name)).toContain((await recordFor(others)).Name);
  });
});

describe("the simulated ACM", () => {
  it("issues nothing without the record, and lets no load balancer have it", async () => {
    const arn = await othersCertificate("pending.dandi.example");
    const record = await recordFor(arn);
    expect(await read(arn)).toMatchObject({ Status: "PENDING_VALIDATION" });
    expect(await read(arn)).not.toHaveProperty("NotAfter");
    await expect(listenWith(arn)).rejects.toThrow("must have a fully-qualified domain name");

    await change("CREATE", { ...record, ResourceRecords: [{ Value: "_other.acm-validations.aws." }] });
    expect((await read(arn))?.Status).toBe("PENDING_VALIDATION");
    await change("DELETE", { ...record, ResourceRecords: [{ Value: "_other.acm-validations.aws." }] });
    await change("CREATE", record);
    await waitForStatus(arn, "ISSUED");
    expect(await read(arn)).toHaveProperty("NotAfter");
  });

  it("keeps a certificate that is in use", async () => {
    const { certificateArn } = simulated.seeded;
    const listener = await listenWith(certificateArn);
    await expect(acm.send(new DeleteCertificateCommand({ CertificateArn: certificateArn }))).rejects.toMatchObject({
      name: "ResourceInUseException",
    });
    expect((await read(certificateArn))?.InUseBy).toHaveLength(1);
    await elb.send(new DeleteListenerCommand({ ListenerArn: listener }));
    expect((await read(certificateArn))?.InUseBy).toEqual([]);
  });
});
