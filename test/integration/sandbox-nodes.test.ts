import { DescribeVolumesCommand } from "@aws-sdk/client-ec2";
import {
  CreateAccessPointCommand,
  CreateFileSystemCommand,
  CreateMountTargetCommand,
  EFSClient,
} from "@aws-sdk/client-efs";
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../../sandbox/kube/client.ts";
import { isReady } from "../../sandbox/kubelet/kube-objects.ts";
import type { Node, Pod } from "../../sandbox/kubelet/kube-objects.ts";
import { eventually } from "../helpers/eventually.ts";
import { issueCertificate } from "../helpers/issued-certificate.ts";
import { startSandboxCluster } from "../helpers/sandbox-cluster.ts";
import type { SandboxCluster } from "../helpers/sandbox-cluster.ts";

const addons = ["eks-pod-identity-agent", "coredns", "kube-proxy", "aws-ebs-csi-driver", "aws-efs-csi-driver"];
let cluster: SandboxCluster;

beforeAll(async () => {
  cluster = await startSandboxCluster("nodes");
  await cluster.addAddon("vpc-cni");
  await cluster.addNodes({ name: "core", count: 2, labels: { "hub.jupyter.org/node-purpose": "core" } });
  const arn = await cluster.createRole("ebs", "pods.eks.amazonaws.com");
  for (const name of addons) {
    await cluster.addAddon(
      name,
      name === "aws-ebs-csi-driver" ? { arn, serviceAccount: "ebs-csi-controller-sa" } : undefined,
    );
  }
  for (const name of addons) await cluster.waitForAddon(name);
}, 300_000);

afterAll(async () => {
  await cluster.stop();
}, 60_000);

const pods = "/api/v1/namespaces/default/pods";
const claims = "/api/v1/namespaces/default/persistentvolumeclaims";

function podWithClaim(name: string, claimName: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        { name: "main", image: "example.org/server:1", volumeMounts: [{ name: "home", mountPath: "/home" }] },
      ],
      volumes: [{ name: "home", persistentVolumeClaim: { claimName } }],
    },
  };
}

async function waitForPod(name: string): Promise<Pod> {
  return await eventually(
    `pod ${name}`,
    async () => {
      const found = await cluster.kube.get<Pod>(`${pods}/${name}`);
      return found !== undefined && isReady(found) ? found : undefined;
    },
    40,
  );
}

async function waitForEvent(podName: string, words: string): Promise<void> {
  await eventually(
    `an event of pod ${podName} with ${words}`,
    async () => {
      const selector = encodeURIComponent(`involvedObject.name=${podName}`);
      const events = await cluster.kube.list<KubeObject & { message?: string }>(
        `/api/v1/namespaces/default/events?fieldSelector=${selector}`,
      );
      return events.some(({ message }) => message?.includes(words) === true);
    },
    30,
  );
}

test("instances become ready nodes that the cloud controller has initialized", async () => {
  const nodes = await eventually("nodes without taints", async () => {
    const found = await cluster.kube.list<Node>("/api/v1/nodes");
    return found.every(({ spec }) => (spec.taints ?? []).length === 0) && found;
  });
  expect(nodes).toHaveLength(2);
  for (const node of nodes) {
    expect(isReady(node)).toBe(true);
    expect(node.spec.providerID).toMatch(/^aws:\/\/\/us-east-2[ab]\/i-/);
    expect(node.metadata.labels).toMatchObject({
      "hub.jupyter.org/node-purpose": "core",
      "eks.amazonaws.com/nodegroup": "core",
      "node.kubernetes.io/instance-type": "m7i.large",
      "topology.ebs.csi.aws.com/zone": expect.stringMatching(/^us-east-2[ab]$/) as string,
    });
  }
});

