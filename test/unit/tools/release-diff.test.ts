import { describe, expect, it } from "vitest";
import { parseLiveObjects, parseManifest } from "../../../src/tools/manifest.ts";
import { diffManifests, diffWithLive } from "../../../src/tools/release-diff.ts";

const namespace = "jupyterhub";
const manifest = (...objects: object[]) =>
  parseManifest(objects.map((object) => `---\n${JSON.stringify(object)}`).join("\n"), namespace);
const live = (...items: object[]) => parseLiveObjects(JSON.stringify({ kind: "List", items }));

const deployment = (spec: object, metadata: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "hub", ...metadata },
  spec,
});
const secret = (data: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "hub" },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
});
const pool = { apiVersion: "karpenter.sh/v1", kind: "NodePool", metadata: { name: "user" }, spec: {} };

describe("diffManifests", () => {
  it("tells what is made, changed, made anew and deleted, with the addresses that the guard uses", () => {
    const service = (name: string, type: string) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { type },
    });
    const before = manifest(deployment({ replicas: 1 }), service("a", "ClusterIP"), service("b", "ClusterIP"));
    const after = manifest(deployment({ replicas: 2 }), service("a", "LoadBalancer"), pool);
    expect(diffManifests(before, after, ["Service/jupyterhub/a"])).toEqual([
      { action: "create", type: "NodePool", what: "NodePool/user", attributes: [], forcedBy: [] },
      {
        action: "change",
        type: "Deployment",
        what: "Deployment/jupyterhub/hub",
        attributes: [{ path: "spec.replicas", before: 1, after: 2 }],
        forcedBy: [],
      },
      {
        action: "replace",
        type: "Service",
        what: "Service/jupyterhub/a",
        attributes: [{ path: "spec.type", before: "ClusterIP", after: "LoadBalancer" }],
        forcedBy: [],
      },
      { action: "delete", type: "Service", what: "Service/jupyterhub/b", attributes: [], forcedBy: [] },
    ]);
  });

  it("keeps quiet about what Helm leaves in the cluster, and about labels that only tell a chart's version", () => {
    const claim = (annotations: object) => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "hub-db-dir", annotations },
    });
    expect(diffManifests(manifest(claim({ "helm.sh/resource-policy": "keep" })), [])).toEqual([]);
    expect(diffManifests(manifest(claim({})), [])).toMatchObject([{ action: "delete" }]);
    const labels = (version: string) => ({
      labels: { "helm.sh/chart": version, "app.kubernetes.io/version": version },
    });
    expect(diffManifests(manifest(deployment({}, labels("1"))), manifest(deployment({}, labels("2"))))).toEqual([]);
  });

  it("tells another version of a kind as the change that it is, and another group as another object", () => {
    const of = (apiVersion: string) => manifest({ ...pool, apiVersion });
    expect(diffManifests(of("karpenter.sh/v1beta1"), of("karpenter.sh/v1"))).toMatchObject([
      { action: "change", attributes: [{ path: "apiVersion" }] },
    ]);
    expect(diffManifests(of("other.sh/v1"), of("karpenter.sh/v1")).map(({ action }) => action)).toEqual([
      "create",
      "delete",
    ]);
  });

  it("tells of a secret which entries change, and shows only what nobody keeps secret", () => {
    const values = (timeout: number, password: string, tag: string) =>
      `cull:\n  timeout: ${timeout}\nhub:\n  config:\n    Login:\n      password: ${password}\n      pin: ${password.length}\n` +
      `singleuser:\n  image:\n    tag: ${tag}\n`;
    const before = manifest(secret({ "values.yaml": values(60, "old-word", "a"), key: "old-key", same: "x" }));
    const after = manifest(secret({ "values.yaml": values(30, "newer-word", "b"), key: "new-key", same: "x" }));
    const [change] = diffManifests(before, after);
    expect(change?.attributes).toEqual([
      { path: "data.key", isSecret: true },
      { path: "data.values.yaml.cull.timeout", before: 60, after: 30 },
      { path: "data.values.yaml.hub.config.Login.password", isSecret: true },
      { path: "data.values.yaml.hub.config.Login.pin", isSecret: true },
      { path: "data.values.yaml.singleuser.image.tag", before: "a", after: "b" },
    ]);
    expect(JSON.stringify(change)).not.toMatch(/-word|-key"/);
  });

  it("hides what somebody has put among variables, arguments and in a ConfigMap", () => {
    const pod = (value: string) =>
      deployment({
        containers: [
          {
            name: "hub",
            env: [
              { name: "API_TOKEN", value },
              { name: "DB_URL", value: `mysql://hub:${value}@db/hub` },
              { name: "LEVEL", value: `debug-${value.length}` },
            ],
            args: ["--api-token", value],
            command: ["run", `--password=${value}`],
          },
        ],
      });
    const map = (value: string) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "hub" },
      data: { secretKey: value, "app.ini": `a = 1\npassword = ${value}\n`, color: `blue-${value.length}` },
    });
    const found = diffManifests(manifest(pod("old-w"), map("old-w")), manifest(pod("newer-w"), map("newer-w")));
    const shown = found.flatMap(({ attributes }) => attributes.filter(({ isSecret }) => !isSecret));
    expect(shown).toEqual([
      { path: "spec.containers[hub].env[LEVEL].value", before: "debug-5", after: "debug-7" },
      { path: "data.color", before: "blue-5", after: "blue-7" },
    ]);
    expect(found.flatMap(({ attributes }) => attributes)).toHaveLength(8);
    expect(JSON.stringify(found)).not.toMatch(/old-w|newer-w/);
  });

  it("does not take the names of roles' resources and of secrets for secrets", () => {
    const role = (...resources: string[]) => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "hub" },
      rules: [{ resources, verbs: ["get"] }],
    });
    const [change] = diffManifests(manifest(role("pods")), manifest(role("pods", "secrets", "events")));
    expect(change?.attributes).toEqual([
      { path: "rules.0.resources", before: ["pods"], after: ["pods", "secrets", "events"] },
    ]);
  });

  it("reads a secret in plain words as the same one in base64", () => {
    const plain = { ...secret({}), data: undefined, stringData: { a: "x", b: "y" } };
    const changed = diffManifests(manifest(secret({ a: "x", b: "z" })), manifest(plain));
    expect(changed).toMatchObject([{ attributes: [{ path: "data.b", isSecret: true }] }]);
  });
});

