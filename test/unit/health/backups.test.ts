import { describe, expect, it } from "vitest";
import type { RecoveryPoint } from "../../../src/aws/home-backups.ts";
import { judgeBackups } from "../../../src/health/backups.ts";
import { kubeObjects, minutesAgo, object, subject } from "../../helpers/health-scene.ts";

const scene = subject();
const hour = 60;

function cronJob(status: object, created = minutesAgo(7 * 24 * hour)): object {
  return object("CronJob", { metadata: { name: "hub-database-copy", creationTimestamp: created }, status });
}

const homes = (...points: RecoveryPoint[]) => ({ value: { made: minutesAgo(30 * 24 * hour), points } });
const point = (age: number, state = "COMPLETED"): RecoveryPoint => ({
  arn: `arn:aws:backup:us-east-2:123456789012:recovery-point:${age}`,
  made: minutesAgo(age),
  bytes: 1,
  state,
});
const young = { value: { made: minutesAgo(40 * hour), points: [] as RecoveryPoint[] } };
const fresh = homes(point(20 * hour));

/** With homes that are backed up as they should be. */
const judge = (...items: object[]) => judgeBackups(scene, { value: kubeObjects(...items) }, fresh);
const wellCopied = { value: kubeObjects(cronJob({ lastSuccessfulTime: minutesAgo(5 * hour) })) };
const unscheduled = subject({ storage: { ...scene.config.storage, backups: { enabled: false, keepDays: 30 } } });

describe("copies of the hub's database", () => {
  it("are well when the last one was made as scheduled", () => {
    const lastSuccessfulTime = minutesAgo(5 * hour);
    expect(judge(cronJob({ lastSuccessfulTime }))).toEqual({
      state: "ok",
      finding: "the hub's database was copied 5 h ago; homes were backed up 20 h ago",
      details: { lastCopy: lastSuccessfulTime, recoveryPoints: 1, lastRecoveryPoint: minutesAgo(20 * hour) },
    });
  });

  it("may fail once, but not twice", () => {
    expect(judge(cronJob({ lastSuccessfulTime: minutesAgo(12 * hour) }))?.state).toBe("ok");
    expect(judge(cronJob({ lastSuccessfulTime: minutesAgo(13 * hour) }))).toMatchObject({
      state: "warning",
      finding: "the last copy of the hub's database is 13 h old",
      todo: "kubectl logs --selector app.kubernetes.io/component=hub-database-copy -n jupyterhub",
    });
  });

  it("are still to come in a young hub", () => {
    expect(judge(cronJob({}, minutesAgo(11 * hour)))).toMatchObject({
      state: "ok",
      finding: "the hub's database is copied every 6 h; the first time is still to come; homes were backed up 20 h ago",
    });
  });

  it("that never came are a warning", () => {
    expect(judge(cronJob({}, minutesAgo(72 * hour)))).toMatchObject({
      state: "warning",
      finding: "the hub's database has not been copied in 3 days",
    });
  });

  it("are a problem when nothing makes them", () => {
    expect(judge()).toMatchObject({ state: "problem", todo: "hubctl install --deployment dandihub" });
    const elsewhere = object("CronJob", { metadata: { name: "hub-database-copy", namespace: "other" } });
    expect(judge(elsewhere)?.state).toBe("problem");
  });

  it("are no matter of a hub whose database is elsewhere", () => {
    const { config } = subject({ hub: { values: { hub: { db: { type: "postgres" } } }, extraConfig: {} } });
    const none = { value: kubeObjects() };
    expect(judgeBackups({ ...scene, config }, none, fresh)).toMatchObject({
      state: "ok",
      finding: "homes were backed up 20 h ago",
    });
    expect(judgeBackups(scene, none, fresh)).toMatchObject({ state: "problem" });
  });

  it("are unknown when the cluster can't be asked, and homes are looked at all the same", () => {
    expect(judgeBackups(scene, { unknown: "there is no cluster" }, homes(point(80 * hour)))).toMatchObject({
      state: "unknown",
      finding: "there is no cluster; the last backup of the homes is 3 days old",
    });
  });
});

describe("recovery points of the homes", () => {
  it.each([
    ["are fine after one that failed", homes(point(1, "PARTIAL"), point(48 * hour)), "ok", "backed up 2 days ago"],
    ["are late after two", homes(point(1, "PARTIAL"), point(50 * hour)), "warning", "homes is 2 days old"],
    ["are still to come in a young vault", young, "ok", "still to come"],
    ["that never came are a warning", homes(), "warning", "homes have not been backed up in 30 days"],
    ["are missing without a vault", { value: undefined }, "warning", "there is no vault for them"],
    ["are unknown when AWS does not tell", { unknown: "denied" }, "unknown", "denied"],
  ] as const)("%s", (_, vault, state, finding) => {
    expect(judgeBackups(scene, wellCopied, vault)).toMatchObject({
      state,
      finding: expect.stringContaining(finding) as string,
    });
  });

  it("may be old, or none, when no daily ones are wanted", () => {
    const old = judgeBackups(unscheduled, wellCopied, homes(point(500 * hour)));
    expect(old).toMatchObject({ state: "ok", finding: expect.stringContaining("backed up 21 days ago") as string });
    for (const vault of [homes(), { value: undefined }]) {
      const finding = "the hub's database was copied 5 h ago";
      expect(judgeBackups(unscheduled, wellCopied, vault)).toMatchObject({ state: "ok", finding });
    }
  });
});
