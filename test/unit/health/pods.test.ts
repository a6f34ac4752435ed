import { describe, expect, it } from "vitest";
import { judgeFillJobs } from "../../../src/health/fill-jobs.ts";
import { judgeHubPods } from "../../../src/health/hub-pods.ts";
import { podTrouble } from "../../../src/health/pod-trouble.ts";
import { judgeServers } from "../../../src/health/servers.ts";
import { containerStatus, kubeObjects, minutesAgo, now, object, pod } from "../../helpers/health-scene.ts";

const deployments = ["hub", "proxy"].map((name) => object("Deployment", { metadata: { name }, spec: { replicas: 1 } }));
const judge = (...items: object[]) => judgeHubPods({ now }, kubeObjects(...items), "3");

describe("what keeps a pod from being ready", () => {
  const trouble = (status: object, metadata = {}) =>
    podTrouble(kubeObjects(pod("hub", { status, metadata })).pods[0]!, now);
  const notReady = [{ type: "Ready", status: "False" }];

  it.each([
    [
      "an image that is not there",
      containerStatus({ state: { waiting: { reason: "ImagePullBackOff" } } }),
      { state: "problem", text: /^hub-1 can't get its image quay\.io\/example\/image:1/ },
    ],
    [
      "a program that crashes",
      containerStatus({
        restartCount: 7,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { reason: "Error", exitCode: 1, finishedAt: minutesAgo(1) } },
      }),
      { state: "problem", text: /ends again and again after its start \(exit code 1, 7 restarts\)/ },
    ],
    [
      "a Secret that is missing",
      containerStatus({
        state: { waiting: { reason: "CreateContainerConfigError", message: 'secret "hub" not found' } },
      }),
      { state: "problem", text: /can't be started: secret "hub" not found/ },
    ],
    [
      "no room on any node",
      {
        phase: "Pending",
        conditions: [...notReady, { type: "PodScheduled", status: "False", message: "0/2 nodes are available" }],
      },
      { state: "problem", text: /has found no node for 60 min: 0\/2 nodes are available/ },
    ],
    [
      "an eviction",
      { phase: "Failed", reason: "Evicted", message: "The node was low on memory.", conditions: notReady },
      { state: "problem", text: /has failed: Evicted: The node was low on memory\./ },
    ],
    [
      "a check that fails",
      { phase: "Running", conditions: notReady },
      { state: "problem", text: /runs but is not ready/ },
    ],
    [
      "a volume that does not come",
      { phase: "Pending", conditions: notReady },
      { text: /has been starting for 60 min/ },
    ],
  ])("%s is a problem in plain words", (_, status, { text }) => {
    expect(trouble(status)).toMatchObject({ state: "problem", text: expect.stringMatching(text) as string });
  });

  it("is no problem in its first minutes", () => {
    expect(trouble({ phase: "Pending", conditions: notReady }, { creationTimestamp: minutesAgo(2) })).toMatchObject({
      state: "warning",
      text: "hub-1 has been starting for 2 min",
    });
  });

  it("is no problem while it is being stopped", () => {
    expect(trouble({ conditions: notReady }, { deletionTimestamp: minutesAgo(0) })).toMatchObject({ state: "warning" });
  });

  it("of a crash is told by the log of the container that ended", () => {
    const status = containerStatus({ state: { waiting: { reason: "CrashLoopBackOff" } } });
    expect(trouble(status)?.todo).toBe("kubectl logs hub-1 --container main --previous -n jupyterhub");
  });
});

describe("hub and proxy", () => {
  it("are well with a ready pod each", () => {
    expect(judge(...deployments, pod("hub"), pod("proxy"))).toMatchObject({
      state: "ok",
      finding: "hub and proxy are ready",
      details: { hub: { ready: 1, restarts: 0 }, proxy: { ready: 1, restarts: 0 } },
    });
  });

  it("are found by the newer label too", () => {
    const labels = { "app.kubernetes.io/component": "hub" };
    expect(judge(...deployments, pod("hub", { metadata: { labels } }), pod("proxy")).state).toBe("ok");
  });

  it("are missed when they are switched off", () => {
    const off = object("Deployment", { metadata: { name: "hub" }, spec: { replicas: 0 } });
    expect(judge(off, deployments[1]!, pod("proxy"))).toMatchObject({
      state: "problem",
      finding: "the hub is switched off: its Deployment is scaled to 0",
      todo: "kubectl scale deployment hub --replicas=1 -n jupyterhub",
    });
  });

  it("are brought back by Helm when their Deployment is gone, which an install would not see", () => {
    expect(judge(deployments[0]!, pod("hub"))).toMatchObject({
      state: "problem",
      finding: "there is no proxy: its Deployment is gone",
      todo: "helm rollback hub 3 -n jupyterhub",
    });
  });

  it("are missed when their Deployment makes no pod", () => {
    expect(judge(...deployments, pod("proxy"))).toMatchObject({ state: "problem", finding: "the hub has no pod" });
  });

  it("are a problem while no pod is ready, even one that only starts", () => {
    const starting = pod("hub", {
      metadata: { creationTimestamp: minutesAgo(1) },
      status: { phase: "Pending", conditions: [] },
    });
    expect(judge(...deployments, starting, pod("proxy")).state).toBe("problem");
  });

  it("are a warning when a second pod does not start", () => {
    const status = containerStatus({ state: { waiting: { reason: "ErrImagePull" } } });
    const second = pod("proxy", { metadata: { name: "proxy-2" }, status });
    expect(judge(...deployments, pod("hub"), pod("proxy"), second)).toMatchObject({
      state: "warning",
      finding: expect.stringContaining("proxy-2 can't get its image") as string,
    });
  });

  const restarted = (finishedMinutesAgo: number) =>
    pod("hub", {
      status: {
        containerStatuses: [
          {
            name: "hub",
            restartCount: 4,
            state: { running: {} },
            lastState: {
              terminated: { reason: "OOMKilled", exitCode: 137, finishedAt: minutesAgo(finishedMinutesAgo) },
            },
          },
        ],
      },
    });

  it("are a warning for an hour after a restart, with its reason", () => {
    expect(judge(...deployments, restarted(20), pod("proxy"))).toMatchObject({
      state: "warning",
      finding: "hub-1 was restarted 20 min ago (out of memory), 4 times in all",
      details: { hub: { restarts: 4 } },
    });
    expect(judge(...deployments, restarted(70), pod("proxy")).state).toBe("ok");
  });
});

describe("users' servers", () => {
  const server = (user: string, changes: Parameters<typeof pod>[1] = {}) =>
    pod("singleuser-server", {
      ...changes,
      metadata: {
        name: `jupyter-${user}`,
        annotations: { "hub.jupyter.org/username": user },
        ...changes.metadata,
      },
    });
  const judgeUsers = (...items: object[]) => judgeServers({ now }, kubeObjects(...items).pods);

  it("are counted by user and by node", () => {
    const other = { spec: { nodeName: "node-2" } };
    expect(
      judgeUsers(
        server("ann"),
        server("ann", { metadata: { name: "jupyter-ann--gpu" }, ...other }),
        server("ben", other),
      ),
    ).toMatchObject({
      state: "ok",
      finding: "3 servers of 2 users on 2 nodes: ann, ben",
      details: { servers: 3, ready: 3, byUser: { ann: 2, ben: 1 }, byNode: { "node-1": 1, "node-2": 2 } },
    });
  });

  it("may be none", () => {
    expect(judgeUsers(pod("hub"))).toMatchObject({ state: "ok", finding: "no server is running" });
  });

  it("of another namespace are another hub's", () => {
    expect(judgeUsers(server("ann", { metadata: { namespace: "elsewhere" } }))).toMatchObject({
      details: { servers: 0 },
    });
  });

  const pending = { phase: "Pending", conditions: [] };

  it("may take their time to start", () => {
    const found = judgeUsers(server("ann", { metadata: { creationTimestamp: minutesAgo(3) }, status: pending }));
    expect(found).toMatchObject({ state: "ok", finding: "1 server of 1 user on 1 node (1 starting or stopping): ann" });
  });

  it("that do not start are a warning with their users", () => {
    const found = judgeUsers(server("ann", { status: pending }), server("ben"));
    expect(found).toMatchObject({
      state: "warning",
      finding: "1 server of 2 not ready (ann): jupyter-ann has been starting for 60 min",
      todo: "kubectl describe pod jupyter-ann -n jupyterhub",
    });
  });
});

describe("the Jobs that fill shared folders", () => {
  const job = (conditions: object[]) =>
    object("Job", {
      metadata: { name: "fill-data-1", labels: { "app.kubernetes.io/component": "fill-from-url" } },
      status: { conditions },
    });
  const judgeJobs = (...items: object[]) => judgeFillJobs({ now }, 1, kubeObjects(...items));

  it("are well when they are complete", () => {
    expect(judgeJobs(job([{ type: "Complete", status: "True" }]))).toMatchObject({
      state: "ok",
      finding: "1 shared folder filled",
    });
  });

  it("are told while they work", () => {
    expect(judgeJobs(job([]))).toMatchObject({
      state: "warning",
      finding: "fill-data-1 has been filling its folder for 60 min",
    });
  });

  it("are a problem when their pod fails again and again", () => {
    const status = containerStatus({ restartCount: 5, state: { waiting: { reason: "CrashLoopBackOff" } } });
    const labels = { "batch.kubernetes.io/job-name": "fill-data-1" };
    expect(judgeJobs(job([]), pod("fill", { metadata: { labels }, status })).state).toBe("problem");
  });

  it("are missed when there is none", () => {
    expect(judgeJobs()).toMatchObject({ state: "warning", finding: "1 shared folder without a Job that fills it" });
  });
});
