import {
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  ListNodegroupsCommand,
  UpdateNodegroupConfigCommand,
} from "@aws-sdk/client-eks";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Pause } from "../../../src/aws/pause.ts";
import type { Reached } from "../../../src/steps/cluster-reach.ts";
import { closeHub, openHub } from "../../../src/steps/hub-doors.ts";
import { memo } from "../../../src/steps/memo.ts";
import { startCoreNodes, stopCoreNodes } from "../../../src/steps/pause/nodes.ts";
import { endPause, recordPause } from "../../../src/steps/pause/record-pause.ts";
import { homesOf, warnUsers } from "../../../src/steps/pause/warn-users.ts";
import { refuseWhilePaused } from "../../../src/steps/paused.ts";
import type { ExpectedCall } from "../../helpers/fake-exec.ts";
import {
  awsError,
  fakeInstallation,
  kubeTarget,
  mockAws,
  runChecked,
  type FakeInstallation,
} from "../../helpers/installation.ts";

// Between two looks nothing is waited for.
vi.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

const aws = mockAws();
const pause: Pause = {
  since: "2026-11-20T10:00:00.000Z",
  by: "arn:aws:iam::123456789012:role/operator",
  isComplete: false,
  nodeGroups: { "core-1": { min: 1, max: 3, desired: 2 } },
};

let scaling = { minSize: 1, maxSize: 3, desiredSize: 2 };

beforeEach(() => {
  scaling = { minSize: 1, maxSize: 3, desiredSize: 2 };
  aws.eks.on(ListNodegroupsCommand).resolves({ nodegroups: ["core-1"] });
  aws.eks
    .on(DescribeNodegroupCommand)
    .callsFake(() => Promise.resolve({ nodegroup: { status: "ACTIVE", scalingConfig: scaling } }));
  aws.eks.on(UpdateNodegroupConfigCommand).resolves({});
  aws.s3.on(PutObjectCommand).resolves({});
  aws.s3.on(DeleteObjectCommand).resolves({});
  noted(undefined);
});

/** What the state bucket says of a pause. */
function noted(found: Pause | undefined): void {
  const get = aws.s3.on(GetObjectCommand);
  if (!found) get.rejects(awsError("NoSuchKey", 404));
  else get.resolves({ Body: { transformToString: () => Promise.resolve(JSON.stringify(found)) } as never });
}

function written(): Pause[] {
  return aws.s3.commandCalls(PutObjectCommand).map(({ args }) => JSON.parse(args[0].input.Body as string) as Pause);
}

function scaled(): unknown[] {
  return aws.eks.commandCalls(UpdateNodegroupConfigCommand).map(({ args }) => args[0].input);
}

function reached(calls: readonly ExpectedCall[] = []): Reached & FakeInstallation {
  return Object.assign(fakeInstallation({ calls }), { cluster: memo(() => Promise.resolve(kubeTarget)) });
}

function get(resource: string, answer: object | string = ""): ExpectedCall {
  const stdout = typeof answer === "string" ? answer : JSON.stringify(answer);
  return { command: { file: "kubectl", args: expect.arrayContaining(["get", resource]) as string[] }, stdout };
}

const items = (...found: object[]) => ({ items: found });
const named = (...names: string[]) => items(...names.map((name) => ({ metadata: { name } })));
const deployment = (name: string, replicas: number, readyReplicas = replicas) => ({
  metadata: { name },
  spec: { replicas },
  status: { readyReplicas },
});
const scale = (name: string, replicas: number): ExpectedCall => ({
  command: { args: expect.arrayContaining(["scale", name, `--replicas=${replicas}`]) as string[] },
});

