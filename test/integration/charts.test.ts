import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { findBinaries, type Binaries } from "../../sandbox/binaries/index.ts";
import { fillChartMirror } from "../../sandbox/chart-mirror.ts";
import { valueAt } from "../../src/config/layers.ts";
import { devicePlugin } from "../../src/releases/device-plugin.ts";
import { hub } from "../../src/releases/hub.ts";
import type { ReleaseInputs } from "../../src/releases/inputs.ts";
import { karpenter } from "../../src/releases/karpenter.ts";
import { karpenterCrd } from "../../src/releases/karpenter-crd.ts";
import { platform } from "../../src/releases/platform.ts";
import { chartReference, type Release } from "../../src/releases/release.ts";
import { releaseInputs } from "../helpers/release-inputs.ts";

interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: Record<string, unknown>;
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

/** Inputs of a hub that uses every setting with an effect on the charts. */
function inputsWithEverything(): ReleaseInputs {
  const { config } = releaseInputs();
  const made = releaseInputs({
    config: {
      network: { ...config.network, internal: true },
      storage: {
        ...config.storage,
        sharedFolders: [
          { name: "shared", mountPath: "/shared", writers: "everyone" },
          { name: "data", mountPath: "/data", writers: "admins", fillFrom: "s3://lectures/waves" },
          { name: "tables", mountPath: "/tables", writers: "admins", fillFrom: "https://example.org/tables.zip" },
        ],
        buckets: [{ name: "results", access: "read-write" }],
      },
      users: {
        ...config.users,
        environment: { STYLE: '{"dark": true}' },
        pullRepositories: [{ url: "https://example.org/waves.git" }],
        postStart: "true",
        files: [{ path: "/etc/motd", content: "hello\n" }],
      },
      profiles: [
        {
          slug: "gpu",
          name: "GPU",
          description: "",
          default: true,
          image: { repository: "example/cuda", tag: "latest" },
          gpus: 1,
          spot: true,
          instanceTypes: [],
          environment: { A: "b" },
          roleArn: "arn:aws:iam::123456789012:role/training",
        },
        {
          slug: "half",
          name: "Half",
          description: "",
          default: false,
          fitsPerNode: { count: 2, instanceType: "m6i.xlarge" },
          gpus: 0,
          spot: false,
          instanceTypes: [],
          environment: {},
        },
      ],
      culling: { enabled: true, idleMinutes: 30, maxAgeHours: 24 },
      banner: "Welcome",
      hub: {
        image: { repository: "quay.io/jupyterhub/k8s-hub", digest: `sha256:${"0".repeat(64)}` },
        values: { hub: { allowNamedServers: true }, singleuser: { defaultUrl: null } },
        extraConfig: { "10-mine.py": "c.JupyterHub.log_level = 10" },
      },
    },
  });
  return {
    ...made,
    storage: {
      ...made.storage,
      shared_access_point_ids: { shared: "fsap-0a", data: "fsap-0b", tables: "fsap-0c" },
      encryption_key_arn: "arn:aws:kms:us-east-2:123456789012:key/1",
    },
  };
}

const work = mkdtempSync(join(tmpdir(), "hubctl-charts-"));
const mirror = join(work, "mirror");
const inputs = releaseInputs();
const everything = inputsWithEverything();
let binaries: Binaries;

beforeAll(async () => {
  binaries = await findBinaries(() => undefined);
  await fillChartMirror(mirror, binaries, () => undefined);
}, 900_000);

afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

/** What Helm would send to a cluster; rejects with Helm's words when it would refuse. */
async function render(release: Release, values: Record<string, unknown>): Promise<KubeObject[]> {
  const chart = chartReference(release, mirror);
  const args = ["template", release.name, ...chart, "--namespace", release.namespace, "--values", "-"];
  const home = { HELM_CONFIG_HOME: work, HELM_CACHE_HOME: work, HELM_DATA_HOME: work };
  const stdout = await new Promise<string>((resolve, reject) => {
    const child = execFile(
      binaries.helm,
      [...args, "--kube-version", "1.36.0"],
      { env: { ...process.env, ...home }, maxBuffer: 16 * 1024 * 1024 },
      (error, output, message) => {
        if (error) reject(new Error(message));
        else resolve(output);
      },
    );
    child.stdin?.end(JSON.stringify(values));
  });
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
}