test("a deployment's pods run and get addresses of their node's subnet; a failing image does not", async () => {
  const deployment = (name: string, image: string, annotations: Record<string, string>) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name }, annotations }, spec: { containers: [{ name: "main", image }] } },
    },
  });
  await cluster.kube.apply(deployment("fine", "example.org/fine:1", {}));
  await cluster.kube.apply(deployment("broken", "example.org/gone:1", { "sandbox.hubctl/fail": "image-pull" }));
  const fine = await eventually("two ready pods", async () => {
    const found = await cluster.kube.list<Pod>(`${pods}?labelSelector=app%3Dfine`);
    return found.length === 2 && found.every(isReady) ? found : undefined;
  });
  expect(new Set(fine.map(({ status }) => status?.podIP)).size).toBe(2);
  for (const { status } of fine) expect(status?.podIP).toMatch(/^10\.42\.[01]\.\d+$/);
  const broken = await eventually("the broken pods' state", async () => {
    const found = await cluster.kube.list<Pod>(`${pods}?labelSelector=app%3Dbroken`);
    return found.find(({ status }) => status?.containerStatuses?.[0]?.state.waiting?.reason === "ImagePullBackOff");
  });
  expect(broken.status?.phase).toBe("Pending");
  for (const name of ["fine", "broken"]) {
    await cluster.kube.delete(`/apis/apps/v1/namespaces/default/deployments/${name}`, {
      propagationPolicy: "Background",
    });
  }
  await eventually(
    "the pods' end",
    async () => (await cluster.kube.list<Pod>(`${pods}?labelSelector=app`)).length === 0,
  );
});

test("a Job's pod completes, init containers first", async () => {
  await cluster.kube.apply({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "once", namespace: "default" },
    spec: {
      template: {
        spec: {
          restartPolicy: "Never",
          initContainers: [{ name: "first", image: "example.org/first:1" }],
          containers: [{ name: "main", image: "example.org/once:1" }],
        },
      },
    },
  });
  const job = await eventually("the Job", async () => {
    const found = await cluster.kube.get<KubeObject & { status?: { succeeded?: number } }>(
      "/apis/batch/v1/namespaces/default/jobs/once",
    );
    return found?.status?.succeeded === 1 ? found : undefined;
  });
  expect(job.status?.succeeded).toBe(1);
});

test("a claim gets an EBS volume in the zone of its pod, and the volume goes with the claim", async () => {
  await cluster.kube.apply({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "gp3" },
    provisioner: "ebs.csi.aws.com",
    parameters: { type: "gp3", encrypted: "true" },
    volumeBindingMode: "WaitForFirstConsumer",
  });
  await cluster.kube.apply({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "db", namespace: "default" },
    spec: { accessModes: ["ReadWriteOnce"], storageClassName: "gp3", resources: { requests: { storage: "1Gi" } } },
  });
  await cluster.kube.apply(podWithClaim("db", "db"));
  const running = await waitForPod("db");
  const node = await cluster.kube.get<Node>(`/api/v1/nodes/${running.spec.nodeName!}`);
  const listVolumes = async () => {
    const filter = { Name: "tag:kubernetes.io/created-for/pvc/name", Values: ["db"] };
    return (await cluster.ec2.send(new DescribeVolumesCommand({ Filters: [filter] }))).Volumes ?? [];
  };
  const volumes = await listVolumes();
  expect(volumes).toHaveLength(1);
  expect(volumes[0]).toMatchObject({
    AvailabilityZone: node!.metadata.labels!["topology.kubernetes.io/zone"],
    State: "in-use",
    Encrypted: true,
    VolumeType: "gp3",
  });
  expect(volumes[0]!.Tags).toContainEqual({ Key: "kubernetes.io/cluster/nodes", Value: "owned" });
  await cluster.kube.delete(`${pods}/db`);
  await cluster.kube.delete(`${claims}/db`);
  await eventually("the volume's end", async () => (await listVolumes()).length === 0, 50);
});

