import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { HubConfig } from "../../../src/config/hub-config.ts";
import { hub } from "../../../src/releases/hub.ts";
import type { ReleaseInputs } from "../../../src/releases/inputs.ts";
import { platform } from "../../../src/releases/platform.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

interface Values {
  hub: { extraConfig: Record<string, string>; db: { pvc: unknown } } & Record<string, unknown>;
  proxy: { https: unknown; service: { annotations: Record<string, string> } & Record<string, unknown> };
  scheduling: unknown;
  prePuller: unknown;
  cull: unknown;
}

const values = (inputs: ReleaseInputs) => hub.values(inputs) as unknown as Values;
const { hub: plain, storage } = releaseInputs().config;
const withHub = (changes: Partial<HubConfig["hub"]>) => releaseInputs({ config: { hub: { ...plain, ...changes } } });

test("equal inputs give equal text", () => {
  expect(JSON.stringify(hub.values(releaseInputs()))).toBe(JSON.stringify(hub.values(releaseInputs())));
});

describe("load balancer", () => {
  test("it is a network load balancer with TLS on 443 only, in the named subnets, before the core nodes", () => {
    const prefix = "service.beta.kubernetes.io/aws-load-balancer-";
    const { https, service } = values(releaseInputs()).proxy;
    expect(https).toEqual({ enabled: true, type: "offload", hosts: ["hub.example.org"] });
    expect(service).toMatchObject({
      type: "LoadBalancer",
      disableHttpPort: true,
      loadBalancerSourceRanges: ["192.0.2.0/24"],
      ipFamilyPolicy: "SingleStack",
    });
    expect(service.annotations).toEqual({
      [`${prefix}type`]: "nlb",
      [`${prefix}subnets`]: "subnet-0ccc,subnet-0ddd",
      [`${prefix}target-node-labels`]: "hub.jupyter.org/node-purpose=core",
      [`${prefix}cross-zone-load-balancing-enabled`]: "true",
      [`${prefix}ssl-cert`]: "arn:aws:acm:us-east-2:123456789012:certificate/0d3a6bd4-0000-4000-8000-000000000000",
      [`${prefix}ssl-ports`]: "https",
      [`${prefix}ssl-negotiation-policy`]: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      [`${prefix}backend-protocol`]: "tcp",
      [`${prefix}healthcheck-protocol`]: "http",
      [`${prefix}healthcheck-path`]: "/_chp_healthz",
      [`${prefix}healthcheck-interval`]: "10",
      [`${prefix}additional-resource-tags`]:
        "Project=archive,hubctl:deployment=dandihub,hubctl:id=3f1c9a52,hubctl:stack=cluster",
    });
  });

  test("with one's own certificate it passes TLS through to the proxy, which is asked for its health by TLS", () => {
    const own = (certificate: HubConfig["certificate"]) => {
      const secrets = { ...releaseInputs().secrets, certificateKey: "the key", certificateChain: "the chain" };
      const inputs = releaseInputs({ config: { certificate }, secrets });
      delete inputs.certificateArn;
      return inputs;
    };
    const hosts = ["hub.example.org"];
    const inSecret = values(own({ secret: "hub-tls" })).proxy;
    expect(inSecret.https).toEqual({ enabled: true, type: "secret", secret: { name: "hub-tls" }, hosts });
    const inFiles = values(own({ keyFile: "/k", chainFile: "/c" })).proxy;
    const manual = { key: "the key", cert: "the chain" };
    expect(inFiles.https).toEqual({ enabled: true, type: "manual", manual, hosts });
    for (const { service } of [inSecret, inFiles]) {
      const settings = Object.entries(service.annotations).map(([name, value]) => [
        name.split("load-balancer-")[1],
        value,
      ]);
      expect(settings).toContainEqual(["healthcheck-protocol", "https"]);
      expect(settings.map(([name]) => name)).not.toContainEqual(expect.stringMatching(/^ssl-/));
    }
  });

  test("it waits for AWS's certificate, and for nothing with one's own", () => {
    const { certificateArn, ...inputs } = releaseInputs({ config: { certificate: "auto" } });
    expect(hub.waitsFor?.(inputs)).toBe("known once the certificate is issued");
    expect(hub.waitsFor?.({ ...inputs, certificateArn: certificateArn! })).toBeUndefined();
    const own = releaseInputs({ config: { certificate: { secret: "hub-tls" } } });
    expect(hub.waitsFor?.(own)).toBeUndefined();
  });

  test("a tag that the annotation can't hold is left out rather than cut in two", () => {
    const tags = { Team: "a,b", "k=v": "x", Purpose: "hack week" };
    const inputs = releaseInputs({ config: { tags } });
    const annotation = "service.beta.kubernetes.io/aws-load-balancer-additional-resource-tags";
    expect(values(inputs).proxy.service.annotations[annotation]).toBe(
      "Purpose=hack week,hubctl:deployment=dandihub,hubctl:id=3f1c9a52,hubctl:stack=cluster",
    );
  });

  test("nobody can hide whose it is by a tag of their own", () => {
    const tags = { "hubctl:id": "another" };
    const inputs = releaseInputs({ config: { tags } });
    expect(JSON.stringify(values(inputs).proxy)).not.toContain("another");
  });

  test.each<[string, Partial<HubConfig["network"]>, string]>([
    ["made by hubctl is beside the nodes", {}, "subnet-0aaa,subnet-0bbb"],
    [
      "of the operator's own is where they say",
      {
        existingVpc: { id: "vpc-1", nodeSubnets: ["subnet-0aaa"], loadBalancerSubnets: ["subnet-0ccc", "subnet-0ddd"] },
      },
      "subnet-0ccc,subnet-0ddd",
    ],
  ])("an internal one in a VPC %s", (_, changes, subnets) => {
    const prefix = "service.beta.kubernetes.io/aws-load-balancer-";
    const { network } = releaseInputs().config;
    const inputs = releaseInputs({ config: { network: { ...network, internal: true, ...changes } } });
    expect(values(inputs).proxy.service.annotations).toMatchObject({
      [`${prefix}internal`]: "true",
      [`${prefix}subnets`]: subnets,
    });
  });
});

