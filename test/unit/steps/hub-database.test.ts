import { DescribeClusterCommand } from "@aws-sdk/client-eks";
import { DescribeVolumesCommand } from "@aws-sdk/client-ec2";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { asCleanup, type Cleanup } from "../../../src/steps/cleanup/cleanup.ts";
import { copyHubDatabase } from "../../../src/steps/cleanup/hub-database.ts";
import type { ExpectedCall } from "../../helpers/fake-exec.ts";
import { awsError, fakeInstallation, kubeTarget, mockAws, runChecked } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

// Between two looks nothing is waited for.
vi.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

const id = "3f1c9a52";
const aws = mockAws();

beforeEach(() => {
  const cluster = { name: "dandihub", status: "ACTIVE", tags: { "hubctl:id": id } } as const;
  aws.eks.on(DescribeClusterCommand).resolves({ cluster });
  aws.ec2.on(DescribeVolumesCommand).resolves({ Volumes: [] });
  aws.s3.on(GetObjectCommand).rejects(awsError("NoSuchKey", 404));
});

type Options = Partial<Pick<Cleanup, "data" | "withoutHubDatabase" | "reach" | "config">>;

function cleanup(calls: readonly ExpectedCall[], options: Options = {}) {
  const { data = "keep", withoutHubDatabase = false, ...rest } = options;
  const installation = fakeInstallation({ calls });
  const reach = Object.assign(() => Promise.resolve({ kind: "ok" as const, target: kubeTarget }), {
    forget: () => undefined,
  });
  return Object.assign(asCleanup(installation, { data, id, withoutHubDatabase }), {
    reach,
    exec: installation.exec,
    ...rest,
  });
}

function reaching(kind: "gone" | "unreachable", why: string): Pick<Cleanup, "reach"> {
  return { reach: Object.assign(() => Promise.resolve({ kind, why }), { forget: () => undefined }) };
}

function get(resource: string, answer: object | string): ExpectedCall {
  const stdout = typeof answer === "string" ? answer : JSON.stringify(answer);
  return { command: { file: "kubectl", args: expect.arrayContaining(["get", resource]) as string[] }, stdout };
}

const claim = (phase: string, metadata = {}) => get("persistentvolumeclaim", { metadata, status: { phase } });
const pods = (...items: object[]) => get("pods", { items });
const job = (...conditions: object[]) => get("job", { status: { conditions } });
const deletion: ExpectedCall = { command: { args: expect.arrayContaining(["delete", "job"]) as string[] } };
const creation: ExpectedCall = { command: { args: expect.arrayContaining(["create"]) as string[] } };
const noJob = [deletion, get("job", ""), get("pods", { items: [] })];
const failedWith = (message: string) => ({
  metadata: { name: "p" },
  status: { containerStatuses: [{ state: { terminated: { exitCode: 1, message } } }] },
});

function cronJob(lastSuccessfulTime?: string): ExpectedCall {
  const template = {
    metadata: { labels: { a: "b" } },
    spec: {
      affinity: { podAffinity: {} },
      restartPolicy: "Never",
      containers: [{ name: "copy", image: "hub:1", args: ["copy"] }],
    },
  };
  return get("cronjob", {
    spec: { jobTemplate: { metadata: { labels: { a: "b" } }, spec: { backoffLimit: 2, template } } },
    status: lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime },
  });
}

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

