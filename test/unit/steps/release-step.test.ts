import { describe, expect, it } from "vitest";
import { hub } from "../../../src/releases/hub.ts";
import { platform } from "../../../src/releases/platform.ts";
import { createGuard } from "../../../src/steps/guard.ts";
import { hubRelease, devicePluginRelease, platformRelease } from "../../../src/steps/releases.ts";
import type { ExpectedCall } from "../../helpers/fake-exec.ts";
import { fakeInstallation, runChecked } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const inputs = releaseInputs();
const values = hub.values(inputs);

function helm(subcommand: string, stdout: unknown = {}): ExpectedCall {
  const args = expect.arrayContaining(subcommand.split(" ")) as unknown as string[];
  return { command: { file: "helm", args }, stdout: JSON.stringify(stdout) };
}
const manifest: ExpectedCall = {
  ...helm("get manifest hub"),
  stdout: `kind: Deployment
metadata: { name: hub }
spec: { replicas: 1 }
---
kind: PersistentVolume
metadata: { name: demo-home }
---
kind: Service
metadata: { name: proxy-public }
`,
};
const hub1 = { kind: "Deployment", metadata: { name: "hub" }, spec: { replicas: 1 } };
const volume = { kind: "PersistentVolume", metadata: { name: "demo-home" }, status: { phase: "Bound" } };
const service = { kind: "Service", metadata: { name: "proxy-public" } };

function present(...items: object[]): ExpectedCall {
  const args = expect.arrayContaining(["get", "--filename"]) as unknown as string[];
  return { command: { file: "kubectl", args }, stdout: JSON.stringify({ kind: "List", items }) };
}

function kubectl(...words: string[]): ExpectedCall {
  const args = expect.arrayContaining(words) as unknown as string[];
  return { command: { file: "kubectl", args } };
}
const metadata = (change: object = {}) =>
  helm("get metadata hub", { chart: "jupyterhub", version: "4.4.0", revision: 3, status: "deployed", ...change });
const missing: ExpectedCall = {
  command: { file: "helm" },
  exitCode: 1,
  stderr: "Error: release: not found",
};
const upgrade = helm("upgrade --install hub");
/** What the release holds, and what it would hold. */
const compared = (wanted = manifest.stdout!): ExpectedCall[] => [manifest, { ...helm("template hub"), stdout: wanted }];