describe("diffWithLive", () => {
  const asked = {
    replicas: 1,
    selector: {},
    template: {
      spec: {
        tolerations: [{ key: "a", effect: "NoSchedule" }],
        containers: [{ name: "hub", image: "hub:1", resources: { limits: { cpu: 1, memory: "1024Mi" } }, args: ["a"] }],
      },
    },
  };
  const present = {
    replicas: 1,
    selector: { matchLabels: { app: "hub" } },
    strategy: { type: "Recreate" },
    template: {
      spec: {
        tolerations: [{ key: "a", effect: "NoSchedule" }],
        containers: [
          { name: "sidecar", image: "injected" },
          {
            name: "hub",
            image: "hub:1",
            imagePullPolicy: "Always",
            resources: { limits: { cpu: "1", memory: "1Gi" } },
            args: ["a"],
          },
        ],
      },
    },
  };
  const there = (spec: object) => deployment(spec, { namespace, uid: "1", managedFields: [] });

  it("finds none where the API server and controllers have only added", () => {
    expect(diffWithLive(manifest(deployment(asked)), live(there(present)))).toEqual([]);
  });

  it("finds what was changed by hand, and what is gone", () => {
    const container = { ...present.template.spec.containers[1], image: "hub:2", args: ["a", "--debug"] };
    const edited = {
      ...present,
      replicas: 0,
      template: { spec: { ...present.template.spec, containers: [container] } },
    };
    expect(diffWithLive(manifest(deployment(asked), pool), live(there(edited)))).toEqual([
      {
        type: "Deployment",
        what: "Deployment/jupyterhub/hub",
        kind: "changed",
        isPutBack: false,
        attributes: [
          { path: "spec.replicas", before: 1, after: 0 },
          { path: "spec.template.spec.containers[hub].args", before: ["a"], after: ["a", "--debug"] },
          { path: "spec.template.spec.containers[hub].image", before: "hub:1", after: "hub:2" },
        ],
      },
      { type: "NodePool", what: "NodePool/user", kind: "gone", isPutBack: false, attributes: [] },
    ]);
  });

  it("tells of a secret that was changed by hand only that it was", () => {
    const drift = diffWithLive(
      manifest(secret({ token: "asked-for" })),
      live({ ...secret({ token: "put-there", more: "x" }), metadata: { name: "hub", namespace } }),
    );
    expect(drift).toMatchObject([{ attributes: [{ path: "data.token", isSecret: true }] }]);
    expect(JSON.stringify(drift)).not.toMatch(/asked|put/);
  });

  it("does not miss a job that Kubernetes takes away when it is done", () => {
    const job = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "fill" } };
    expect(diffWithLive(manifest({ ...job, spec: { ttlSecondsAfterFinished: 60 } }), [])).toEqual([]);
    expect(diffWithLive(manifest(job), [])).toMatchObject([{ kind: "gone" }]);
  });

  it("takes both answers of kubectl, of one object and of several, and none", () => {
    const one = deployment({});
    expect(parseLiveObjects(JSON.stringify(one))).toHaveLength(1);
    expect(live(one, pool)).toHaveLength(2);
    expect(parseLiveObjects("")).toEqual([]);
  });
});