test("a pod starts on an EFS volume only when a mount target is in its zone", async () => {
  const efs = new EFSClient(cluster.clientOptions);
  const { FileSystemId: id = "" } = await efs.send(new CreateFileSystemCommand({ Encrypted: true }));
  const { AccessPointId: point = "" } = await efs.send(new CreateAccessPointCommand({ FileSystemId: id }));
  await cluster.kube.apply({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "homes" },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteMany"],
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "",
      csi: { driver: "efs.csi.aws.com", volumeHandle: `${id}::${point}` },
      claimRef: { namespace: "default", name: "homes" },
    },
  });
  await cluster.kube.apply({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "homes", namespace: "default" },
    spec: {
      accessModes: ["ReadWriteMany"],
      storageClassName: "",
      volumeName: "homes",
      resources: { requests: { storage: "1Gi" } },
    },
  });
  await cluster.kube.apply(podWithClaim("user", "homes"));
  await waitForEvent("user", "no available mount target in zone");
  const waiting = await cluster.kube.get<Pod>(`${pods}/user`);
  expect(waiting?.status?.phase).toBe("Pending");
  for (const SubnetId of cluster.subnetIds)
    await efs.send(new CreateMountTargetCommand({ FileSystemId: id, SubnetId }));
  await waitForPod("user");
  await cluster.kube.delete(`${pods}/user`);
  await eventually("the pod's end", async () => (await cluster.kube.get(`${pods}/user`)) === undefined);
  efs.destroy();
});

test("a Service of type LoadBalancer gets a network load balancer that ends TLS", async () => {
  const elb = new ElasticLoadBalancingV2Client(cluster.clientOptions);
  const certificate = await issueCertificate(cluster.clientOptions, "hub.example.org");
  const annotation = (name: string) => `service.beta.kubernetes.io/aws-load-balancer-${name}`;
  const path = "/api/v1/namespaces/default/services/proxy-public";
  await cluster.kube.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "proxy-public",
      namespace: "default",
      annotations: {
        [annotation("type")]: "nlb",
        [annotation("internal")]: "true",
        [annotation("ssl-cert")]: certificate,
        [annotation("ssl-ports")]: "https",
        [annotation("backend-protocol")]: "tcp",
        [annotation("ssl-negotiation-policy")]: "ELBSecurityPolicy-TLS13-1-2-2021-06",
        [annotation("subnets")]: cluster.subnetIds.join(","),
        [annotation("target-node-labels")]: "hub.jupyter.org/node-purpose=core",
      },
    },
    spec: { type: "LoadBalancer", selector: { app: "proxy" }, ports: [{ name: "https", port: 443, targetPort: 8000 }] },
  });
  const hostname = await eventually("the load balancer's name", async () => {
    const service = await cluster.kube.get<
      KubeObject & { status?: { loadBalancer?: { ingress?: { hostname?: string }[] } } }
    >(path);
    return service?.status?.loadBalancer?.ingress?.[0]?.hostname;
  });
  const { LoadBalancers: balancers = [] } = await elb.send(new DescribeLoadBalancersCommand());
  const balancer = balancers.find(({ DNSName }) => DNSName === hostname);
  expect(balancer).toMatchObject({ Type: "network" });
  const { Listeners: listeners } = await elb.send(
    new DescribeListenersCommand({ LoadBalancerArn: balancer!.LoadBalancerArn }),
  );
  expect(listeners).toMatchObject([{ Port: 443, Protocol: "TLS", Certificates: [{ CertificateArn: certificate }] }]);
  const { TargetGroups: groups = [] } = await elb.send(
    new DescribeTargetGroupsCommand({ LoadBalancerArn: balancer!.LoadBalancerArn }),
  );
  const { TargetHealthDescriptions: targets } = await elb.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: groups[0]!.TargetGroupArn }),
  );
  const nodes = await cluster.kube.list<Node>("/api/v1/nodes?labelSelector=hub.jupyter.org%2Fnode-purpose%3Dcore");
  expect(targets!.map(({ Target }) => Target!.Id).sort()).toEqual(
    nodes.map(({ spec }) => spec.providerID!.split("/").at(-1)).sort(),
  );
  await cluster.kube.delete(path);
  await eventually("the load balancer's end", async () => {
    const answer = await elb.send(new DescribeLoadBalancersCommand());
    return answer.LoadBalancers?.every(({ DNSName }) => DNSName !== hostname);
  });
  elb.destroy();
});
