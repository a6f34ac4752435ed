import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { describeBackups, formatBytes } from "../../../src/commands/backup-screens.ts";
import { describeCosts } from "../../../src/commands/pause.ts";
import { homeFolder } from "../../../src/steps/backup/home-folder.ts";
import { copyDatabase, readCopyName } from "../../../src/steps/database/copies.ts";
import { chooseCopy, isNewer } from "../../../src/steps/database/restore.ts";
import { replaceDatabase } from "../../../src/steps/database/restore-step.ts";
import { memo } from "../../../src/steps/memo.ts";
import type { ExpectedCall } from "../../helpers/fake-exec.ts";
import { fakeInstallation, kubeTarget, runChecked } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

vi.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

describe("the folder of a user", () => {
  it.each([
    ["ada", "ada"],
    ["ada.lovelace", "ada-2elovelace"],
    ["ada-lovelace", "ada-2dlovelace"],
    ["ada@example.org", "ada-40example-2eorg"],
    ["Ada", "ada"],
    ["zoë", "zo-c3-ab"],
  ])("of %s is %s", (user, folder) => {
    expect(homeFolder(user)).toBe(folder);
  });

  it("is one folder, whatever the name", () => {
    fc.assert(fc.property(fc.string({ minLength: 1 }), (user) => /^[a-z0-9-]+$/.test(homeFolder(user))));
  });
});

describe("a copy's name", () => {
  it("tells when and by which chart it was made", () => {
    expect(readCopyName("jupyterhub-20261101T061507Z-4.4.0-beta.1.sqlite")).toEqual({
      made: "2026-11-01T06:15:07Z",
      chartVersion: "4.4.0-beta.1",
    });
    for (const other of ["notes.txt", "jupyterhub-2026-4.4.0.sqlite", "jupyterhub-20261101T061507Z-.sqlite"]) {
      expect(readCopyName(other)).toBeUndefined();
    }
  });
});

describe("a version of the chart", () => {
  it.each([
    ["4.4.0", "4.3.9", true],
    ["4.10.0", "4.9.0", true],
    ["4.4.0", "4.4.0", false],
    ["4.4.0", "4.4.0-beta.1", true],
    ["4.4.0-beta.1", "4.4.0", false],
    ["4.4.0+build", "4.4.0", false],
    ["3.3.8", "4.0.0", false],
  ])("%s is newer than %s: %s", (one, other, expected) => {
    expect(isNewer(one, other)).toBe(expected);
  });

  it("is never newer than what is newer than it", () => {
    const version = fc
      .tuple(fc.nat(20), fc.nat(20), fc.nat(20), fc.constantFrom("", "-beta.1"))
      .map(([a, b, c, early]) => `${a}.${b}.${c}${early}`);
    fc.assert(fc.property(version, version, (one, other) => !(isNewer(one, other) && isNewer(other, one))));
  });
});

const kubectl = (args: string[], answer: object | string = ""): ExpectedCall => ({
  command: { file: "kubectl", args: expect.arrayContaining(args) as string[] },
  stdout: typeof answer === "string" ? answer : JSON.stringify(answer),
});
const env = [
  { name: "CHART_VERSION", value: "4.4.0" },
  { name: "KEEP", value: "28" },
];
const template = {
  spec: { restartPolicy: "Never", affinity: {}, containers: [{ name: "copy", image: "hub:1", env }] },
};

/** A Job of the CronJob's that goes well, with what it says. */
function runOfJob(message: object): ExpectedCall[] {
  const done = {
    metadata: { name: "p" },
    status: { containerStatuses: [{ state: { terminated: { exitCode: 0, message: JSON.stringify(message) } } }] },
  };
  return [
    kubectl(["get", "pods"], { items: [] }),
    kubectl(["get", "cronjob"], { spec: { jobTemplate: { spec: { template } } } }),
    kubectl(["delete", "job"]),
    kubectl(["get", "job"]),
    kubectl(["get", "pods"], { items: [] }),
    kubectl(["create"]),
    kubectl(["get", "pods"], { items: [done] }),
    kubectl(["get", "job"], { status: { conditions: [{ type: "Complete", status: "True" }] } }),
    kubectl(["get", "pods"], { items: [done] }),
  ];
}