describe("copy-hub-database", () => {
  it("makes a Job of the CronJob's that runs without a hub, and waits for it", async () => {
    const context = cleanup([
      claim("Bound"),
      cronJob(hoursAgo(3)),
      deletion,
      // One of a run that was stopped.
      job(),
      pods({ metadata: { name: "former" }, status: {} }),
      get("job", ""),
      pods(),
      creation,
      pods({ status: { conditions: [{ type: "PodScheduled", status: "False", message: "no node fits" }] } }),
      job(),
      pods(),
      job({ type: "Complete", status: "True" }),
    ]);
    const { change, progress } = await runChecked(copyHubDatabase, context);
    expect(change).toBe("one last time; the newest copy was made 3 h 00 min ago");
    expect(progress).toContain("no node fits");
    const created = JSON.parse(context.exec.calls.find(({ args }) => args.includes("create"))?.input ?? "") as object;
    expect(created).toEqual({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { labels: { a: "b" }, name: "hub-database-copy-last", namespace: "jupyterhub" },
      spec: {
        backoffLimit: 1,
        activeDeadlineSeconds: 600,
        ttlSecondsAfterFinished: 3600,
        template: {
          metadata: { labels: { a: "b" } },
          spec: {
            restartPolicy: "Never",
            containers: [
              {
                name: "copy",
                image: "hub:1",
                args: ["copy", "--if-any"],
                env: [{ name: "RESULT", value: "/dev/termination-log" }],
              },
            ],
          },
        },
      },
    });
    context.exec.expectAllCalled();
  });

  it("fails with the copy's own words, and with what is lost by going on without it", async () => {
    const context = cleanup([
      claim("Bound"),
      cronJob(hoursAgo(3)),
      ...noJob,
      creation,
      pods(failedWith("the database /srv/jupyterhub/jupyterhub.sqlite is damaged: page 3")),
      job(),
      // Its pods are gone with it.
      pods(),
      job({ type: "Failed", status: "True", message: "Job was active longer than specified deadline" }),
    ]);
    await expect(runChecked(copyHubDatabase, context)).rejects.toMatchObject({
      code: "HubDatabaseNotCopied",
      exitCode: 1,
      output: "the database /srv/jupyterhub/jupyterhub.sqlite is damaged: page 3",
      hint: expect.stringMatching(
        /hubctl cleanup --deployment dandihub --data keep --without-hub-database.*newest copy was made 3 h 00 min ago/,
      ) as string,
    });
  });

  it("fails in the same way when the API server goes away meanwhile", async () => {
    const gone = { ...creation, exitCode: 1, stderr: "connection refused" };
    const context = cleanup([claim("Bound"), cronJob(), ...noJob, gone]);
    await expect(runChecked(copyHubDatabase, context)).rejects.toMatchObject({
      code: "HubDatabaseNotCopied",
      output: "connection refused",
      hint: expect.stringContaining("this cluster has made none so far") as string,
    });
  });

  it("stops before anything is touched when there is nothing to copy it with", async () => {
    const context = cleanup([claim("Bound"), get("cronjob", "")]);
    await expect(copyHubDatabase.check(context)).rejects.toMatchObject({ code: "HubDatabaseNotCopied" });
  });

  it.each([
    ["no claim", get("persistentvolumeclaim", "")],
    ["a claim that no hub has used yet", claim("Pending")],
  ])("has nothing to do with %s", async (_, answer) => {
    expect(await copyHubDatabase.check(cleanup([answer]))).toEqual({ done: "the hub has no database yet" });
  });

  it("makes no second copy when the disk is already going", async () => {
    const going = claim("Bound", { deletionTimestamp: hoursAgo(0) });
    expect(await copyHubDatabase.check(cleanup([going]))).toEqual({ done: "its disk is going already, after a copy" });
  });

  it("asks nobody when the data goes, when it is not wanted, and when the database is the operator's", async () => {
    expect(await copyHubDatabase.check(cleanup([], { data: "delete" }))).toEqual({ done: "the data is deleted, too" });
    expect(await copyHubDatabase.check(cleanup([], { withoutHubDatabase: true }))).toEqual({
      done: "left out, as was asked for",
    });
    const { config } = releaseInputs({
      config: { hub: { values: { hub: { db: { type: "mysql" } } }, extraConfig: {} } },
    });
    expect(await copyHubDatabase.check(cleanup([], { config }))).toHaveProperty("done");
  });

  it.each(["gone", "unreachable"] as const)(
    "stops when the cluster is %s and the database's disk is not",
    async (kind) => {
      aws.ec2.on(DescribeVolumesCommand).resolves({ Volumes: [{ VolumeId: "vol-1" }] });
      await expect(copyHubDatabase.check(cleanup([], reaching(kind, "i/o timeout")))).rejects.toMatchObject({
        code: "HubDatabaseNotCopied",
        output: "i/o timeout",
        hint: expect.stringContaining("--without-hub-database") as string,
      });
      expect(aws.ec2.commandCalls(DescribeVolumesCommand)[0]?.args[0].input.Filters).toContainEqual({
        Name: "tag:hubctl:id",
        Values: [id],
      });
    },
  );

  it("has nothing to do when both are gone", async () => {
    expect(await copyHubDatabase.check(cleanup([], reaching("gone", "there is no cluster")))).toEqual({
      done: "there is no cluster",
    });
  });
});
