import { describe, expect, it } from "vitest";
import {
  dryRunCommand,
  historyCommand,
  metadataCommand,
  parseHistory,
  parseMetadata,
  parseValues,
  readReleaseState,
  repairRelease,
  rollbackCommand,
  upgradeCommand,
  valuesCommand,
  versionCommand,
} from "../../../src/tools/helm.ts";
import { formatCommand } from "../../../src/tools/exec.ts";
import { fakeExec } from "../../helpers/fake-exec.ts";

const target = {
  kubeconfig: "/deployment/kubeconfig",
  context: "dandihub",
  release: "hub",
  namespace: "jupyterhub",
};
const where = ["--namespace", "jupyterhub", "--kubeconfig", "/deployment/kubeconfig", "--kube-context", "dandihub"];

// Recorded with Helm 4.2.3.
const metadata = (status: string, revision = 2) =>
  `{"name":"hub","chart":"jupyterhub","version":"4.4.0","appVersion":"","labels":{"name":"hub","owner":"helm"},"namespace":"jupyterhub","revision":${revision},"status":"${status}","deployedAt":"2026-11-21T08:40:41Z","applyMethod":"ssa"}\n`;
/** A status each, with the chart's version if that is another one: "deployed 4.3.5" */
const history = (...revisions: string[]) =>
  JSON.stringify(
    revisions
      .map((text) => text.split(" "))
      .map(([status, version = "4.4.0"], index) => ({
        revision: index + 1,
        updated: "2026-11-21T08:40:41.3Z",
        status,
        chart: `jupyterhub-${version}`,
        app_version: "",
        description: "",
      })),
  );

describe("the builders of Helm's commands", () => {
  it("upgrades or installs with values on standard input only", () => {
    const command = upgradeCommand(target, {
      chart: ["jupyterhub", "--repo", "https://charts", "--version", "4.4.0"],
      values: { hub: { cookieSecret: "s3cret" } },
      secrets: ["s3cret"],
      timeoutSeconds: 900,
    });
    expect(command.args).toEqual([
      "upgrade",
      "--install",
      "hub",
      "jupyterhub",
      "--repo",
      "https://charts",
      "--version",
      "4.4.0",
      "--values",
      "-",
      "--wait",
      "--timeout",
      "900s",
      "--history-max",
      "10",
      "--server-side=true",
      "--force-conflicts",
      "--create-namespace",
      ...where,
    ]);
    expect(command.input).toBe('{"hub":{"cookieSecret":"s3cret"}}');
    expect(command.secrets).toEqual(["s3cret"]);
    expect(formatCommand(command)).not.toContain("s3cret");
  });

  it.each([
    ["metadata", metadataCommand(target), ["get", "metadata", "hub", "--output", "json", ...where]],
    ["values", valuesCommand(target), ["get", "values", "hub", "--output", "json", ...where]],
    ["history", historyCommand(target), ["history", "hub", "--output", "json", ...where]],
    [
      "rollback",
      rollbackCommand(target, 3),
      ["rollback", "hub", "3", "--wait", "--timeout", "900s", "--server-side=true", "--force-conflicts", ...where],
    ],
    [
      "dry run",
      dryRunCommand(target, { chart: ["./chart"], values: {}, timeoutSeconds: 1 }),
      ["upgrade", "hub", "./chart", "--values", "-", "--dry-run=server", "--output", "json", ...where],
    ],
  ])("%s names namespace, kubeconfig and context", (_, command, args) => {
    expect(command).toMatchObject({ file: "helm", args });
  });

  it("takes away variables that would win over the kubeconfig", () => {
    const { env } = metadataCommand(target);
    expect(env).toMatchObject({ KUBECONFIG: "/deployment/kubeconfig" });
    for (const name of ["HELM_KUBETOKEN", "HELM_DRIVER", "HELM_NAMESPACE", "HELM_KUBECONTEXT"]) {
      expect(env).toHaveProperty(name, undefined);
    }
  });

  it("asks for the version without a cluster", () => {
    expect(versionCommand().args).toEqual(["version", "--template", "{{.Version}}"]);
  });
});

describe("the parsers of Helm's answers", () => {
  it("reads what Helm 4 prints", () => {
    expect(parseMetadata(metadata("deployed"))).toEqual({
      chart: "jupyterhub",
      version: "4.4.0",
      revision: 2,
      status: "deployed",
    });
    expect(parseHistory(history("superseded", "deployed"))).toEqual([
      { revision: 1, status: "superseded", chart: "jupyterhub-4.4.0" },
      { revision: 2, status: "deployed", chart: "jupyterhub-4.4.0" },
    ]);
  });

  it("takes a release without values for empty ones", () => {
    expect(parseValues("null\n")).toEqual({});
  });
});