test("the hub's accounts outlive the release, and nothing waits for images or places users but Karpenter", () => {
  const { hub: pod, scheduling, prePuller } = values(releaseInputs());
  expect(pod.db.pvc).toEqual({
    annotations: { "helm.sh/resource-policy": "keep" },
    storageClassName: "gp3",
    storage: "10Gi",
  });
  expect(scheduling).toEqual({
    userScheduler: { enabled: false },
    userPlaceholder: { enabled: false },
    corePods: { nodeAffinity: { matchNodePurpose: "require" } },
    userPods: { nodeAffinity: { matchNodePurpose: "require" } },
  });
  expect(prePuller).toEqual({ hook: { enabled: false }, continuous: { enabled: false } });
});

test.each([
  [
    { enabled: true, idleMinutes: 60 },
    { enabled: true, timeout: 3600, every: 600 },
  ],
  [
    { enabled: true, idleMinutes: 5, maxAgeHours: 12 },
    { enabled: true, timeout: 300, every: 300, maxAge: 43200 },
  ],
  [{ enabled: false, idleMinutes: 60 }, { enabled: false }],
])("servers are culled as configured: %j", (culling, cull) => {
  expect(values(releaseInputs({ config: { culling } })).cull).toEqual(cull);
});

test("a banner is on the hub's pages, and there is none by default", () => {
  expect(values(releaseInputs({ config: { banner: "Down on <b>Monday</b>" } })).hub["templateVars"]).toEqual({
    announcement: "Down on <b>Monday</b>",
  });
  expect(values(releaseInputs()).hub).not.toHaveProperty("templateVars");
});

