import { describe, expect, it } from "vitest";
import { checkBackups, judgeBackups } from "../../../src/health/backups.ts";
import { kubeObjects, minutesAgo, object, subject } from "../../helpers/health-scene.ts";

const scene = subject();
const hour = 60;

function cronJob(status: object, created = minutesAgo(7 * 24 * hour)): object {
  return object("CronJob", { metadata: { name: "hub-database-copy", creationTimestamp: created }, status });
}

const judge = (...items: object[]) => judgeBackups(scene, kubeObjects(...items));

describe("copies of the hub's database", () => {
  it("are well when the last one was made as scheduled", () => {
    const lastSuccessfulTime = minutesAgo(5 * hour);
    expect(judge(cronJob({ lastSuccessfulTime }))).toEqual({
      state: "ok",
      finding: "the hub's database was copied 5 h ago",
      details: { lastCopy: lastSuccessfulTime },
    });
  });

  it("may fail once, but not twice", () => {
    expect(judge(cronJob({ lastSuccessfulTime: minutesAgo(12 * hour) })).state).toBe("ok");
    expect(judge(cronJob({ lastSuccessfulTime: minutesAgo(13 * hour) }))).toMatchObject({
      state: "warning",
      finding: "the last copy of the hub's database is 13 h old",
      todo: "kubectl logs --selector app.kubernetes.io/component=hub-database-copy -n jupyterhub",
    });
  });

  it("are still to come in a young hub", () => {
    expect(judge(cronJob({}, minutesAgo(11 * hour)))).toMatchObject({
      state: "ok",
      finding: "the hub's database is copied every 6 h; the first time is still to come",
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
    expect(judge(elsewhere).state).toBe("problem");
  });

  it("are no matter of a hub whose database is elsewhere", async () => {
    const { config } = subject({ hub: { values: { hub: { db: { type: "postgres" } } }, extraConfig: {} } });
    const objects = Promise.resolve(kubeObjects());
    await expect(checkBackups({ ...scene, config, objects })).resolves.toBeUndefined();
    await expect(checkBackups({ ...scene, objects })).resolves.toMatchObject({ state: "problem" });
  });
});