describe("readReleaseState", () => {
  const wanted = {
    chart: "jupyterhub",
    version: "4.4.0",
    values: { hub: { replicas: 1, db: null, extra: undefined }, list: [1, 2] },
  };
  const sameValues = '{"list":[1,2],"hub":{"db":null,"replicas":1}}';

  it("is current when chart, version, status and values are as wanted", async () => {
    const exec = fakeExec([
      { command: { args: metadataCommand(target).args }, stdout: metadata("deployed") },
      { command: { args: valuesCommand(target).args }, stdout: sameValues },
    ]);
    expect(await readReleaseState(exec, target, wanted)).toEqual({ kind: "current", revision: 2 });
    exec.expectAllCalled();
  });

  it("is missing when Helm does not find it", async () => {
    const exec = fakeExec([{ command: {}, exitCode: 1, stderr: "Error: release: not found\n" }]);
    expect(await readReleaseState(exec, target, wanted)).toEqual({ kind: "missing" });
  });

  it("does not take any other failure for a missing release", async () => {
    const exec = fakeExec([{ command: {}, exitCode: 1, stderr: "Error: kubernetes cluster unreachable: EOF\n" }]);
    await expect(readReleaseState(exec, target, wanted)).rejects.toMatchObject({ code: "HelmFailed" });
  });

  it.each([
    [
      "another version",
      "deployed",
      sameValues,
      { ...wanted, version: "4.5.0" },
      ["chart jupyterhub 4.4.0 -> jupyterhub 4.5.0"],
    ],
    ["a failed revision", "failed", sameValues, wanted, ["its last revision is failed"]],
    [
      "other values",
      "deployed",
      '{"list":[2,1],"hub":{"db":null,"replicas":1},"old":1}',
      wanted,
      ["values of list, old"],
    ],
  ])("is different with %s", async (_, status, values, release, reasons) => {
    const exec = fakeExec([
      { command: {}, stdout: metadata(status) },
      { command: {}, stdout: values },
    ]);
    expect(await readReleaseState(exec, target, release)).toEqual({ kind: "different", reasons });
  });

  it("tells only the names of values that differ", async () => {
    const exec = fakeExec([
      { command: {}, stdout: metadata("deployed") },
      { command: {}, stdout: '{"hub":"old-s3cret"}' },
    ]);
    const state = await readReleaseState(exec, target, { ...wanted, values: { hub: "new-s3cret" } });
    expect(JSON.stringify(state)).not.toContain("s3cret");
  });

  it.each([
    ["pending-upgrade", 3, history("superseded", "deployed", "pending-upgrade"), 2],
    ["pending-install", 1, history("pending-install"), 1],
    ["pending-rollback", 4, history("superseded", "deployed", "failed", "pending-rollback"), 2],
    // Its chart is the one to go on with, and the hub may have changed its database for it.
    ["pending-upgrade", 3, history("superseded 4.3.5", "deployed 4.3.5", "pending-upgrade"), 3],
    ["pending-rollback", 3, history("superseded", "deployed 4.5.0", "pending-rollback"), 3],
  ])(
    "finds what a killed Helm left %s (%i), and rolls it back without deleting anything",
    async (status, revision, past, to) => {
      const exec = fakeExec([
        { command: {}, stdout: metadata(status, revision) },
        { command: { args: historyCommand(target).args }, stdout: past },
        { command: { args: rollbackCommand(target, to).args } },
      ]);
      const state = await readReleaseState(exec, target, wanted);
      expect(state).toEqual({ kind: "interrupted", status, rollbackTo: to });
      if (state.kind === "interrupted") await repairRelease(exec, target, state);
      exec.expectAllCalled();
    },
  );

  it("goes back to the last good revision if that has the chart which is wanted, not the unfinished one", async () => {
    const exec = fakeExec([
      { command: {}, stdout: metadata("pending-upgrade", 3) },
      { command: {}, stdout: history("superseded 4.3.5", "deployed 4.3.5", "pending-upgrade") },
    ]);
    expect(await readReleaseState(exec, target, { ...wanted, version: "4.3.5" })).toMatchObject({ rollbackTo: 2 });
  });
});
