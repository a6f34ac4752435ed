import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Identities } from "../../sandbox/aws/identities.ts";
import { findBinaries } from "../../sandbox/binaries/index.ts";
import { KubeClient, KubeError, type KubeObject, type WatchEvent } from "../../sandbox/kube/client.ts";
import { discardControlPlane, startControlPlane } from "../../sandbox/kube/control-plane.ts";
import type { ControlPlane } from "../../sandbox/kube/types.ts";
import { createWorld, type World } from "../../sandbox/world.ts";

interface Pod extends KubeObject {
  spec: {
    volumes: { name: string }[];
    containers: { env?: { name: string; value: string }[]; volumeMounts: { name: string }[] }[];
  };
}

const account = "123456789012";
const dir = mkdtempSync(join(tmpdir(), "hubctl-control-plane-"));
const identities = new Identities();
const operator = identities.issue({ account, arn: `arn:aws:iam::${account}:user/operator` });
const stranger = identities.issue({ account, arn: `arn:aws:iam::${account}:user/stranger` });
const refusals: string[] = [];
let world: World;
let plane: ControlPlane;

/** Signs in another second each time: the API server remembers its judgement of a token. */
let secondsAgo = 0;

async function loginToken(keys: { accessKeyId: string; secretAccessKey: string }, cluster: string): Promise<string> {
  const signer = new SignatureV4({ service: "sts", region: "us-east-2", credentials: keys, sha256: Sha256 });
  const hostname = "sts.us-east-2.amazonaws.com";
  const signed = await signer.presign(
    {
      method: "GET",
      protocol: "https:",
      hostname,
      path: "/",
      query: { Action: "GetCallerIdentity", Version: "2011-06-15" },
      headers: { host: hostname, "x-k8s-aws-id": cluster },
    },
    { expiresIn: 60, signingDate: new Date(Date.now() - 1000 * secondsAgo++) },
  );
  const query = new URLSearchParams(signed.query as Record<string, string>).toString().replaceAll("+", "%20");
  return `k8s-aws-v1.${Buffer.from(`https://${hostname}/?${query}`).toString("base64url")}`;
}

async function clientWithToken(token: string): Promise<KubeClient> {
  const ca = Buffer.from(plane.certificateAuthority, "base64").toString();
  return await Promise.resolve(new KubeClient({ server: plane.endpoint, ca, token }));
}

beforeAll(async () => {
  const binaries = await findBinaries(() => undefined);
  world = createWorld({ name: "test", dir, binaries });
  plane = await startControlPlane(world, {
    cluster: "demo",
    version: "1.35",
    issuer: "https://oidc.eks.us-east-2.amazonaws.com/id/EXAMPLE",
    verifyPresigned: (url, headers) => identities.verifyPresigned(url, headers),
    identityFor: ({ arn }) => (arn.endsWith("user/operator") ? { username: arn, groups: ["operators"] } : undefined),
    podIdentityRole: (namespace, serviceAccount) =>
      namespace === "default" && serviceAccount === "with-role" ? `arn:aws:iam::${account}:role/demo` : undefined,
    onLoginRefused: (reason) => refusals.push(reason),
  });
  await plane.kube.apply({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "operators" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "operators" }],
  });
}, 900_000);

afterAll(async () => {
  await plane.stop();
  rmSync(dir, { recursive: true, force: true });
});

test("a login token of somebody with an access entry gives the rights of its groups", async () => {
  const kube = await clientWithToken(await loginToken(operator, "demo"));
  const review = await kube.create<KubeObject & { status: { userInfo: { username: string; groups: string[] } } }>(
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
  );

  expect(review.status.userInfo.username).toBe(`arn:aws:iam::${account}:user/operator`);
  expect(await kube.list("/api/v1/secrets")).toEqual([]);
});

test.each([
  ["for another cluster", () => loginToken(operator, "other"), /signature/],
  ["of somebody without an access entry", () => loginToken(stranger, "demo"), /has no access/],
  ["that was changed", async () => (await loginToken(operator, "demo")).slice(0, -4) + "AAAA", /./],
])("a login token %s is refused", async (_, makeToken, reason) => {
  refusals.length = 0;
  const kube = await clientWithToken(await makeToken());
  const failure = await kube.list("/api/v1/namespaces").catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(KubeError);
  expect((failure as KubeError).status).toBe(401);
  expect(refusals.join()).toMatch(reason);
});