test("the hub runs the chart's image, or another that is named", () => {
  expect(values(releaseInputs()).hub).not.toHaveProperty("image");
  const image = { repository: "quay.io/jupyterhub/k8s-hub", tag: "4.4.1" };
  expect(values(withHub({ image })).hub["image"]).toEqual({ name: "quay.io/jupyterhub/k8s-hub", tag: "4.4.1" });
});

describe("the operator's own values", () => {
  test("come last: maps are merged, all else is replaced, and null stays for Helm to take the default away", () => {
    const inputs = withHub({
      values: {
        hub: { resources: { limits: { memory: "4Gi" } }, allowNamedServers: true },
        proxy: { service: { loadBalancerSourceRanges: ["0.0.0.0/0"] } },
        singleuser: { defaultUrl: null },
        cull: false,
      },
    });
    const merged = hub.values(inputs);
    expect(merged).toMatchObject({
      hub: {
        resources: { requests: { cpu: "200m", memory: "512Mi" }, limits: { memory: "4Gi" } },
        allowNamedServers: true,
      },
      proxy: { service: { type: "LoadBalancer", loadBalancerSourceRanges: ["0.0.0.0/0"] } },
      singleuser: { defaultUrl: null, startTimeout: 1200 },
      cull: false,
    });
    expect(hub.values(withHub({ values: {} }))).toEqual(hub.values(releaseInputs()));
  });

  test("can't reach what is no value, such as a prototype", () => {
    const own = JSON.parse('{"__proto__": {"polluted": true}, "hub": {"constructor": {"polluted": true}}}') as object;
    hub.values(withHub({ values: own as Record<string, unknown> }));
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
  });
});