describe("a release", () => {
  it.each(["releaseInputs", "kubeTarget"] as const)("is unknown before the cluster exists (no %s)", async (name) => {
    const installation = fakeInstallation({ answers: { [name]: undefined } });
    expect(await hubRelease.check(installation)).toEqual({ unknown: "known once the cluster exists" });
  });

  it("that is missing is installed, its values on standard input only", async () => {
    const installation = fakeInstallation({ calls: [missing, upgrade] });
    expect((await runChecked(hubRelease, installation)).change).toBe("install jupyterhub 4.4.0");
    const [, command] = installation.exec.calls;
    expect(JSON.parse(command!.input!)).toEqual(JSON.parse(JSON.stringify(values)));
    expect(command!.args.join(" ")).not.toContain("github-client-secret");
    expect(command!.args).toContain("--kube-context");
    installation.exec.expectAllCalled();
  });

  it("that is as wanted gets no new revision", async () => {
    const installation = fakeInstallation({
      calls: [metadata(), helm("get values hub", values), manifest, present(hub1, volume, service)],
    });
    expect(await hubRelease.check(installation)).toEqual({ done: "revision 3 is as wanted" });
    installation.exec.expectAllCalled();
  });

  it("of which a stopped cleanup has taken some gets it back", async () => {
    const stopped = { ...hub1, spec: { replicas: 0 } };
    const released = { ...volume, status: { phase: "Released" } };
    const installation = fakeInstallation({
      calls: [
        metadata(),
        helm("get values hub", values),
        manifest,
        present(stopped, released),
        kubectl("scale", "Deployment", "hub", "--replicas=1"),
        kubectl("delete", "PersistentVolume", "demo-home"),
        manifest,
        present(hub1),
        upgrade,
      ],
    });
    expect((await runChecked(hubRelease, installation)).change).toBe(
      "put back: Deployment hub is stopped, PersistentVolume demo-home has lost its claim, Service proxy-public is gone",
    );
    installation.exec.expectAllCalled();
  });

  it("whose definitions are gone gets its objects back, too", async () => {
    const noDefinition = { ...present(), exitCode: 1, stderr: 'error: no matches for kind "NodePool"' };
    const calls = [metadata(), helm("get values hub", values), manifest, noDefinition, upgrade];
    const installation = fakeInstallation({ calls });
    expect((await runChecked(hubRelease, installation)).change).toMatch(/^put back: Deployment hub is gone/);
  });

  it("is not said to be installed where it is there", async () => {
    const other = { ...values, cull: { enabled: false } };
    const there = fakeInstallation({ calls: [metadata(), helm("get values hub", other), ...compared()] });
    expect(await hubRelease.check(there)).toMatchObject({ change: "values of cull", title: "Update the hub" });
    expect(await hubRelease.check(fakeInstallation({ calls: [missing] }))).not.toHaveProperty("title");
  });

  it("with other values is upgraded, and only their names are told", async () => {
    const other = { ...values, cull: { enabled: false } };
    const installation = fakeInstallation({
      calls: [metadata(), helm("get values hub", other), ...compared(), upgrade],
    });
    expect((await runChecked(hubRelease, installation)).change).toBe("values of cull");
    installation.exec.expectAllCalled();
  });

  it("whose last upgrade failed is upgraded again", async () => {
    const calls = [metadata({ status: "failed" }), helm("get values hub", values), ...compared(), upgrade];
    const installation = fakeInstallation({ calls });
    expect((await runChecked(hubRelease, installation)).change).toBe("its last revision is failed");
  });

  it("that an interrupted Helm left pending is rolled back to its last good revision first", async () => {
    const history = [
      { revision: 1, status: "superseded", chart: "jupyterhub-4.4.0" },
      { revision: 2, status: "deployed", chart: "jupyterhub-4.4.0" },
      { revision: 3, status: "pending-upgrade", chart: "jupyterhub-4.4.0" },
    ];
    const calls = [
      metadata({ status: "pending-upgrade" }),
      helm("history hub", history),
      helm("get manifest hub --revision 2"),
      helm("template hub"),
      helm("rollback hub 2"),
      upgrade,
    ];
    const installation = fakeInstallation({ calls });
    expect((await runChecked(hubRelease, installation)).change).toBe(
      "mend what an interrupted Helm left (pending-upgrade), then install jupyterhub 4.4.0",
    );
    installation.exec.expectAllCalled();
  });

  it("keeps the chart version of the lock file, whatever this hubctl was tested with", async () => {
    const locked = { ...inputs, lock: { ...inputs.lock, charts: { jupyterhub: "4.3.5" } } };
    const calls = [
      metadata({ version: "4.3.5" }),
      helm("get values hub", hub.values(locked)),
      manifest,
      present(hub1, volume, service),
    ];
    const installation = fakeInstallation({ calls, answers: { releaseInputs: locked } });
    expect(await hubRelease.check(installation)).toEqual({ done: "revision 3 is as wanted" });
  });

  it("of hubctl's own chart has the version that its folder says", async () => {
    const installation = fakeInstallation({ calls: [missing, helm("upgrade --install platform")] });
    const { change } = await runChecked(platformRelease, installation);
    expect(change).toMatch(/^install hubctl-platform \d+\.\d+\.\d+$/);
    const { chart } = platform;
    expect(installation.exec.calls[1]!.args).toContain("path" in chart ? chart.path : "");
  });

  it("that the deployment has no use for is not asked for", async () => {
    const installation = fakeInstallation({ calls: [] });
    expect(await devicePluginRelease.check(installation)).toEqual({ done: "no profile has GPUs" });
  });

  it("takes its chart from the mirror", async () => {
    const installation = fakeInstallation({ calls: [missing, upgrade], chartMirror: "/charts" });
    await runChecked(hubRelease, installation);
    expect(installation.exec.calls[1]!.args).toContain("/charts/jupyterhub-4.4.0.tgz");
  });

  it("that waits for a folder is not known yet, but what it would take away is", async () => {
    const sharedFolders = ["shared", "data"].map((name) => ({
      name,
      mountPath: `/${name}`,
      writers: "everyone" as const,
    }));
    const config = { ...inputs.config, storage: { ...inputs.config.storage, sharedFolders } };
    const old = `kind: PersistentVolumeClaim\nmetadata: { name: shared-old }\nspec: { volumeName: shared-old }\n`;
    const calls = (current: string): ExpectedCall[] => [
      helm("get metadata platform", { chart: "hubctl-platform", version: "0.1.0", revision: 3, status: "deployed" }),
      helm("get values platform", {}),
      { ...helm("get manifest platform"), stdout: current },
      { ...helm("template platform"), stdout: "" },
    ];
    const checked = (current: string) =>
      platformRelease.check(
        fakeInstallation({ calls: calls(current), answers: { releaseInputs: { ...inputs, config } } }),
      );
    expect(await checked("")).toEqual({ unknown: "known once the storage has data" });
    await expect(checked(old)).rejects.toMatchObject({
      code: "PlanWouldDestroy",
      hint: expect.stringContaining("--allow-replace PersistentVolumeClaim/jupyterhub/shared-old") as string,
    });
  });

  describe("whose upgrade would take something away", () => {
    const internal = `kind: Service
metadata:
  name: proxy-public
  annotations: { service.beta.kubernetes.io/aws-load-balancer-internal: "true" }
spec: { type: LoadBalancer }
`;
    const open = "kind: Service\nmetadata: { name: proxy-public }\nspec: { type: LoadBalancer }\n";
    const other = { ...values, cull: { enabled: false } };
    const calls = [
      metadata(),
      helm("get values hub", other),
      { ...manifest, stdout: open },
      { ...helm("template hub"), stdout: internal },
    ];
    const address = "Service/jupyterhub/proxy-public";

    it("is refused before anything is done", async () => {
      const installation = fakeInstallation({ calls });
      await expect(hubRelease.check(installation)).rejects.toMatchObject({
        code: "PlanWouldDestroy",
        exitCode: 2,
        message: `the plan would replace the load balancer ${address} (service.beta.kubernetes.io/aws-load-balancer-internal cannot be changed in place); nothing was touched`,
        hint: expect.stringContaining(`--allow-replace ${address}`) as string,
      });
      installation.exec.expectAllCalled();
    });

    it("makes that anew once it is named", async () => {
      const installation = fakeInstallation({
        calls: [...calls, kubectl("delete", "Service", "proxy-public"), kubectl("get", "Service"), upgrade],
        guard: createGuard([address]),
      });
      await runChecked(hubRelease, installation);
      installation.exec.expectAllCalled();
    });
  });

  it("whose claim is made anew ends what holds it, the hub first", async () => {
    const claimOf = (name: string) =>
      `kind: PersistentVolumeClaim\nmetadata: { name: hub-db-dir }\nspec: { storageClassName: ${name} }\n`;
    const pod = (name: string, component: string, claimName: string) => ({
      metadata: { name, labels: { component } },
      spec: { volumes: [{ name: "config" }, { persistentVolumeClaim: { claimName } }] },
    });
    const items = [
      pod("hub-1", "hub", "hub-db-dir"),
      pod("copy-1", "job", "hub-db-dir"),
      pod("jupyter-ada", "x", "home"),
    ];
    const address = "PersistentVolumeClaim/jupyterhub/hub-db-dir";
    const installation = fakeInstallation({
      calls: [
        metadata(),
        helm("get values hub", { ...values, cull: { enabled: false } }),
        { ...manifest, stdout: claimOf("gp3") },
        { ...helm("template hub"), stdout: claimOf("io2") },
        kubectl("delete", "PersistentVolumeClaim", "hub-db-dir"),
        { ...kubectl("get", "pods"), stdout: JSON.stringify({ items }) },
        kubectl("delete", "deployment", "hub"),
        kubectl("delete", "pod", "hub-1"),
        kubectl("delete", "pod", "copy-1"),
        kubectl("get", "PersistentVolumeClaim"),
        upgrade,
      ],
      guard: createGuard([address]),
    });
    await runChecked(hubRelease, installation);
    installation.exec.expectAllCalled();
  });

  describe("that goes back", () => {
    const history = [
      { revision: 3, status: "superseded", chart: "jupyterhub-4.3.5" },
      { revision: 4, status: "superseded", chart: "jupyterhub-4.4.0" },
      { revision: 5, status: "superseded", chart: "jupyterhub-4.4.0" },
      { revision: 6, status: "failed", chart: "jupyterhub-4.4.0" },
      { revision: 7, status: "deployed", chart: "jupyterhub-4.5.0" },
    ];
    const newer = [metadata({ version: "4.5.0", revision: 7 }), helm("get values hub", values)];
    const other = { ...values, cull: { enabled: false } };

    it("is rolled back to the newest revision that was just what is wanted", async () => {
      const installation = fakeInstallation({
        calls: [
          ...newer,
          helm("history hub", history),
          helm("get values hub --revision 5", other),
          helm("get values hub --revision 4", values),
          manifest,
          { ...helm("get manifest hub --revision 4"), stdout: manifest.stdout! },
          helm("rollback hub 4"),
        ],
        rollsBack: true,
      });
      expect((await runChecked(hubRelease, installation)).change).toBe(
        "back to revision 4: chart jupyterhub 4.5.0 -> jupyterhub 4.4.0",
      );
      installation.exec.expectAllCalled();
    });

    it("is installed as wanted if there is none", async () => {
      const installation = fakeInstallation({
        calls: [...newer, helm("history hub", history.slice(-2)), ...compared(), upgrade],
        rollsBack: true,
      });
      expect((await runChecked(hubRelease, installation)).change).toMatch(/^chart jupyterhub 4.5.0/);
      installation.exec.expectAllCalled();
    });
  });
});
