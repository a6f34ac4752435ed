import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBinaries, type Binaries } from "../../sandbox/binaries/index.ts";
import { fillChartMirror } from "../../sandbox/chart-mirror.ts";
import type { HubConfig } from "../../src/config/hub-config.ts";
import { hub } from "../../src/releases/hub.ts";
import { platform } from "../../src/releases/platform.ts";
import { chartReference, type Release } from "../../src/releases/release.ts";
import { createExec } from "../../src/tools/exec.ts";
import { templateCommand } from "../../src/tools/helm.ts";
import { findReleaseLosses } from "../../src/tools/release-guard.ts";
import { releaseInputs } from "../helpers/release-inputs.ts";

const { config } = releaseInputs();
const dir = mkdtempSync(join(tmpdir(), "release-guard-"));
let binaries: Binaries;

beforeAll(async () => {
  binaries = await findBinaries(() => undefined);
  await fillChartMirror(dir, binaries, () => undefined);
}, 1_200_000);
afterAll(() => rmSync(dir, { recursive: true }));

/** The objects that the release has with this configuration, by the command that hubctl runs. */
async function objectsOf(release: Release, change: Partial<HubConfig>): Promise<string> {
  const inputs = releaseInputs({ config: change });
  const { sharedFolders } = inputs.config.storage;
  const folders = Object.fromEntries(sharedFolders.map(({ name }, index) => [name, `fsap-0123456789abcde${index}`]));
  const values = release.values({ ...inputs, storage: { ...inputs.storage, shared_access_point_ids: folders } });
  const command = templateCommand(
    { kubeconfig: join(dir, "none"), context: "none", release: release.name, namespace: release.namespace },
    { chart: chartReference(release, dir, { jupyterhub: "4.4.0" }), values, kubeVersion: "1.36" },
  );
  const path = [dirname(binaries.helm), process.env["PATH"]].join(delimiter);
  const { stdout } = await createExec()({ ...command, env: { ...command.env, PATH: path } });
  return stdout;
}

async function losses(release: Release, from: Partial<HubConfig>, to: Partial<HubConfig>): Promise<string[]> {
  const [current, wanted] = await Promise.all([objectsOf(release, from), objectsOf(release, to)]);
  return findReleaseLosses(current, wanted, release.namespace).map(
    ({ verb, address, carriesData }) => `${verb} ${address}${carriesData ? " (data)" : ""}`,
  );
}

const shared = (...names: string[]): Partial<HubConfig> => ({
  storage: {
    ...config.storage,
    sharedFolders: names.map((name) => ({ name, mountPath: `/${name}`, writers: "everyone" as const })),
  },
});
const values = (own: Record<string, unknown>): Partial<HubConfig> => ({ hub: { values: own, extraConfig: {} } });

describe("the guard, on what Helm makes of the charts", () => {
  it("names the load balancer that would become another one", async () => {
    const internal = { network: { ...config.network, internal: true } };
    expect(await losses(hub, {}, internal)).toEqual(["replace Service/jupyterhub/proxy-public"]);
    const gone = values({ proxy: { service: { type: "ClusterIP" } } });
    expect(await losses(hub, {}, gone)).toEqual(["replace Service/jupyterhub/proxy-public"]);
  });

  it("names the claim of the hub's database that would have to be another one", async () => {
    const other = values({ hub: { db: { pvc: { storageClassName: "io2" } } } });
    expect(await losses(hub, {}, other)).toEqual(["replace PersistentVolumeClaim/jupyterhub/hub-db-dir (data)"]);
  });

  it("names the claim of a shared folder that is left out", async () => {
    expect(await losses(platform, shared("shared", "data"), shared("shared"))).toEqual([
      expect.stringMatching(/^delete PersistentVolumeClaim\/jupyterhub\/.*data$/),
    ]);
  });

  it("lets pass what changes in place", async () => {
    const allowFrom = { network: { ...config.network, allowFrom: ["198.51.100.0/24"] } };
    expect(await losses(hub, {}, { ...allowFrom, culling: { enabled: false, idleMinutes: 5 } })).toEqual([]);
    expect(await losses(hub, {}, values({ hub: { db: { pvc: { storage: "20Gi" } } } }))).toEqual([]);
    expect(await losses(platform, shared("shared"), shared("shared", "data"))).toEqual([]);
    expect(await losses(platform, {}, { users: { ...config.users, maxVcpus: 128 } })).toEqual([]);
  });
});