describe("the hub's own Python", () => {
  /** Runs all of it as the hub does, in the order of names, before `program`, which prints what the test wants. */
  function runPython(inputs: ReleaseInputs, program: string): unknown {
    const parts = Object.entries(values(inputs).hub.extraConfig).sort(([a], [b]) => (a < b ? -1 : 1));
    const script = [fakes, ...parts.map(([, python]) => python), program].join("\n");
    return JSON.parse(execFileSync("python3", ["-"], { input: script, encoding: "utf8" }));
  }

  const fakes = `
import asyncio, json
from types import SimpleNamespace as Thing

class Config(dict):
    """As traitlets' configuration: a section comes to be when it is looked at."""
    def __getattr__(self, name):
        if name[0].isupper():
            return self.setdefault(name, Config())
        return self[name]
    def __setattr__(self, name, value):
        self[name] = value

c = Config()
`;
  const folders = releaseInputs({
    config: {
      storage: {
        ...storage,
        sharedFolders: [
          { name: "shared", mountPath: "/shared", writers: "everyone" },
          { name: "data", mountPath: "/data", writers: "admins" },
        ],
      },
    },
  });
  const spawn = `
def spawn(admin=False, roles=(), group_roles=()):
    mounts = [Thing(name="home", read_only=None), Thing(name="folder-data", read_only=True), Thing(name="other", read_only=True)]
    pod = Thing(spec=Thing(containers=[Thing(volume_mounts=mounts), Thing(volume_mounts=None)]), seen=False)
    user = Thing(
        admin=admin,
        roles=[Thing(name=role) for role in roles],
        groups=[Thing(roles=[Thing(name=role) for role in group_roles])],
    )
    pod = asyncio.run(c.KubeSpawner.modify_pod_hook(Thing(user=user), pod))
    return [[mount.read_only for mount in mounts], pod.seen]
`;

  test("opens folders that only admins write to, for admins and no others", () => {
    const program = `${spawn}
print(json.dumps([spawn(), spawn(roles=["user"]), spawn(admin=True), spawn(roles=["admin"]), spawn(group_roles=["admin"])]))`;
    const closed = [[null, true, true], false];
    const open = [[null, false, true], false];
    expect(runPython(folders, program)).toEqual([closed, closed, open, open, open]);
  });

  test.each([
    ["ordinary", "def hook(spawner, pod):"],
    ["async", "async def hook(spawner, pod):"],
  ])("leaves an %s hook of the operator's in force", (_, definition) => {
    const own = `${definition}\n    pod.seen = True\n    return pod\nc.KubeSpawner.modify_pod_hook = hook\n`;
    const inputs = { ...folders, config: { ...folders.config, hub: { ...plain, extraConfig: { "zz-mine": own } } } };
    const program = `${spawn}\nprint(json.dumps([spawn(), spawn(admin=True)]))`;
    expect(runPython(inputs, program)).toEqual([
      [[null, true, true], true],
      [[null, false, true], true],
    ]);
  });

  test("is none where every folder is everyone's", () => {
    expect(values(releaseInputs()).hub.extraConfig).toEqual({});
  });

  test("comes after the operator's, which keep the order of their files and can't take its place", () => {
    const name = Object.keys(values(folders).hub.extraConfig)[0]!;
    const extraConfig = { "20-b.py": "b", "10-a.py": "a", [name]: "mine" };
    const inputs = { ...folders, config: { ...folders.config, hub: { ...plain, extraConfig } } };
    const merged = values(inputs).hub.extraConfig;
    expect(Object.keys(merged).sort()).toEqual([
      "jupyterhub_config.d/10-a.py",
      "jupyterhub_config.d/20-b.py",
      `jupyterhub_config.d/${name}`,
      name,
    ]);
    expect(merged[name]).not.toBe("mine");
  });

  test("refuses the users' password for an admin's name, however it is written", () => {
    const shared = releaseInputs({
      config: {
        auth: {
          method: "shared-password",
          admins: ["ada"],
          allowedUsers: [],
          allowAll: true,
          allowAddedUsers: false,
        },
        hub: {
          ...plain,
          extraConfig: {
            mine: "def hook(authenticator, handler, model):\n    return {**model, 'seen': True}\nc.Authenticator.post_auth_hook = hook\n",
          },
        },
      },
      secrets: { userPassword: "eight or more", adminPassword: "thirty-two characters or even more" },
    });
    const program = `
def login(name, admin):
    hook = c.SharedPasswordAuthenticator.post_auth_hook
    return asyncio.run(hook(Thing(admin_users={"ada"}), None, {"name": name, "admin": admin}))
print(json.dumps([login("ada", False), login("ada", True), login("linus", False)]))`;
    expect(runPython(shared, program)).toEqual([
      null,
      { name: "ada", admin: true, seen: true },
      { name: "linus", admin: false, seen: true },
    ]);
  });
});