test("the older version that was asked for is what the API server says it is", async () => {
  const version = JSON.parse(await plane.kube.text("/version")) as { emulationMinor: string };

  expect(version.emulationMinor).toBe("35");
});

test("pods of an associated service account get their credentials' address at admission, others don't", async () => {
  const pod = (name: string, serviceAccountName: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { serviceAccountName, containers: [{ name: "main", image: "none", env: [{ name: "A", value: "1" }] }] },
  });
  const waitForDefault = new AbortController();
  await new Promise<void>((resolve) => {
    // The controller manager makes the default service account, which pods need.
    void plane.kube.watch("/api/v1/namespaces/default/serviceaccounts", () => resolve(), waitForDefault.signal);
  });
  waitForDefault.abort();
  await plane.kube.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "with-role" } });
  const mutated = await plane.kube.create<Pod>("/api/v1/namespaces/default/pods", pod("first", "with-role"));
  const plain = await plane.kube.create<Pod>("/api/v1/namespaces/default/pods", pod("second", "default"));

  const names = mutated.spec.containers[0]?.env?.map(({ name }) => name);
  expect(names).toEqual([
    "A",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  ]);
  expect(mutated.spec.volumes.map(({ name }) => name)).toContain("eks-pod-identity-token");
  expect(mutated.spec.containers[0]?.volumeMounts.map(({ name }) => name)).toContain("eks-pod-identity-token");
  expect(plain.spec.containers[0]?.env?.map(({ name }) => name)).toEqual(["A"]);
});

test("a watch reports what is there, changes and deletions", async () => {
  const { kube } = plane;
  const path = "/api/v1/namespaces/default/configmaps";
  const stop = new AbortController();
  const events: string[] = [];
  let wake = () => {};
  const watching = kube.watch(
    `${path}?labelSelector=watched`,
    ({ type, object }: WatchEvent) => {
      events.push(`${type} ${object.metadata.name}`);
      wake();
    },
    stop.signal,
  );
  const until = async (count: number) => {
    while (events.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "one", labels: { watched: "yes" } } };
  await kube.apply(map);
  await until(1);
  await kube.patch(`${path}/one`, { data: { a: "1" } });
  await until(2);
  await kube.delete(`${path}/one`);
  await until(3);
  stop.abort();
  await watching;

  expect(events).toEqual(["ADDED one", "MODIFIED one", "DELETED one"]);
  expect(await kube.get(`${path}/one`)).toBeUndefined();
});

test("a stopped control plane leaves no process, goes on where it was, and leaves nothing when it is discarded", async () => {
  const pids: number[] = [];
  const recording: World = {
    ...world,
    spawn: (...args) => {
      const child = world.spawn(...args);
      pids.push(child.pid);
      return child;
    },
  };
  const options = {
    cluster: "second",
    issuer: "https://oidc.eks.us-east-2.amazonaws.com/id/SECOND",
    verifyPresigned: (url: string, headers: Readonly<Record<string, string>>) =>
      identities.verifyPresigned(url, headers),
    identityFor: () => undefined,
    podIdentityRole: () => undefined,
  };
  const expectNoProcess = () => {
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  };
  const first = await startControlPlane(recording, { ...options, version: "1.35" });
  await first.kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kept" } });
  await first.stop();

  expect(pids).toHaveLength(4);
  expectNoProcess();

  const upgraded = await startControlPlane(recording, { ...options, version: "1.36" });
  const kept = await upgraded.kube.get("/api/v1/namespaces/kept");
  const version = JSON.parse(await upgraded.kube.text("/version")) as { emulationMinor: string };
  await upgraded.stop();
  discardControlPlane(world, "second");

  expect(upgraded.endpoint).toBe(first.endpoint);
  expect(upgraded.certificateAuthority).toBe(first.certificateAuthority);
  expect(kept?.metadata.name).toBe("kept");
  expect(version.emulationMinor).toBe("36");
  expectNoProcess();
  expect(existsSync(join(dir, "clusters/second/control-plane"))).toBe(false);
});
