import { DescribeNodegroupCommand, ListNodegroupsCommand } from "@aws-sdk/client-eks";
import { DescribeLoadBalancersCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { readFileSync, statSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { coreNodes } from "../../../src/steps/core-nodes.ts";
import { kubeconfig } from "../../../src/steps/kubeconfig.ts";
import { loadBalancer } from "../../../src/steps/load-balancer.ts";
import { memo } from "../../../src/steps/memo.ts";
import type { ExpectedCall } from "../../helpers/fake-exec.ts";
import { fakeInstallation, kubeTarget, mockAws, runChecked } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

// Between two looks nothing is waited for.
vi.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

const aws = mockAws();
const notYet = { answers: { kubeTarget: undefined } };
const get = (object: unknown): ExpectedCall => ({
  command: { file: "kubectl" },
  stdout: object === undefined ? "" : JSON.stringify(object),
});

describe("kubeconfig", () => {
  it("waits for the cluster", async () => {
    const installation = fakeInstallation({ answers: { kubeconfigText: undefined, kubeTarget: undefined } });
    expect(await kubeconfig.check(installation)).toEqual({ unknown: "known once the cluster exists" });
  });

  it("that is missing or does not fit the cluster any more is written, for the user alone", async () => {
    const installation = fakeInstallation(notYet);
    await runChecked(kubeconfig, installation);
    expect(readFileSync(installation.workDir.kubeconfig, "utf8")).toBe("the kubeconfig");
    expect(statSync(installation.workDir.kubeconfig).mode & 0o777).toBe(0o600);
    expect(installation.forget).toHaveBeenCalled();
  });

  it("that fits is left alone", async () => {
    const installation = fakeInstallation();
    const file = installation.workDir.kubeconfig;
    const there = { ...installation, kubeTarget: memo(() => Promise.resolve({ ...kubeTarget, kubeconfig: file })) };
    expect(await kubeconfig.check(there)).toEqual({ done: file });
  });

  it("is written, too, where the cluster has been looked at through another file", async () => {
    const installation = fakeInstallation();
    expect(await kubeconfig.check(installation)).toMatchObject({ change: `write ${installation.workDir.kubeconfig}` });
  });
});

describe("core-nodes", () => {
  const nodes = (...ready: string[]) =>
    get({
      items: ready.map((status, index) => ({
        metadata: { name: `node-${index}` },
        status: { conditions: [{ type: "Ready", status }] },
      })),
    });
  const { config } = releaseInputs();
  const two = { ...config, cluster: { ...config.cluster, coreNodes: { ...config.cluster.coreNodes, desired: 2 } } };

  it("are unknown before the cluster exists", async () => {
    expect(await coreNodes.check(fakeInstallation(notYet))).toEqual({ unknown: "known once the cluster exists" });
  });

  it("are done when as many are ready as there should be", async () => {
    const installation = fakeInstallation({ calls: [nodes("True")] });
    expect(await coreNodes.check(installation)).toEqual({ done: "1 ready" });
    expect(installation.exec.calls[0]!.args).toContain("hub.jupyter.org/node-purpose=core");
  });

  it("are waited for until all are ready, and what is waited for is told", async () => {
    const calls = [nodes(), nodes("Unknown"), nodes("True", "False"), nodes("True", "True")];
    const installation = fakeInstallation({ calls, config: two });
    const { change, progress } = await runChecked(coreNodes, installation);
    expect(change).toBe("wait until 2 are ready (0 now)");
    expect(progress).toEqual(["0 of 2 are ready", "1 of 2 are ready", "2 of 2 are ready"]);
    installation.exec.expectAllCalled();
  });

  it("of a node group that was replaced are waited for until they are listed no more", async () => {
    const of = (...groups: string[]) =>
      get({
        items: groups.map((group, index) => ({
          metadata: { name: `node-${index}`, labels: { "eks.amazonaws.com/nodegroup": group } },
          status: { conditions: [{ type: "Ready", status: "True" }] },
        })),
      });
    aws.eks.on(ListNodegroupsCommand).resolves({ nodegroups: ["core-new"] });
    aws.eks.on(DescribeNodegroupCommand).resolves({});
    const calls = [of("core-old", "core-new"), of("core-old", "core-new"), of("core-new")];
    const { change, progress } = await runChecked(coreNodes, fakeInstallation({ calls }));
    expect(change).toBe("wait until 1 of a former node group is gone");
    expect(progress).toEqual(["1 of a former node group still listed", "1 of 1 are ready"]);
  });

  it("of two node groups that are there are not told apart", async () => {
    aws.eks.on(ListNodegroupsCommand).resolves({ nodegroups: ["core", "own"] });
    aws.eks.on(DescribeNodegroupCommand).resolves({});
    const both = ["core", "own"].map((group) => ({
      metadata: { name: group, labels: { "eks.amazonaws.com/nodegroup": group } },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    }));
    const installation = fakeInstallation({ calls: [get({ items: both })] });
    expect(await coreNodes.check(installation)).toEqual({ done: "2 ready" });
  });

  it("are not waited for in vain for ever", async () => {
    const installation = fakeInstallation({ calls: Array.from({ length: 200 }, () => nodes()) });
    await expect(runChecked(coreNodes, installation)).rejects.toMatchObject({
      code: "WaitedTooLong",
      message: "waited 15 min 00 s for the core nodes in vain",
    });
  });
});

describe("load-balancer", () => {
  const address = "k8s-proxy.elb.us-east-2.amazonaws.com";
  const service = (hostname?: string) =>
    get({ status: { loadBalancer: hostname === undefined ? {} : { ingress: [{ hostname }] } } });
  const answer = (Code: "active" | "provisioning" | "failed") => ({
    LoadBalancers: [{ DNSName: "another" }, { DNSName: address.toUpperCase(), State: { Code, Reason: "no capacity" } }],
  });

  it("is unknown before the cluster exists", async () => {
    expect(await loadBalancer.check(fakeInstallation(notYet))).toEqual({ unknown: "known once the cluster exists" });
  });

  it("is done when it is active, and tells its name", async () => {
    aws.elb.on(DescribeLoadBalancersCommand).resolves(answer("active"));
    const installation = fakeInstallation({ calls: [service(address)] });
    expect(await loadBalancer.check(installation)).toEqual({ done: address });
    expect(installation.loadBalancer).toBe(address);
  });

  it("is waited for: its service, its name, AWS knowing it, its being active", async () => {
    aws.elb
      .on(DescribeLoadBalancersCommand)
      .resolvesOnce({})
      .resolvesOnce(answer("provisioning"))
      .resolves(answer("active"));
    const calls = [get(undefined), service(), service(address), service(address), service(address)];
    const installation = fakeInstallation({ calls });
    const { change, progress } = await runChecked(loadBalancer, installation);
    expect(change).toBe("wait for it (it has no name yet)");
    expect(progress).toEqual(["it has no name yet", "not in AWS yet", "provisioning", "active"]);
    expect(installation.loadBalancer).toBe(address);
  });

  it("that AWS gave up on is not waited for", async () => {
    aws.elb.on(DescribeLoadBalancersCommand).resolves(answer("failed"));
    const installation = fakeInstallation({ calls: [service(address)] });
    await expect(loadBalancer.check(installation)).rejects.toMatchObject({
      code: "LoadBalancerFailed",
      output: "no capacity",
    });
  });
});