describe("the database", () => {
  interface Restore {
    image: string;
    volumeMounts: { name: string; mountPath: string; subPath?: string }[];
  }
  const hubOf = (inputs: ReleaseInputs) =>
    values(inputs).hub as unknown as { initContainers?: Restore[]; extraVolumes?: { name: string }[] };

  test("is brought back by the hub's own image, where the hub looks for it", () => {
    const { initContainers = [], extraVolumes } = hubOf(releaseInputs());
    expect(initContainers).toHaveLength(1);
    expect(initContainers[0]).toMatchObject({
      name: "restore-database",
      image: "quay.io/jupyterhub/k8s-hub:4.4.0",
      args: ["restore"],
      env: expect.arrayContaining([{ name: "DATABASE", value: "/srv/jupyterhub/jupyterhub.sqlite" }]) as object[],
      volumeMounts: expect.arrayContaining([{ name: "pvc", mountPath: "/srv/jupyterhub" }]) as object[],
    });
    expect(extraVolumes).toEqual([
      { name: "hub-database-copies", persistentVolumeClaim: { claimName: "hub-database-copies" } },
      { name: "hub-database", configMap: { name: "hub-database" } },
    ]);
  });

  test("is brought back beside what the operator adds to the hub's pod, and before it", () => {
    const mine = { initContainers: [{ name: "mine" }], extraVolumes: [{ name: "mine" }] };
    const { initContainers, extraVolumes = [] } = hubOf(withHub({ values: { hub: mine } }));
    expect(initContainers).toMatchObject([{ name: "restore-database" }, { name: "mine" }]);
    expect(extraVolumes.map(({ name }) => name)).toEqual(["hub-database-copies", "hub-database", "mine"]);
  });

  test.each<[string, Partial<HubConfig["hub"]>, string]>([
    ["the configured image", { image: { repository: "example/hub", tag: "7" } }, "example/hub:7"],
    ["an image by its digest", { image: { repository: "example/hub", digest: "sha256:0f" } }, "example/hub@sha256:0f"],
    ["an image of the operator's values", { values: { hub: { image: { name: "mine", tag: "1" } } } }, "mine:1"],
    ["a tag of the operator's values", { values: { hub: { image: { tag: "1" } } } }, "quay.io/jupyterhub/k8s-hub:1"],
  ])("is copied and brought back by %s", (_, changes, image) => {
    const inputs = withHub(changes);
    expect(hubOf(inputs).initContainers?.[0]?.image).toBe(image);
    expect(platform.values(inputs)).toMatchObject({ hubDatabase: { image } });
  });

  test("has the version of the chart that is recorded", () => {
    const inputs = releaseInputs();
    inputs.lock.charts = { jupyterhub: "4.3.1" };
    const hubDatabase = { image: "quay.io/jupyterhub/k8s-hub:4.3.1", chartVersion: "4.3.1" };
    expect(platform.values(inputs)).toMatchObject({ hubDatabase });
  });

  test("may lie in a folder of its disk, and behind secrets of its registry", () => {
    const inputs = withHub({
      values: {
        hub: { db: { pvc: { subPath: "db" } }, image: { pullSecrets: ["a"] } },
        imagePullSecrets: [{ name: "b" }],
        imagePullSecret: { create: true },
      },
    });
    const pullSecrets = [{ name: "a" }, { name: "b" }, { name: "image-pull-secret" }];
    expect(platform.values(inputs)).toMatchObject({ hubDatabase: { subPath: "db", pullSecrets } });
    const mount = { name: "pvc", mountPath: "/srv/jupyterhub", subPath: "db" };
    expect(hubOf(inputs).initContainers?.[0]?.volumeMounts).toContainEqual(mount);
  });

  test.each([
    ["in memory", { hub: { db: { type: "sqlite-memory" } } }],
    ["elsewhere by the hub's own setting", { hub: { config: { JupyterHub: { db_url: "sqlite:////elsewhere" } } } }],
  ])("is the operator's matter when it is %s", (_, hubValues) => {
    const inputs = withHub({ values: hubValues });
    expect(hubOf(inputs)).not.toHaveProperty("initContainers");
    expect(hubOf(inputs)).not.toHaveProperty("extraVolumes");
    expect(platform.values(inputs)).not.toHaveProperty("hubDatabase");
  });

  test.each(["postgres", "mysql"])("of %s is copied only when that is asked for, as the hub's secret says", (type) => {
    const inputs = withHub({ values: { hub: { db: { type, url: "driver://db/hub" } } } });
    expect(hubOf(inputs)).not.toHaveProperty("initContainers");
    expect(platform.values(inputs)).toMatchObject({ hubDatabase: { hubSecret: "hub" } });
    expect(platform.values(inputs)["hubDatabase"]).not.toHaveProperty("databaseClaim");
  });

  test("waits for the folder of its copies, which an older hubctl has not made", () => {
    const inputs = releaseInputs();
    delete inputs.storage.hub_database_access_point_id;
    expect(hubOf(inputs)).not.toHaveProperty("initContainers");
    expect(platform.values(inputs)).not.toHaveProperty("hubDatabase");
  });
});
