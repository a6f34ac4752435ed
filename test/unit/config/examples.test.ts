import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listDeployments } from "../../../src/config/deployment.ts";
import { loadDeployment } from "../../../src/config/load-deployment.ts";

const folder = join(import.meta.dirname, "../../../examples");

const certificate = "arn:aws:acm:us-east-2:123456789012:certificate/11111111-2222-4333-8444-555555555555";
const env = {
  HUBCTL_CERTIFICATE_ARN: certificate,
  HUBCTL_GITHUB_CLIENT_ID: "client-id",
  HUBCTL_GITHUB_CLIENT_SECRET: "client-secret",
  HUBCTL_USER_PASSWORD: "u".repeat(12),
  HUBCTL_ADMIN_PASSWORD: "a".repeat(40),
};

const load = (example: string, deployment: string) =>
  loadDeployment({
    cwd: join(folder, example),
    deployment,
    env,
    runTerraform: () => Promise.reject(new Error("a hub.yaml needs no Terraform")),
  });

const deployments = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(
    ({ name }) => listDeployments(join(folder, name))?.deployments.map((found) => ({ example: name, ...found })) ?? [],
  );
/** The variables file needs Terraform; test/integration/config.test.ts reads it. */
const hubFiles = deployments.filter(({ form }) => form === "hub.yaml");

describe("the examples", () => {
  it("are these", () => {
    expect(deployments.map(({ example, name }) => `${example}/${name}`).sort()).toEqual([
      "dandi/dandi",
      "dandihub/dandihub",
      "foundation/foundation",
      "hackweek/hackweek",
      "observatory/prod",
      "observatory/staging",
    ]);
  });

  it.each(hubFiles)("$example/$name is accepted", async ({ example, name }) => {
    const { config, warnings } = await load(example, name);
    expect(config.name).toBe(name);
    const expected: Record<string, string> = {
      hackweek: "is in us-west-2: AWS charges for each gigabyte",
      staging: "science-platform:latest can change",
    };
    const warning = expected[name];
    expect(warnings).toEqual(warning === undefined ? [] : [expect.stringContaining(warning)]);
  });

  it("of the hack week has sizes, a folder to be filled, and data in two regions", async () => {
    const { config } = await load("hackweek", "hackweek");
    expect(config.profiles.map(({ slug, gpus, spot, default: isDefault }) => [slug, gpus, spot, isDefault])).toEqual([
      ["small", 0, false, true],
      ["large", 0, false, false],
      ["gpu", 1, true, false],
    ]);
    expect(config.storage.sharedFolders).toContainEqual({
      name: "tutorial-data",
      mountPath: "/home/jovyan/tutorial-data",
      writers: "admins",
      fillFrom: "s3://ocean-hack-week-tutorials/2026",
    });
    expect(config.storage.buckets.map(({ region }) => region)).toEqual([undefined, "us-west-2"]);
  });

  it("of the foundation takes files from beside it", async () => {
    const { config, secrets } = await load("foundation", "foundation");
    expect(config.users.files[0]?.content).toContain("machine urs.earthdata.nasa.gov");
    expect(config.network.existingVpc?.nodeSubnets).toHaveLength(2);
    expect(Object.keys(secrets)).toEqual(["userPassword", "adminPassword"]);
  });

  it("of the observatory share what is common and differ in the rest", async () => {
    const [staging, prod] = [await load("observatory", "staging"), await load("observatory", "prod")];
    for (const { config, secrets } of [staging, prod]) {
      expect(secrets).toEqual({});
      expect(config.aws).toMatchObject({ namePrefix: "obs-", rolePath: "/obs/", accountId: "210987654321" });
      expect(config.network).toMatchObject({ internal: true, vpc: { nat: "per-zone", zones: 3 } });
      expect(config.auth).toMatchObject({ method: "ldap", admins: ["mferrari", "ops"] });
    }
    expect([staging, prod].map(({ config }) => [config.domain, config.users.maxVcpus])).toEqual([
      ["hub-staging.observatory.example", 16],
      ["hub.observatory.example", 256],
    ]);
  });

  it.each(deployments)("$example/$name holds no secret", ({ configFile }) => {
    expect(readFileSync(configFile, "utf8").replace(/^#.*$/gm, "")).not.toMatch(/secret:|password:|AKIA/i);
  });
});