const names = (objects: KubeObject[]) => objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort();

function find(objects: KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}, only ${names(objects).join(", ")}`);
  return found;
}

describe("the hub chart's stand-in", () => {
  const hubObjects = [
    "ConfigMap/hub",
    "Deployment/hub",
    "Deployment/proxy",
    "NetworkPolicy/hub",
    "NetworkPolicy/proxy",
    "NetworkPolicy/singleuser",
    "PersistentVolumeClaim/hub-db-dir",
    "Role/hub",
    "RoleBinding/hub",
    "Secret/hub",
    "Service/hub",
    "Service/proxy-api",
    "Service/proxy-public",
    "ServiceAccount/hub",
  ];
  const placeholders = ["PodDisruptionBudget/user-placeholder", "StatefulSet/user-placeholder"];
  const userScheduler = [
    "ClusterRole/hub-user-scheduler",
    "ClusterRoleBinding/hub-user-scheduler",
    "ConfigMap/user-scheduler",
    "Deployment/user-scheduler",
    "PodDisruptionBudget/user-scheduler",
    "ServiceAccount/user-scheduler",
  ];
  const imagePullers = [
    "DaemonSet/continuous-image-puller",
    "DaemonSet/hook-image-puller",
    "Job/hook-image-awaiter",
    "Role/hook-image-awaiter",
    "RoleBinding/hook-image-awaiter",
    "ServiceAccount/continuous-image-puller",
    "ServiceAccount/hook-image-awaiter",
    "ServiceAccount/hook-image-puller",
  ];
  const quiet = {
    prePuller: { hook: { enabled: false }, continuous: { enabled: false } },
    scheduling: { userScheduler: { enabled: false }, userPlaceholder: { enabled: false } },
  };

  // What the real chart 4.4.0 makes of the same values.
  test.each<[string, Record<string, unknown>, string[]]>([
    ["defaults", {}, [...hubObjects, ...placeholders, ...userScheduler, ...imagePullers]],
    ["everything optional off", quiet, hubObjects],
    [
      "disruption budgets and priorities",
      {
        ...quiet,
        hub: { pdb: { enabled: true } },
        proxy: { chp: { pdb: { enabled: true } } },
        scheduling: { ...quiet.scheduling, podPriority: { enabled: true } },
      },
      [...hubObjects, "PodDisruptionBudget/hub", "PodDisruptionBudget/proxy", "PriorityClass/hub-default-priority"],
    ],
    [
      "Let's Encrypt",
      {
        ...quiet,
        proxy: { https: { enabled: true, hosts: ["hub.example.org"], letsencrypt: { contactEmail: "a@example.org" } } },
      },
      [
        ...hubObjects,
        "ConfigMap/autohttps",
        "Deployment/autohttps",
        "NetworkPolicy/autohttps",
        "Role/autohttps",
        "RoleBinding/autohttps",
        "Service/proxy-http",
        "ServiceAccount/autohttps",
      ],
    ],
    [
      "a certificate of one's own, an Ingress, a pull secret, files for users",
      {
        ...quiet,
        proxy: { https: { enabled: true, type: "manual", manual: { key: "k", cert: "c" } } },
        ingress: { enabled: true },
        imagePullSecret: { create: true, registry: "r", username: "u", password: "p" },
        singleuser: { extraFiles: { motd: { mountPath: "/etc/motd", stringData: "hello" } } },
      },
      [
        ...hubObjects,
        "Ingress/jupyterhub",
        "Secret/image-pull-secret",
        "Secret/proxy-public-manual-tls",
        "Secret/singleuser",
      ],
    ],
    [
      "names by release",
      { ...quiet, fullnameOverride: null },
      hubObjects.map((name) => name.replace("/", "/hub-jupyterhub-")),
    ],
    [
      "an external database, no roles",
      { ...quiet, hub: { db: { type: "postgres", url: "postgres://db" } }, rbac: { create: false } },
      hubObjects.filter((name) => !/PersistentVolumeClaim|Role/.test(name)),
    ],
  ])("makes the objects of %s", async (_, values, expected) => {
    expect(names(await render(hub, values))).toEqual(expected.sort());
  });

  test("labels and selects as the real chart does", async () => {
    const objects = await render(hub, quiet);
    const selector = { app: "jupyterhub", component: "proxy", release: "hub" };
    expect(find(objects, "Service", "proxy-public").spec).toMatchObject({ selector });
    expect(find(objects, "Deployment", "proxy").spec).toMatchObject({ selector: { matchLabels: selector } });
    expect(find(objects, "Service", "proxy-public").metadata.labels).toEqual({
      app: "jupyterhub",
      component: "proxy-public",
      release: "hub",
      chart: "jupyterhub-4.4.0",
      heritage: "Helm",
      "app.kubernetes.io/name": "jupyterhub",
      "app.kubernetes.io/component": "proxy-public",
      "app.kubernetes.io/instance": "hub",
      "helm.sh/chart": "jupyterhub-4.4.0",
      "app.kubernetes.io/managed-by": "Helm",
    });
  });

  // Verdicts of the real chart 4.4.0.
  test.each<[string, Record<string, unknown>]>([
    ["a login class of any name", { hub: { config: { MyAuthenticator: { anything: [1] } } } }],
    ["any custom values", { custom: { anything: { at: "all" } }, global: { anything: 1 } }],
    ["any fields of a pod", { singleuser: { extraPodConfig: { anything: 1 } }, hub: { resources: { x: 1 } } }],
    [
      "profiles with keys of one's own",
      { singleuser: { profileList: [{ display_name: "x", allowed_groups: ["y"] }] } },
    ],
    ["volumes as a list or as a map", { singleuser: { storage: { extraVolumes: [], extraVolumeMounts: {} } } }],
    ["Let's Encrypt without hosts, which does nothing", { proxy: { https: { enabled: true } } }],
    ["metadata rules that don't contradict", metadataRules(false)],
  ])("accepts %s", async (_, values) => {
    expect(names(await render(hub, values))).toContain("Deployment/hub");
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["an unknown section", { hubs: {} }, "hubs"],
    ["a class of load balancer", { proxy: { service: { loadBalancerClass: "x" } } }, "loadBalancerClass"],
    ["a misplaced setting of the hub", { hub: { config: { loadRoles: {} } } }, "loadRoles"],
    ["an annotation that is no text", { singleuser: { extraAnnotations: { a: true } } }, "extraAnnotations"],
    ["an unknown kind of storage", { singleuser: { storage: { type: "efs" } } }, "storage/type"],
    ["an unknown kind of database", { hub: { db: { type: "sqlite" } } }, "db/type"],
    ["processors as text", { singleuser: { cpu: { limit: "2" } } }, "cpu/limit"],
    ["an IP family policy that is a number", { proxy: { service: { ipFamilyPolicy: 4 } } }, "ipFamilyPolicy"],
    ["an unknown purpose", { scheduling: { userPods: { nodeAffinity: { matchNodePurpose: "must" } } } }, "matchNode"],
    ["an image without a tag", { hub: { image: { tag: null } } }, "image"],
    [
      "a pull secret without a password",
      { imagePullSecret: { create: true, registry: "r", username: "u" } },
      "password",
    ],
    ["rbac.enabled", { rbac: { enabled: true } }, "rbac.enabled"],
    ["hub.fsGid", { hub: { fsGid: 100 } }, "hub.fsGid"],
    ["metadata rules that contradict", metadataRules(true), "blockWithIptables"],
    ["Let's Encrypt without an address", { proxy: { https: { enabled: true, hosts: ["a.example"] } } }, "contactEmail"],
    ["a manual certificate that is missing", { proxy: { https: { enabled: true, type: "manual" } } }, "manual.cert"],
    ["a file with two contents", file({ data: { a: 1 }, stringData: "x" }), "extraFiles"],
    ["structured data of an unknown format", file({ data: { a: 1 } }), "extraFiles"],
    ["an environment variable that is a number", { hub: { extraEnv: { A: 1 } } }, "extraEnv.A"],
  ])("refuses %s", async (_, values, word) => {
    await expect(render(hub, values)).rejects.toThrow(word);
  });

  function metadataRules(blockWithIptables: boolean): Record<string, unknown> {
    const networkPolicy = { egressAllowRules: { cloudMetadataServer: true } };
    return { singleuser: { cloudMetadata: { blockWithIptables }, networkPolicy } };
  }

  function file(content: Record<string, unknown>): Record<string, unknown> {
    return { hub: { extraFiles: { x: { mountPath: "/etc/x", ...content } } } };
  }
});

describe("the hub's values", () => {
  test("make the hub, its proxy and nothing that would wait for users' nodes", async () => {
    const objects = await render(hub, hub.values(inputs));
    expect(names(objects).filter((name) => /^(Deployment|DaemonSet|StatefulSet|Job|PriorityClass)/.test(name))).toEqual(
      ["Deployment/hub", "Deployment/proxy"],
    );
    expect(find(objects, "PersistentVolumeClaim", "hub-db-dir")).toMatchObject({
      metadata: { annotations: { "helm.sh/resource-policy": "keep" } },
      spec: { storageClassName: "gp3", accessModes: ["ReadWriteOnce"] },
    });
    for (const name of ["hub", "proxy"]) {
      const affinity = JSON.stringify(find(objects, "Deployment", name).spec);
      expect(affinity).toContain('"requiredDuringSchedulingIgnoredDuringExecution"');
      expect(affinity).toContain('"values":["core"]');
    }
  });

  test("open port 443 of the load balancer and no other, to the ranges that may come", async () => {
    const service = find(await render(hub, hub.values(inputs)), "Service", "proxy-public");
    expect(service.spec).toEqual({
      type: "LoadBalancer",
      selector: { app: "jupyterhub", component: "proxy", release: "hub" },
      ports: [{ name: "https", port: 443, targetPort: "http" }],
      ipFamilyPolicy: "SingleStack",
      ipFamilies: ["IPv4"],
      loadBalancerSourceRanges: ["192.0.2.0/24"],
    });
  });

  test("pin every secret, so that rendering again changes nothing", async () => {
    const objects = await render(hub, hub.values(inputs));
    const { data } = find(objects, "Secret", "hub");
    const decode = (key: string) => Buffer.from(data?.[key] ?? "", "base64").toString();
    expect(decode("hub.config.JupyterHub.cookie_secret")).toBe(inputs.generated.cookieSecret);
    expect(decode("hub.config.CryptKeeper.keys")).toBe(inputs.generated.cryptKeeperKey);
    expect(decode("hub.config.ConfigurableHTTPProxy.auth_token")).toBe(inputs.generated.proxyToken);
    expect(await render(hub, hub.values(inputs))).toEqual(objects);
  });

  test("are accepted for shared passwords too", async () => {
    const changed = releaseInputs({
      config: { auth: { ...inputs.config.auth, method: "shared-password", admins: [] } },
      secrets: { userPassword: "eight or more" },
    });
    const { data } = find(await render(hub, hub.values(changed)), "Secret", "hub");
    const values = parse(Buffer.from(data!["values.yaml"]!, "base64").toString()) as { hub: { loadRoles: unknown } };
    expect(values.hub.loadRoles).toEqual({ admin: { users: [] } });
  });

  test("are accepted with everything that can be configured", async () => {
    const objects = await render(hub, hub.values(everything));
    const values = parse(
      Buffer.from(find(objects, "Secret", "hub").data!["values.yaml"]!, "base64").toString(),
    ) as Record<string, unknown>;
    expect(values).toMatchObject({
      singleuser: { profileList: [{ slug: "gpu" }, { slug: "half" }], serviceAccountName: "user" },
    });
    expect(find(objects, "Secret", "singleuser")).toMatchObject({ stringData: { "0-motd": "hello\n" } });
    expect(JSON.stringify(find(objects, "Deployment", "hub").spec)).toContain(
      `"image":"quay.io/jupyterhub/k8s-hub@sha256:${"0".repeat(64)}"`,
    );
  });
});

describe("the device plugin's values", () => {
  test("let it run on the nodes of GPU pools and nowhere else, whatever their taints", async () => {
    const objects = await render(devicePlugin, devicePlugin.values(inputs));
    expect(names(objects)).toEqual([
      "ClusterRole/nvidia-device-plugin-role",
      "ClusterRoleBinding/nvidia-device-plugin-role-binding",
      "DaemonSet/nvidia-device-plugin",
      "DaemonSet/nvidia-device-plugin-mps-control-daemon",
      "ServiceAccount/nvidia-device-plugin-service-account",
    ]);
    const { spec } = find(objects, "DaemonSet", "nvidia-device-plugin");
    const pod = (spec as { template: { spec: Record<string, unknown> } }).template.spec;
    expect(pod).toMatchObject({
      nodeSelector: { "nvidia.com/gpu.present": "true" },
      tolerations: [{ operator: "Exists" }],
      containers: [{ image: "nvcr.io/nvidia/k8s-device-plugin:v0.20.0" }],
    });
    expect(pod).not.toHaveProperty("affinity");
    const pool = find(await render(platform, platform.values(everything)), "NodePool", "user-gpu");
    expect(JSON.stringify(pool.spec)).toContain('"nvidia.com/gpu.present":"true"');
  });
});

describe("Karpenter's own charts", () => {
  test("bring the definitions that the platform chart needs", async () => {
    const objects = await render(karpenterCrd, karpenterCrd.values(inputs));
    expect(names(objects)).toEqual(
      expect.arrayContaining([
        "CustomResourceDefinition/ec2nodeclasses.karpenter.k8s.aws",
        "CustomResourceDefinition/nodeclaims.karpenter.sh",
        "CustomResourceDefinition/nodepools.karpenter.sh",
      ]),
    );
  });

  test("run the controller on core nodes, as the service account that has the rights", async () => {
    const objects = await render(karpenter, karpenter.values(inputs));
    expect(names(objects)).toContain("ServiceAccount/karpenter");
    const { spec } = find(objects, "Deployment", "karpenter");
    const pod = (spec as { template: { spec: Record<string, unknown> } }).template.spec;
    expect(spec).toMatchObject({ replicas: 1 });
    expect(pod).toMatchObject({
      serviceAccountName: "karpenter",
      nodeSelector: { "hub.jupyter.org/node-purpose": "core" },
    });
    const [container] = pod["containers"] as { env: { name: string; value?: string }[] }[];
    expect(container?.env).toEqual(
      expect.arrayContaining([
        { name: "AWS_REGION", value: "us-east-2" },
        { name: "CLUSTER_NAME", value: inputs.cluster.cluster_name },
        { name: "CLUSTER_ENDPOINT", value: inputs.cluster.cluster_endpoint },
        { name: "INTERRUPTION_QUEUE", value: inputs.cluster.karpenter_queue_name },
      ]),
    );
  });
});

describe("the platform chart", () => {
  test("makes a node pool and its class, a storage class, and a volume with its claim for homes and shared", async () => {
    expect(names(await render(platform, platform.values(inputs)))).toEqual([
      "ConfigMap/hub-database",
      "CronJob/hub-database-copy",
      "EC2NodeClass/default",
      "NodePool/user",
      "PersistentVolume/dandihub-home",
      "PersistentVolume/dandihub-hub-database-copies",
      "PersistentVolume/dandihub-shared",
      "PersistentVolumeClaim/home",
      "PersistentVolumeClaim/hub-database-copies",
      "PersistentVolumeClaim/shared",
      "StorageClass/gp3",
    ]);
  });

  test("makes a pool for each profile with nodes of its own, service accounts, and a job for each folder to fill", async () => {
    const objects = names(await render(platform, platform.values(everything)));
    expect(objects.map((name) => name.replace(/-[0-9a-f]{8}$/, "-HASH"))).toEqual([
      "ConfigMap/hub-database",
      "CronJob/hub-database-copy",
      "EC2NodeClass/default",
      "Job/fill-data-HASH",
      "Job/fill-tables-HASH",
      "NodePool/user",
      "NodePool/user-gpu",
      "NodePool/user-half",
      "PersistentVolume/dandihub-home",
      "PersistentVolume/dandihub-hub-database-copies",
      "PersistentVolume/dandihub-shared",
      "PersistentVolume/dandihub-shared-data",
      "PersistentVolume/dandihub-shared-tables",
      "PersistentVolumeClaim/home",
      "PersistentVolumeClaim/hub-database-copies",
      "PersistentVolumeClaim/shared",
      "PersistentVolumeClaim/shared-data",
      "PersistentVolumeClaim/shared-tables",
      "ServiceAccount/fill-folders",
      "ServiceAccount/user",
      "ServiceAccount/user-gpu",
      "StorageClass/gp3",
    ]);
  });

  test("keeps servers of other profiles off a profile's nodes, and buys these as it says", async () => {
    const objects = await render(platform, platform.values(everything));
    const requirements = (name: string) => {
      const { template } = find(objects, "NodePool", name).spec as {
        template: { metadata: unknown; spec: { taints: unknown; requirements: { key: string; values: string[] }[] } };
      };
      const { taints } = template.spec;
      const values = Object.fromEntries(template.spec.requirements.map(({ key, values }) => [key, values]));
      return { metadata: template.metadata, taints, values };
    };
    expect(requirements("user-gpu")).toMatchObject({
      metadata: {
        labels: {
          "hub.jupyter.org/node-purpose": "user",
          "hub.jupyter.org/profile": "gpu",
          "nvidia.com/gpu.present": "true",
        },
      },
      taints: [
        { key: "hub.jupyter.org/dedicated", value: "user", effect: "NoSchedule" },
        { key: "hub.jupyter.org/profile", value: "gpu", effect: "NoSchedule" },
        { key: "nvidia.com/gpu", effect: "NoSchedule" },
      ],
      values: {
        "karpenter.sh/capacity-type": ["spot"],
        "karpenter.k8s.aws/instance-category": ["g", "p"],
        "karpenter.k8s.aws/instance-gpu-manufacturer": ["nvidia"],
      },
    });
    expect(requirements("user-half").values).toEqual({
      "kubernetes.io/os": ["linux"],
      "karpenter.sh/capacity-type": ["on-demand"],
      "topology.kubernetes.io/zone": ["us-east-2a", "us-east-2b"],
      "node.kubernetes.io/instance-type": ["m6i.xlarge"],
    });
  });

  test("fills folders on core nodes, as the users' user, without a token for Kubernetes", async () => {
    const objects = await render(platform, platform.values(everything));
    const jobs = objects.filter(({ kind }) => kind === "Job");
    expect(jobs).toHaveLength(2);
    for (const { spec } of jobs) {
      expect((spec as { template: { spec: unknown } }).template.spec).toMatchObject({
        serviceAccountName: "fill-folders",
        automountServiceAccountToken: false,
        restartPolicy: "OnFailure",
        nodeSelector: { "hub.jupyter.org/node-purpose": "core" },
        securityContext: { runAsUser: 1000, runAsGroup: 100, runAsNonRoot: true },
      });
    }
    const text = JSON.stringify(jobs);
    expect(text).toContain('"command":["bash","-c","# Copies what lies below $SOURCE');
    expect(text).toContain('"image":"public.ecr.aws/aws-cli/aws-cli:');
    expect(text).toContain('{"name":"SOURCE","value":"s3://lectures/waves"}');
    expect(text).toContain('"claimName":"shared-tables"');
  });

  test("gives a job another name when its source changes, since its template can't be", async () => {
    const jobs = async (source: string) => {
      const values = platform.values(everything) as { fill: { folders: { source: string }[] } };
      values.fill.folders[0]!.source = source;
      return names(await render(platform, values as unknown as Record<string, unknown>)).filter((name) =>
        name.startsWith("Job/fill-data"),
      );
    };
    expect(await jobs("s3://lectures/waves")).toEqual(await jobs("s3://lectures/waves"));
    expect(await jobs("s3://lectures/waves")).not.toEqual(await jobs("s3://lectures/tides"));
  });

  test("encrypts disks with the deployment's key, if it has one", async () => {
    const parameters = async (from: ReleaseInputs) =>
      (find(await render(platform, platform.values(from)), "StorageClass", "gp3") as { parameters?: unknown })
        .parameters;
    expect(await parameters(everything)).toMatchObject({
      encrypted: "true",
      kmsKeyId: "arn:aws:kms:us-east-2:123456789012:key/1",
    });
    expect(await parameters(inputs)).not.toHaveProperty("kmsKeyId");
  });

  test("has only fields and values that Karpenter's definitions know", async () => {
    const objects = await render(platform, platform.values(everything));
    const schemas = karpenterSchemas();
    for (const object of objects.filter(({ apiVersion }) => apiVersion.startsWith("karpenter."))) {
      const schema = schemas.get(`${object.apiVersion} ${object.kind}`);
      expect(schema?.safeParse(object).error?.issues, object.kind).toBeUndefined();
      expect(schema?.safeParse({ ...object, spec: { ...object.spec, misspelt: 1 } }).success).toBe(false);
    }
    expect([...schemas.keys()]).toEqual(
      expect.arrayContaining(["karpenter.k8s.aws/v1 EC2NodeClass", "karpenter.sh/v1 NodePool"]),
    );
  });

  test("never takes a node from under its users", async () => {
    const { spec } = find(await render(platform, platform.values(inputs)), "NodePool", "user");
    const template = (spec as { template: { metadata: unknown; spec: Record<string, unknown> } }).template;
    expect(spec).toMatchObject({
      disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "5m" },
      limits: { cpu: "64" },
    });
    expect(template.metadata).toEqual({ labels: { "hub.jupyter.org/node-purpose": "user" } });
    expect(template.spec).toMatchObject({
      expireAfter: "Never",
      taints: [{ key: "hub.jupyter.org/dedicated", value: "user", effect: "NoSchedule" }],
    });
    expect(template.spec).not.toHaveProperty("terminationGracePeriod");
  });

  test("copies the hub's database beside the hub, as the hub, with no rights in the cluster", async () => {
    const objects = await render(platform, platform.values(inputs));
    const [hubPod, copy] = [
      find(await render(hub, hub.values(inputs)), "Deployment", "hub"),
      find(objects, "CronJob", "hub-database-copy"),
    ];
    const template = valueAt(hubPod, ["spec", "template"]) as { metadata: { labels: object } };
    const pod = valueAt(copy, ["spec", "jobTemplate", "spec", "template", "spec"]);
    const terms = ["affinity", "podAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    expect(template.metadata.labels).toMatchObject(
      valueAt(pod, [...terms, 0, "labelSelector", "matchLabels"]) as Record<string, unknown>,
    );
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsUser: 1000, runAsNonRoot: true, fsGroup: 1000 },
      containers: [
        {
          image: "quay.io/jupyterhub/k8s-hub:4.4.0",
          env: expect.arrayContaining([
            { name: "CHART_VERSION", value: "4.4.0" },
            { name: "KEEP", value: "28" },
          ]) as object[],
          securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
        },
      ],
      volumes: expect.arrayContaining([
        { name: "database", persistentVolumeClaim: { claimName: "hub-db-dir" } },
      ]) as object[],
    });
    const program = readFileSync(
      join(import.meta.dirname, "../../templates/charts/platform/files/hub-database.py"),
      "utf8",
    );
    expect(find(objects, "ConfigMap", "hub-database").data).toEqual({ "hub-database.py": program });
  });

  test("copies a hub's database that is elsewhere only when asked to, with the hub's own password", async () => {
    const values = { hub: { db: { type: "postgres", url: "postgresql://hub@db/hub", password: "secret" } } };
    const elsewhere = { ...inputs, config: { ...inputs.config, hub: { values, extraConfig: {} } } };
    const copy = find(await render(platform, platform.values(elsewhere)), "CronJob", "hub-database-copy");
    expect(valueAt(copy, ["spec", "suspend"])).toBe(true);
    const pod = valueAt(copy, ["spec", "jobTemplate", "spec", "template", "spec"]) as {
      containers: { env: { name: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }[] }[];
      volumes: { name: string; secret?: { secretName: string } }[];
    };
    expect(pod).not.toHaveProperty("affinity");
    expect(pod.volumes.map(({ name }) => name)).toEqual(["hub-secret", "copies", "program", "scratch"]);
    const secret = find(await render(hub, hub.values(elsewhere)), "Secret", "hub");
    expect(pod.volumes[0]?.secret?.secretName).toBe(valueAt(secret, ["metadata", "name"]));
    const { env } = pod.containers[0]!;
    const { name, key } = env.find((one) => one.name === "PGPASSWORD")!.valueFrom!.secretKeyRef;
    expect(name).toBe("hub");
    expect(secret.data).toHaveProperty([key]);
    expect(env.map((one) => one.name)).not.toContain("DATABASE");
  });

  test("binds each claim to its own access point, over TLS and with IAM", async () => {
    const objects = await render(platform, platform.values(inputs));
    for (const [claim, accessPoint] of [
      ["home", inputs.storage.home_access_point_id],
      ["shared", inputs.storage.shared_access_point_ids["shared"]!],
      ["hub-database-copies", inputs.storage.hub_database_access_point_id!],
    ] as const) {
      expect(find(objects, "PersistentVolume", `dandihub-${claim}`).spec).toMatchObject({
        persistentVolumeReclaimPolicy: "Retain",
        mountOptions: ["tls", "iam"],
        claimRef: { namespace: hub.namespace, name: claim },
        csi: { driver: "efs.csi.aws.com", volumeHandle: `${inputs.storage.file_system_id}::${accessPoint}` },
      });
      expect(find(objects, "PersistentVolumeClaim", claim)).toMatchObject({
        metadata: { namespace: hub.namespace },
        spec: { storageClassName: "", volumeName: `dandihub-${claim}`, accessModes: ["ReadWriteMany"] },
      });
    }
  });

  test.each<[string, (values: Values) => void, string]>([
    ["an image that moves", (values) => (values.nodes["imageAlias"] = "al2023@latest"), "imageAlias"],
    ["no subnets", (values) => (values.nodes["subnetIds"] = []), "subnetIds"],
    ["tags that don't say whose it is", (values) => (values.nodes["tags"] = {}), "hubctl:id"],
    ["a misspelt key", (values) => (values.nodes["subnets"] = []), "subnets"],
    ["a job without a source", (values) => (values["fill"] = { folders: [{ name: "a", claim: "a" }] }), "source"],
    ["no pools", (values) => (values.nodes["pools"] = []), "pools"],
    ["no file system", (values) => (values.volumes["fileSystemId"] = ""), "fileSystemId"],
  ])("refuses %s", async (_, spoil, word) => {
    const values = structuredClone(platform.values(inputs)) as Values;
    spoil(values);
    await expect(render(platform, values)).rejects.toThrow(word);
  });

  type Values = Record<"nodes" | "volumes", Record<string, unknown>> & Record<string, unknown>;

  /** Schemas of Karpenter's kinds, by "apiVersion kind"; unlike the API server's, they reject unknown fields. */
  function karpenterSchemas(): Map<string, z.ZodType> {
    const folder = join(binaries.karpenterModule, "pkg/apis/crds");
    const definitions = readdirSync(folder).map(
      (file) => parse(readFileSync(join(folder, file), "utf8")) as Definition,
    );
    return new Map(
      definitions.flatMap(({ spec }) =>
        spec.versions.map((version) => [
          `${spec.group}/${version.name} ${spec.names.kind}`,
          z.fromJSONSchema(closeObjects(version.schema.openAPIV3Schema) as z.core.JSONSchema.JSONSchema),
        ]),
      ),
    );
  }

  interface Definition {
    spec: {
      group: string;
      names: { kind: string };
      versions: { name: string; schema: { openAPIV3Schema: unknown } }[];
    };
  }

  function closeObjects(schema: unknown, path: readonly string[] = []): unknown {
    if (Array.isArray(schema)) return schema.map((item) => closeObjects(item, path));
    if (typeof schema !== "object" || schema === null) return schema;
    const closed = Object.fromEntries(
      Object.entries(schema).map(([key, value]) => [key, closeObjects(value, [...path, key])]),
    );
    const isMetadata = path.length === 2 && path[1] === "metadata";
    const isSchema = path.at(-1) !== "properties" && "properties" in schema && !("additionalProperties" in schema);
    return isSchema && !isMetadata ? { ...closed, additionalProperties: false } : closed;
  }
});