describe("the note of a pause", () => {
  it("is made before anything else, with what the node groups were", async () => {
    const context = reached();
    await runChecked(recordPause, context);
    expect(written()).toMatchObject([{ isComplete: false, nodeGroups: pause.nodeGroups }]);
  });

  it("stays as it was when a pause goes on", async () => {
    noted(pause);
    expect(await recordPause.check(reached())).toEqual({ done: `since ${pause.since}` });
  });

  it("keeps the configured nodes of a group that somebody has emptied by hand", async () => {
    scaling = { minSize: 0, maxSize: 3, desiredSize: 0 };
    const context = reached();
    await runChecked(recordPause, context);
    const { min, max, desired } = context.config.cluster.coreNodes;
    expect(written()[0]?.nodeGroups).toEqual({ "core-1": { min, max, desired } });
  });

  it("goes at the end", async () => {
    expect(await endPause.check(reached())).toEqual({ done: "it is not paused" });
    noted(pause);
    await runChecked(endPause, reached());
    expect(aws.s3.commandCalls(DeleteObjectCommand)[0]?.args[0].input.Key).toBe("deployments/dandihub/paused.json");
  });

  it("keeps other runs away, and tells them what to do", async () => {
    await expect(refuseWhilePaused(reached())).resolves.toBeUndefined();
    noted(pause);
    await expect(refuseWhilePaused(reached())).rejects.toMatchObject({
      code: "Paused",
      exitCode: 2,
      hint: "bring it back first: hubctl resume --deployment dandihub",
    });
  });
});

describe("the core nodes", () => {
  it("go to none, and that makes the pause complete", async () => {
    noted(pause);
    const context = reached([get("nodes", named("a", "b")), get("nodes", named("a")), get("nodes", items())]);
    const { change } = await runChecked(stopCoreNodes, context);
    expect(change).toContain("2 of them");
    expect(scaled()).toEqual([
      {
        clusterName: "dandihub",
        nodegroupName: "core-1",
        scalingConfig: { minSize: 0, maxSize: 3, desiredSize: 0 },
      },
    ]);
    expect(written()).toEqual([{ ...pause, isComplete: true }]);
  });

  it("that are gone already still have the pause completed", async () => {
    scaling = { minSize: 0, maxSize: 3, desiredSize: 0 };
    noted(pause);
    await runChecked(stopCoreNodes, reached([get("nodes", items())]));
    expect(scaled()).toEqual([]);
    expect(written()).toEqual([{ ...pause, isComplete: true }]);
    noted({ ...pause, isComplete: true });
    expect(await stopCoreNodes.check(reached())).toEqual({ done: "there are none" });
  });

  it("come back as many as there were, with Karpenter; meanwhile the pause is not complete", async () => {
    scaling = { minSize: 0, maxSize: 3, desiredSize: 0 };
    noted({ ...pause, isComplete: true });
    const ready = { metadata: { name: "a" }, status: { conditions: [{ type: "Ready", status: "True" }] } };
    const karpenter = (readyReplicas: number) => get("deployment", { status: { readyReplicas } });
    const context = reached([
      get("nodes", items(ready)),
      get("nodes", items(ready, ready)),
      karpenter(0),
      karpenter(1),
    ]);
    await runChecked(startCoreNodes, context);
    expect(scaled()).toMatchObject([{ scalingConfig: { minSize: 1, maxSize: 3, desiredSize: 2 } }]);
    expect(written()).toEqual([{ ...pause, isComplete: false }]);
    context.exec.expectAllCalled();
  });

  it("that run are left alone", async () => {
    noted(pause);
    const context = reached([get("deployment", { status: { readyReplicas: 2 } })]);
    expect(await startCoreNodes.check(context)).toEqual({ done: "they run" });
  });
});

describe("the hub's doors", () => {
  it("close before the servers end, or servers would be started again", async () => {
    const context = reached([
      get("pods", named("jupyter-ada")),
      get("deployment", items(deployment("hub", 1), deployment("proxy", 0))),
      scale("hub", 0),
      get("pods", named("hub-1")),
      get("pods", items()),
      { command: { args: expect.arrayContaining(["delete", "pods"]) as string[] } },
      get("pods", named("jupyter-ada")),
      get("pods", items()),
    ]);
    const { change } = await runChecked(closeHub, context);
    expect(change).toBe("1 server runs now (jupyter-ada); who works loses what is not saved");
    context.exec.expectAllCalled();
  });

  it("are closed when nothing runs and nothing is to run", async () => {
    const calls = [get("pods", items()), get("deployment", items(deployment("hub", 0), deployment("proxy", 0)))];
    expect(await closeHub.check(reached(calls))).toEqual({ done: "it is closed, and no server runs" });
  });

  it("open with as many pods as the release says", async () => {
    const manifest = ["hub", "proxy"]
      .map((name) => `kind: Deployment\nmetadata: {name: ${name}}\nspec: {replicas: 1}`)
      .join("\n---\n");
    const present = items(
      ...["hub", "proxy"].map((name) => ({ kind: "Deployment", ...deployment(name, name === "hub" ? 0 : 1) })),
    );
    const context = reached([
      { command: { file: "helm" }, stdout: manifest },
      get("--filename", present),
      scale("hub", 1),
      get("deployment", items(deployment("hub", 1, 0), deployment("proxy", 1))),
      get("deployment", items(deployment("hub", 1), deployment("proxy", 1))),
    ]);
    expect(await runChecked(openHub, context)).toMatchObject({ change: "hub" });
    context.exec.expectAllCalled();
  });
});

