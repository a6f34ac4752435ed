import { DescribeClusterCommand, ListNodegroupsCommand } from "@aws-sdk/client-eks";
import { ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { carryOut, planAndAgree } from "../../../src/commands/apply-configuration.ts";
import { lockAfterRollback, rollBack } from "../../../src/commands/roll-back.ts";
import { inSession, type Session } from "../../../src/commands/session.ts";
import { writeLock } from "../../../src/config/lock-file.ts";
import { AbortError, ToolError } from "../../../src/errors.ts";
import { fakeBucket } from "../../helpers/fake-s3.ts";
import { account, mockAws } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

vi.mock("../../../src/commands/apply-configuration.ts", () => ({ planAndAgree: vi.fn(), carryOut: vi.fn() }));

const aws = mockAws();
const lock = { ...releaseInputs().lock, charts: { jupyterhub: "4.3.5" } };
const key = "deployments/field/config/manifest.json";
let root: string;
let printed: string;
/** What the deployment was to become, each time that it was planned. */
let planned: { domain: string; chart: string | undefined; rollsBack: boolean }[];
let manifests: string[];

const folder = () => join(root, "deployments", "field");
const hubFile = () => join(folder(), "hub.yaml");
const extra = () => join(folder(), "values", "extra.yaml");
const hubYaml = (domain: string) => `aws: {region: us-east-2}
domain: ${domain}
certificate: arn:aws:acm:us-east-2:123456789012:certificate/11111111-2222-4333-8444-555555555555
auth: {method: shared-password, admins: [ada], allowAll: true}
image: {repository: quay.io/jupyter/scipy-notebook, tag: "2026-11-03"}
`;

beforeEach(async () => {
  [printed, planned, manifests] = ["", [], []];
  for (const stream of [process.stderr, process.stdout]) {
    vi.spyOn(stream, "write").mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  }
  vi.stubEnv("HUBCTL_USER_PASSWORD", "a-user-password");
  vi.stubEnv("HUBCTL_ADMIN_PASSWORD", "an-admin-password-of-forty-characters-xx");
  aws.sts.on(GetCallerIdentityCommand).resolves({ Account: account, Arn: `arn:aws:iam::${account}:user/operator` });
  aws.eks.on(DescribeClusterCommand).resolves({ cluster: { name: "field", version: "1.36" } });
  aws.eks.on(ListNodegroupsCommand).resolves({ nodegroups: [] });
  const bucket = fakeBucket(aws.s3);
  const keep = bucket.objects.set.bind(bucket.objects);
  let written = 0;
  bucket.objects.set = (path, stored) => {
    written += 1;
    if (path === key) manifests.push(`v${written}`);
    return keep(path, stored);
  };
  aws.s3.on(ListObjectVersionsCommand).callsFake(() => ({
    Versions: [...manifests].reverse().map((VersionId) => ({ Key: key, VersionId })),
  }));
  vi.mocked(planAndAgree).mockImplementation(async ({ installation }: Session) => {
    const { config, rollsBack } = installation;
    await installation.takeRunLock();
    planned.push({ domain: config.domain, chart: (await installation.lock()).lock.charts["jupyterhub"], rollsBack });
    return new Map();
  });
  vi.mocked(carryOut).mockImplementation(async ({ installation }: Session) => {
    const wanted = await installation.lock();
    await writeLock(installation.deployment.lockFile, wanted.lock);
  });

  root = temporaryFolder();
  vi.spyOn(process, "cwd").mockReturnValue(root);
  mkdirSync(join(folder(), "values"), { recursive: true });
  await writeLock(join(folder(), "hub.lock.yaml"), lock);
  writeFileSync(hubFile(), hubYaml("one.example.org"));
  await install();
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** A run that went well, with what is here. */
async function install(): Promise<void> {
  await inSession("install", { version: "0.1.0", keepsConfig: true }, ({ installation }) => installation.takeRunLock());
}

async function update(): Promise<void> {
  writeFileSync(hubFile(), hubYaml("two.example.org"));
  writeFileSync(extra(), "proxy: {}\n");
  await writeLock(join(folder(), "hub.lock.yaml"), { ...lock, charts: { jupyterhub: "4.4.0" } });
  await install();
}

const options = { version: "0.1.0", yes: true, rollback: true, allowReplace: [] };
const keptFolders = () => {
  const kept = join(root, ".hubctl", "field", "before-rollback");
  return existsSync(kept) ? readdirSync(kept) : [];
};

describe("going back", () => {
  it("brings back configuration and lock file of the update before, and keeps what was here", async () => {
    await update();
    await rollBack(options);
    expect(planned).toEqual([{ domain: "one.example.org", chart: "4.3.5", rollsBack: true }]);
    expect(readFileSync(hubFile(), "utf8")).toContain("one.example.org");
    expect(existsSync(extra())).toBe(false);
    expect(readFileSync(join(folder(), "hub.lock.yaml"), "utf8")).toContain("4.3.5");
    const [kept = ""] = keptFolders();
    const before = join(root, ".hubctl", "field", "before-rollback", kept, "deployments", "field");
    expect(readFileSync(join(before, "hub.yaml"), "utf8")).toContain("two.example.org");
    expect(readFileSync(join(before, "hub.lock.yaml"), "utf8")).toContain("4.4.0");
    expect(existsSync(join(before, "values", "extra.yaml"))).toBe(true);
    expect(printed).toContain("deployments/field/hub.yaml");
  });

  it("twice is where it began", async () => {
    await update();
    await rollBack(options);
    await rollBack(options);
    expect(planned.map(({ domain }) => domain)).toEqual(["one.example.org", "two.example.org"]);
    expect(existsSync(extra())).toBe(true);
  });

  it("from what was never installed to its end is to the last that was", async () => {
    await update();
    writeFileSync(hubFile(), hubYaml("three.example.org"));
    await rollBack(options);
    expect(planned).toMatchObject([{ domain: "two.example.org", chart: "4.4.0" }]);
  });

  it("leaves Kubernetes to an upgrade that EKS is at, and says so", async () => {
    const file = join(folder(), "hub.lock.yaml");
    await writeLock(file, { ...lock, kubernetes: "1.35" });
    await install();
    await writeLock(file, { ...lock, kubernetes: "1.36" });
    aws.eks.on(DescribeClusterCommand).resolves({ cluster: { name: "field", version: "1.35", status: "UPDATING" } });
    await rollBack(options);
    expect(readFileSync(file, "utf8")).toContain('kubernetes: "1.36"');
    expect(printed).toContain("what stays as it is: Kubernetes can't go back from 1.36 to 1.35");
  });

  it("puts the files back if nobody agrees", async () => {
    await update();
    vi.mocked(planAndAgree).mockRejectedValueOnce(new AbortError("Declined", "declined; nothing was touched"));
    await expect(rollBack(options)).rejects.toMatchObject({ code: "Declined" });
    expect(readFileSync(hubFile(), "utf8")).toContain("two.example.org");
    expect(existsSync(extra())).toBe(true);
    expect(keptFolders()).toEqual([]);
  });

  it("goes on to where it was going when it stopped, not from there to where it came from", async () => {
    await update();
    vi.mocked(carryOut).mockImplementationOnce(async ({ installation }: Session, { resume }) => {
      expect(resume).toBe("hubctl update --deployment field --rollback");
      await writeLock(installation.deployment.lockFile, (await installation.lock()).lock);
      throw new ToolError("Broken", "it broke");
    });
    await expect(rollBack(options)).rejects.toMatchObject({ code: "Broken" });
    expect(readFileSync(hubFile(), "utf8")).toContain("one.example.org");
    expect(keptFolders()).toHaveLength(1);

    vi.mocked(planAndAgree).mockRejectedValueOnce(new AbortError("Declined", "declined; nothing was touched"));
    await expect(rollBack(options)).rejects.toMatchObject({ code: "Declined" });
    expect(readFileSync(hubFile(), "utf8")).toContain("one.example.org");

    await rollBack(options);
    expect(planned.map(({ domain }) => domain)).toEqual(["one.example.org", "one.example.org"]);
    expect(printed).toContain("Going on, back to");
    expect(keptFolders()).toHaveLength(1);
    const [kept = ""] = keptFolders();
    const before = join(root, ".hubctl", "field", "before-rollback", kept, "deployments", "field", "hub.yaml");
    expect(readFileSync(before, "utf8")).toContain("two.example.org");

    await rollBack(options);
    expect(planned.at(-1)).toMatchObject({ domain: "two.example.org" });
  });

  it("goes on even if only versions go back, and the lock file is all that tells", async () => {
    await writeLock(join(folder(), "hub.lock.yaml"), { ...lock, charts: { jupyterhub: "4.4.0" } });
    await install();
    vi.mocked(carryOut).mockImplementationOnce(async ({ installation }: Session) => {
      await writeLock(installation.deployment.lockFile, (await installation.lock()).lock);
      throw new ToolError("Broken", "it broke");
    });
    await expect(rollBack(options)).rejects.toMatchObject({ code: "Broken" });
    await rollBack(options);
    expect(planned.map(({ chart }) => chart)).toEqual(["4.3.5", "4.3.5"]);
  });

  it("goes on after it was killed before anything was done, and can still be declined", async () => {
    const killed = temporaryFolder();
    await update();
    vi.mocked(planAndAgree).mockImplementationOnce(() => {
      // What a killed process leaves: nobody has put anything back.
      cpSync(root, killed, { recursive: true });
      throw new AbortError("Interrupted", "interrupted");
    });
    await expect(rollBack(options)).rejects.toMatchObject({ code: "Interrupted" });
    rmSync(root, { recursive: true });
    cpSync(killed, root, { recursive: true });
    expect(readFileSync(hubFile(), "utf8")).toContain("one.example.org");

    vi.mocked(planAndAgree).mockRejectedValueOnce(new AbortError("Declined", "declined; nothing was touched"));
    await expect(rollBack(options)).rejects.toMatchObject({ code: "Declined" });
    expect(readFileSync(hubFile(), "utf8")).toContain("two.example.org");
    expect(existsSync(extra())).toBe(true);
    await rollBack(options);
    expect(planned).toMatchObject([{ domain: "one.example.org" }]);
  });

  it("begins anew from what was written since it stopped", async () => {
    await update();
    vi.mocked(carryOut).mockRejectedValueOnce(new ToolError("Broken", "it broke"));
    await expect(rollBack(options)).rejects.toMatchObject({ code: "Broken" });
    writeFileSync(hubFile(), hubYaml("three.example.org"));
    await rollBack(options);
    expect(planned.at(-1)).toMatchObject({ domain: "two.example.org" });
    expect(keptFolders()).toHaveLength(2);
  });

  it("is refused on a machine that does not know what a colleague has installed since", async () => {
    const theirs = temporaryFolder();
    cpSync(root, theirs, { recursive: true });
    await update();
    rmSync(root, { recursive: true });
    cpSync(theirs, root, { recursive: true });
    await expect(rollBack(options)).rejects.toMatchObject({
      code: "ConfigOlder",
      exitCode: 2,
      hint: expect.stringContaining("hubctl update --use-local-config --deployment field") as string,
    });
    expect(planned).toEqual([]);
  });

  it("is impossible where there was nothing before, or nothing is installed", async () => {
    await expect(rollBack(options)).rejects.toMatchObject({ code: "NothingBefore", exitCode: 2 });
    rmSync(join(folder(), "hub.lock.yaml"));
    await expect(rollBack(options)).rejects.toMatchObject({ code: "NotInstalled", exitCode: 2 });
  });
});

describe("the lock file to go back to", () => {
  const former = {
    ...lock,
    kubernetes: "1.35",
    addons: { coredns: "old" },
    charts: { jupyterhub: "4.3.5", karpenter: "1.9.0" },
  };
  const recorded = {
    ...lock,
    kubernetes: "1.36",
    addons: { coredns: "new" },
    charts: { jupyterhub: "4.4.0", karpenter: "1.14.1" },
  };

  it("is the former one, if Kubernetes has not moved yet", () => {
    expect(lockAfterRollback(recorded, former, { kubernetes: "1.35" })).toEqual(former);
    expect(lockAfterRollback(recorded, former, {})).toEqual(former);
  });

  it("keeps the provider, which has written the state", () => {
    expect(lockAfterRollback({ ...recorded, provider: "6.0.0" }, former, { kubernetes: "1.35" }).provider).toBe(
      "6.0.0",
    );
  });

  it("keeps the image of nodes that have it already, since EKS takes no node group back", () => {
    const nodeImage = { release: "1.35.5-20261110", alias: "al2023@v20261110" };
    const older = { ...former, nodeImage: { release: "1.35.5-20261023", alias: "al2023@v20261023" } };
    const back = (nodeRelease: string) =>
      lockAfterRollback({ ...recorded, nodeImage }, older, { kubernetes: "1.35", nodeRelease }).nodeImage;
    expect(back("1.35.5-20261110")).toEqual(nodeImage);
    expect(back("1.35.5-20261023")).toEqual(older.nodeImage);
  });

  it("keeps Kubernetes with what fits it, if it has", () => {
    expect(lockAfterRollback(recorded, former, { kubernetes: "1.36" })).toEqual({
      ...former,
      kubernetes: "1.36",
      addons: recorded.addons,
      nodeImage: recorded.nodeImage,
      charts: { jupyterhub: "4.3.5", karpenter: "1.14.1" },
    });
  });
});