it("a copy is named by the hub that has left the database so, not by the one to come", async () => {
  const installation = fakeInstallation({ calls: runOfJob({ copied: "a copy" }) });
  const report = { progress: () => undefined };
  expect(await copyDatabase(installation, kubeTarget, report, { chartVersion: "4.3.5" })).toBe("a copy");
  const { input = "" } = installation.exec.calls.find(({ args }) => args.includes("create")) ?? {};
  const job = JSON.parse(input) as { spec: { template: typeof template } };
  expect(job.spec.template.spec.containers[0]?.env).toEqual([
    { name: "KEEP", value: "28" },
    { name: "CHART_VERSION", value: "4.3.5" },
    { name: "RESULT", value: "/dev/termination-log" },
  ]);
});

describe("the copy that is gone back to", () => {
  const older = "jupyterhub-20261101T000000Z-4.3.0.sqlite";
  const newer = "jupyterhub-20261102T000000Z-4.4.0.sqlite";

  function choose(wanted: string | undefined, chart: string, names: string[] = [newer, older]) {
    const installation = fakeInstallation({ calls: runOfJob({ copies: names.map((name) => ({ name, bytes: 1 })) }) });
    return chooseCopy(installation, kubeTarget, wanted, chart);
  }

  it("is the newest, or the one that is named", async () => {
    expect(await choose(undefined, "4.4.0")).toBe(newer);
    expect(await choose(older, "4.4.0")).toBe(older);
  });

  it("is none that an older hub could not read", async () => {
    await expect(choose(newer, "4.3.0")).rejects.toMatchObject({ code: "CopyTooNew", exitCode: 2 });
    expect(await choose(older, "4.3.0")).toBe(older);
  });

  it("must be there", async () => {
    await expect(choose("other", "4.4.0")).rejects.toMatchObject({
      code: "CopyNotFound",
      message: `there is no copy other: the newest is ${newer}`,
    });
    await expect(choose(undefined, "4.4.0", [])).rejects.toMatchObject({ code: "CopyNotFound" });
  });
});

it("a copy that can't be put into place leaves the hub closed, which is said with what to do", async () => {
  const failed = { state: { terminated: { exitCode: 1, message: "the copy is damaged" } } };
  const calls = runOfJob({})
    .slice(1, 6)
    .concat(
      kubectl(["get", "pods"], { items: [{ metadata: { name: "p" }, status: { containerStatuses: [failed] } }] }),
      kubectl(["get", "job"], { status: { conditions: [{ type: "Failed", status: "True" }] } }),
    );
  const cluster = memo(() => Promise.resolve(kubeTarget));
  const restore = Object.assign(fakeInstallation({ calls }), { cluster, copy: "a copy" });
  await expect(runChecked(replaceDatabase, restore)).rejects.toMatchObject({
    code: "DatabaseNotReplaced",
    exitCode: 1,
    message: "the hub's database was not replaced: the copy is damaged",
    hint: expect.stringMatching(/hub is closed.*hubctl update --deployment dandihub/) as string,
  });
});

describe("the list of backups", () => {
  const now = new Date("2026-11-21T12:00:00Z");

  it("tells the age of each, and why a part can't be seen", () => {
    const lines = describeBackups(
      "field",
      {
        database: { unknown: "the deployment is paused" },
        homes: [{ arn: "arn:1", made: "2026-11-21T03:00:00.000Z", bytes: 1_500_000_000, state: "COMPLETED" }],
        configurations: [],
      },
      now,
    );
    expect(lines).toContain("  the deployment is paused");
    expect(lines).toContain("  2026-11-21 03:00 UTC  9 h ago  1.5 GB  completed  arn:1");
    expect(lines).toContain("  none yet");
  });

  it.each([
    [undefined, "?"],
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [123_456, "123 kB"],
    [2_000_000_000_000_000, "2000 TB"],
  ])("says %s bytes as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

it("a pause is said to cost no nodes, but the cluster, its gateway and its balancer", () => {
  const text = describeCosts(releaseInputs().config).join("\n");
  expect(text).toContain("EKS control plane");
  expect(text).toContain("network load balancer");
  expect(text).not.toContain("for the hub");
});