describe("who is warned", () => {
  const server = (subPath: string | undefined, claimName = "home") => ({
    spec: {
      volumes: [{ name: "h", persistentVolumeClaim: { claimName } }, { name: "other" }],
      containers: [
        {
          volumeMounts: [
            { name: "h", subPath },
            { name: "other", subPath: "x" },
          ],
        },
      ],
    },
  });

  it("is found by the folder that the server itself mounts, once", () => {
    const pods = items(server("grace"), server("ada"), server("ada"), server("eve", "elsewhere"), server(undefined));
    expect(homesOf(JSON.stringify(pods))).toEqual(["ada", "grace"]);
  });

  const check = (warnMinutes: number, ...pods: object[]) =>
    warnUsers.check(Object.assign(reached([get("pods", items(...pods))]), { warnMinutes }));

  it("is told in the plan, with the time that there is", async () => {
    expect(await check(10, server("ada"))).toMatchObject({ change: "1 user (ada), 10 minutes" });
    expect(await check(0, server("ada"))).toEqual({ done: "left out, as was asked for" });
    expect(await check(10)).toEqual({ done: "nobody works now" });
  });

  /** A Job with the notices, up to its end. */
  const notices = (end: "Complete" | "Failed", message: string): ExpectedCall[] => {
    const terminated = { exitCode: end === "Complete" ? 0 : 1, message };
    const pods = get(
      "pods",
      items({ metadata: { name: "p" }, status: { containerStatuses: [{ state: { terminated } }] } }),
    );
    return [
      get("deployment", { spec: { template: { spec: { containers: [{ name: "hub", image: "hub:1" }] } } } }),
      { command: { args: expect.arrayContaining(["delete", "job"]) as string[] } },
      get("job"),
      get("pods", items()),
      { command: { args: expect.arrayContaining(["create"]) as string[] } },
      pods,
      get("job", { status: { conditions: [{ type: end, status: "True" }] } }),
      ...(end === "Complete" ? [pods] : []),
    ];
  };
  const works = get("pods", items(server("ada")));
  const run = (...calls: ExpectedCall[]) => {
    const context = Object.assign(reached([works, ...calls]), { warnMinutes: 10 });
    return { context, ended: runChecked(warnUsers, context) };
  };

  it("stops the pause if it can't be told, with how to go on without", async () => {
    const { ended } = run(works, ...notices("Failed", "no space left"));
    await expect(ended).rejects.toMatchObject({
      code: "UsersNotTold",
      exitCode: 1,
      message: "those who work could not be told: no space left",
      hint: expect.stringContaining("hubctl pause --deployment dandihub --warn 0") as string,
    });
  });

  it("is told once, and keeps nobody if the notice can't be taken away again", async () => {
    const told = notices("Complete", JSON.stringify({ failed: [] }));
    const nobody = get("pods", items());
    const { context, ended } = run(works, ...told, works, nobody, ...notices("Failed", "no space left"));
    await ended;
    context.exec.expectAllCalled();
    expect(context.notes).toEqual(["! the notices (THIS-HUB-IS-ABOUT-TO-PAUSE.txt) stay in the homes: no space left"]);
  });
});

it("asks nothing of a cluster that is not this deployment's", async () => {
  const { withCluster } = await import("../../../src/steps/cluster-reach.ts");
  aws.eks.on(DescribeClusterCommand).resolves({ cluster: { name: "dandihub", tags: { "hubctl:id": "another" } } });
  await expect(withCluster(fakeInstallation()).cluster()).rejects.toMatchObject({
    code: "NotInstalled",
    message: expect.stringContaining("is not this deployment's") as string,
  });
});
