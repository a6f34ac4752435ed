import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { writeLock } from "../../../src/config/lock-file.ts";
import { loadDeployment } from "../../../src/config/load-deployment.ts";
import { presentDefaults } from "../../../src/config/recorded-defaults.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

const { lock } = releaseInputs();
const hubYaml = `
aws: { region: us-east-2 }
domain: hub.example.org
certificate: auto
auth: { method: shared-password, admins: [ada], allowAll: true }
image: { repository: example/notebook, tag: "1" }
`;

let cwd: string;
beforeEach(() => {
  cwd = temporaryFolder();
  mkdirSync(join(cwd, "deployments", "hub"), { recursive: true });
  writeFileSync(join(cwd, "deployments", "hub", "hub.yaml"), hubYaml);
});

async function load(set: string[] = []) {
  const runTerraform = () => Promise.reject(new Error("not needed"));
  const { config } = await loadDeployment({ cwd, env: {}, set, runTerraform, needsSecrets: false });
  return config;
}

const record = (defaults: Record<string, string | number | boolean>) =>
  writeLock(join(cwd, "deployments", "hub", "hub.lock.yaml"), { ...lock, id: "0123456789abcdef", defaults });

describe("the defaults of an older hubctl", () => {
  it("stay as they were recorded, one by one", async () => {
    const before = await load();
    await record({ ...presentDefaults(), "culling.idleMinutes": 90, "cluster.coreNodes.instanceType": "m5.large" });
    const after = await load();
    expect(after.culling).toEqual({ ...before.culling, idleMinutes: 90 });
    expect(after.cluster.coreNodes).toEqual({ ...before.cluster.coreNodes, instanceType: "m5.large" });
    expect({ ...after, culling: 0, cluster: 0 }).toEqual({ ...before, culling: 0, cluster: 0 });
  });

  it("count for nothing where somebody has set something", async () => {
    await record({ "culling.idleMinutes": 90 });
    expect((await load(["culling.idleMinutes=15"])).culling.idleMinutes).toBe(15);
  });

  it("are forgotten with the settings that they are of", async () => {
    await record({ "culling.noSuchSetting": true });
    expect((await load()).culling).toEqual({ enabled: true, idleMinutes: 60 });
  });

  it("are recorded of every setting that has one, and of none that must be given", () => {
    const defaults = presentDefaults();
    expect(defaults).toMatchObject({ "network.vpc.cidr": "10.0.0.0/16", "cluster.coreNodes.min": 2 });
    expect(
      Object.keys(defaults).filter((path) => /^(auth|domain|image\.(repository|tag)|aws\.region)/.test(path)),
    ).toEqual([]);
  });
});
