import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { init } from "../../../src/commands/init.ts";
import { logs } from "../../../src/commands/logs.ts";
import { inSession, type SessionOptions } from "../../../src/commands/session.ts";
import { writeLock } from "../../../src/config/lock-file.ts";
import { ToolError } from "../../../src/errors.ts";
import { fakeBucket, type FakeBucket } from "../../helpers/fake-s3.ts";
import { account, awsError, mockAws } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

const aws = mockAws();
const { lock } = releaseInputs();
const region = "us-east-2";
let bucket: FakeBucket;
let printed: string;
/** Folders of two operators' machines. */
let adas: string;
let bens: string;

beforeEach(async () => {
  printed = "";
  for (const stream of [process.stderr, process.stdout]) {
    vi.spyOn(stream, "write").mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  }
  vi.stubEnv("HUBCTL_USER_PASSWORD", "a-user-password");
  vi.stubEnv("HUBCTL_ADMIN_PASSWORD", "an-admin-password-of-forty-characters-xx");
  vi.stubEnv("AWS_REGION", undefined);
  vi.stubEnv("AWS_DEFAULT_REGION", undefined);
  aws.sts.on(GetCallerIdentityCommand).resolves({ Account: account, Arn: `arn:aws:iam::${account}:user/operator` });
  bucket = fakeBucket(aws.s3);
  [adas, bens] = [temporaryFolder(), temporaryFolder()];
  mkdirSync(join(adas, "deployments", "field", "values"), { recursive: true });
  writeFileSync(join(adas, "deployments", "common.yaml"), `aws: {region: ${region}}\n`);
  writeFileSync(join(adas, "deployments", "field", "values", "proxy.yaml"), "proxy: {chp: {}}\n");
  writeFileSync(join(adas, "deployments", "field", "note.txt"), "not part of the configuration");
  writeHub(adas, "hub.example.org");
  await writeLock(lockFile(adas), lock);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const hubFile = (root: string) => join(root, "deployments", "field", "hub.yaml");
const lockFile = (root: string) => join(root, "deployments", "field", "hub.lock.yaml");
function writeHub(root: string, domain: string) {
  writeFileSync(
    hubFile(root),
    `domain: ${domain}
certificate: arn:aws:acm:us-east-2:123456789012:certificate/11111111-2222-4333-8444-555555555555
auth: {method: shared-password, admins: [ada], allowAll: true}
image: {repository: quay.io/jupyter/scipy-notebook, tag: "2026-11-03"}
`,
  );
}
const at = (root: string) => vi.spyOn(process, "cwd").mockReturnValue(root);
async function install(root: string, options: Partial<SessionOptions> = {}) {
  at(root);
  await inSession("install", { version: "0.1.0", keepsConfig: true, ...options }, ({ installation }) =>
    installation.takeRunLock(),
  );
}
async function fetchField(root: string) {
  at(root);
  await init({ fetch: "field", region });
}

describe("what a deployment was made with", () => {
  beforeEach(async () => {
    await install(adas);
    writeFileSync(
      join(adas, "deployments", "common.yaml"),
      `aws: {region: ${region}}\nnetwork: {vpc: {cidr: 10.9.0.0/16}}\n`,
    );
  });

  it("is compared with what the last run that went well was told, and refused", async () => {
    await expect(install(adas)).rejects.toMatchObject({
      code: "FixedSetting",
      exitCode: 2,
      output: expect.stringContaining("network.vpc.cidr is 10.9.0.0/16, but was 10.0.0.0/16") as string,
    });
  });

  it("is nobody's business who only takes it away", async () => {
    await expect(install(adas, { keepsConfig: false })).resolves.toBeUndefined();
  });

  it("may still be changed if no run has come to its end", async () => {
    const key = "deployments/field/config/manifest.json";
    const { fixed, ...unfinished } = JSON.parse(bucket.text(key)!) as { fixed?: unknown };
    expect(fixed).toBeDefined();
    bucket.objects.set(key, { text: JSON.stringify(unfinished), etag: "", modified: new Date() });
    await expect(install(adas)).resolves.toBeUndefined();
  });
});

describe("another machine", () => {
  it("gets all that the hub was made of, and nothing else, and goes on with it", async () => {
    await install(adas);
    await fetchField(bens);
    expect(readdirSync(bens, { recursive: true }).filter((name) => !String(name).startsWith(".hubctl"))).toEqual([
      "deployments",
      "deployments/common.yaml",
      "deployments/field",
      "deployments/field/hub.lock.yaml",
      "deployments/field/hub.yaml",
      "deployments/field/values",
      "deployments/field/values/proxy.yaml",
    ]);
    expect(readFileSync(lockFile(bens))).toEqual(readFileSync(lockFile(adas)));
    writeHub(bens, "new.example.org");
    printed = "";
    await install(bens);
    expect(printed).not.toContain("!");
    expect(bucket.text("deployments/field/config/files/deployments/field/hub.yaml")).toContain("new.example.org");
  });

  it("keeps files of its own: those that differ are named, and nothing is written", async () => {
    await install(adas);
    mkdirSync(join(bens, "deployments", "field"), { recursive: true });
    writeHub(bens, "mine.example.org");
    await expect(fetchField(bens)).rejects.toMatchObject({
      code: "FilesDiffer",
      exitCode: 2,
      message: "these files are here already, with another content: deployments/field/hub.yaml",
    });
    expect(existsSync(lockFile(bens))).toBe(false);
  });

  it("learns which deployments there are", async () => {
    await install(adas);
    at(bens);
    await expect(init({ fetch: "feild", region })).rejects.toMatchObject({
      code: "CopyNotFound",
      message: `the state bucket hubctl-${account}-us-east-2 holds no configuration of "feild"; it holds: field`,
      hint: "did you mean --fetch field?",
    });
    printed = "";
    await init({ fetch: true, region });
    expect(printed).toMatch(/^field {2}installed by \S+@\S+ at \d{4}-/);
  });

  it("must say the region", async () => {
    await expect(init({ fetch: "field" }, {})).rejects.toMatchObject({ hint: "say it with --region" });
    vi.stubEnv("AWS_REGION", region);
    await expect(init({ fetch: "field" })).rejects.toMatchObject({ code: "CopyNotFound" });
  });

  it("does not get the same name in another form", async () => {
    await install(adas);
    writeFileSync(join(bens, "field.tfvars"), "");
    await expect(fetchField(bens)).rejects.toMatchObject({ code: "DeploymentInTwoForms" });
  });

  it.each(["../evil.sh", "/etc/evil", "deployments/../../evil"])("never writes to %s", async (path) => {
    await install(adas);
    const key = "deployments/field/config/manifest.json";
    const manifest = bucket.text(key)!.replace("deployments/field/hub.yaml", path);
    bucket.objects.set(key, { text: manifest, etag: "", modified: new Date() });
    await expect(fetchField(bens)).rejects.toMatchObject({ code: "PathOutside" });
    expect(readdirSync(bens)).toEqual([]);
  });
});

describe("a configuration that lacks what a colleague changed", () => {
  beforeEach(async () => {
    await install(adas);
    await fetchField(bens);
    writeHub(bens, "new.example.org");
    await install(bens);
    printed = "";
  });

  it("is refused, with who changed what, when, and how to get it", async () => {
    await expect(install(adas)).rejects.toMatchObject({
      code: "ConfigOlder",
      exitCode: 2,
      message: expect.stringMatching(
        /^the configuration here is older than what \S+@\S+ installed at \S+ \(deployments\/field\/hub\.yaml\)$/,
      ) as string,
      hint: expect.stringContaining("hubctl init --fetch field --region us-east-2") as string,
    });
    expect(bucket.objects.has("deployments/field/run.lock")).toBe(false);
  });

  it("is refused when it was changed here, too", async () => {
    writeHub(adas, "third.example.org");
    await expect(install(adas)).rejects.toMatchObject({
      message: expect.stringMatching(/^the configuration here was changed, but without what/) as string,
    });
  });

  it("wins if the operator wants that; then the colleague's is the older one", async () => {
    await install(adas, { useLocalConfig: true });
    expect(printed).toContain("! the configuration here is older than");
    await expect(install(bens)).rejects.toMatchObject({ code: "ConfigOlder" });
  });

  it("is only told of where nobody knows which is newer", async () => {
    rmSync(join(adas, ".hubctl"), { recursive: true });
    writeHub(adas, "third.example.org");
    await install(adas);
    expect(printed).toContain("! the configuration here is another one than what");
  });
});

describe("the lock file", () => {
  it("that is missing is to be fetched, not made again", async () => {
    await install(adas);
    rmSync(lockFile(adas));
    await expect(install(adas)).rejects.toMatchObject({
      code: "LockFileMissing",
      hint: expect.stringContaining("hubctl init --fetch field --region us-east-2") as string,
    });
    await fetchField(adas);
    await install(adas);
  });

  it("of another deployment of the same name is refused", async () => {
    await install(adas);
    await writeLock(lockFile(adas), { ...lock, id: "fedcba9876543210" });
    await expect(install(adas)).rejects.toMatchObject({ code: "OtherDeployment", exitCode: 2 });
  });
});

it("copies no configuration that holds a secret of the environment", async () => {
  writeFileSync(join(adas, "deployments", "field", "values", "proxy.yaml"), "hub: {x: a-user-password}\n");
  await install(adas);
  expect(printed).toContain("! deployments/field/values/proxy.yaml holds a secret of the environment");
  expect([...bucket.objects.keys()].filter((key) => key.includes("/config/"))).toEqual([]);
});

describe("logs", () => {
  const show = (options: Partial<Parameters<typeof logs>[0]> = {}) => {
    printed = "";
    return logs({ last: false, json: false, ...options });
  };
  const runs = () => JSON.parse(printed) as { id: string; outcome: string; steps: unknown[] }[];

  beforeEach(async () => {
    await install(adas);
    await fetchField(bens);
    at(bens);
    await inSession("install", { version: "0.1.0" }, async ({ installation, journal }) => {
      await installation.takeRunLock();
      journal.record({ event: "step-started", step: "hub", attempt: 1 });
      journal.record({ event: "step-retried", step: "hub", attempt: 1, failure: "throttled" });
      journal.record({ event: "step-started", step: "hub", attempt: 2 });
      journal.record({ event: "step-failed", step: "hub", seconds: 61, code: "HelmFailed", message: "helm says no" });
      throw new ToolError("HelmFailed", "helm says no");
    }).catch(() => undefined);
  });

  it("lists everybody's runs, the newest first", async () => {
    at(adas);
    await show({ json: true });
    expect(runs().map(({ outcome }) => outcome)).toEqual(["failed", "done"]);
    await show();
    expect(printed).toMatch(/^RUN +COMMAND +OUTCOME +TIME +BY\n\S+-install +install +failed +0 s +\S+@\S+\n/);
  });

  it("tells a run's steps: times, attempts, and the words of a failure", async () => {
    at(adas);
    await show({ last: true });
    expect(printed).toMatch(/hub \(2 attempts: throttled\)\n {6}helm says no\n/);
    expect(printed).toMatch(/failed +1 min 01 s/);
    await show({ json: true });
    const [, done] = runs();
    await show({ run: done!.id });
    expect(printed).toMatch(/^hubctl install by .*: done after 0 s\n/);
    await expect(show({ run: "20" })).rejects.toMatchObject({ code: "RunNotUnique", exitCode: 2 });
    await expect(show({ run: "1999" })).rejects.toMatchObject({ code: "RunNotFound", exitCode: 2 });
  });

  it("shows this machine's runs without AWS, and says so", async () => {
    aws.sts.on(GetCallerIdentityCommand).rejects(awsError("ExpiredToken", 403));
    await show();
    expect(printed).toContain("! only the runs of this machine: AWS does not accept the login");
    expect(printed).toContain("failed");
  });

  it("needs no secrets", async () => {
    vi.stubEnv("HUBCTL_USER_PASSWORD", undefined);
    vi.stubEnv("HUBCTL_ADMIN_PASSWORD", undefined);
    await show();
    expect(printed).toContain("failed");
  });
});
