import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parse } from "yaml";
import { kubeconfigFor } from "../../../src/aws/cluster.ts";
import { mergeIntoFile, mergeKubeconfig, userKubeconfig } from "../../../src/config/user-kubeconfig.ts";

const access = { name: "demo", region: "us-east-2", endpoint: "https://demo.example", certificateAuthority: "Y2E=" };
const made = kubeconfigFor(access, ["hubctl"]);
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hubctl-kubeconfig-"));
  file = join(folder, "config");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const foreign = `# mine, do not touch
apiVersion: v1
kind: Config
preferences: {}
current-context: "work"   # the other one
clusters:
- cluster: {server: 'https://work.example'}
  name: work
contexts:
- context:
    cluster: work
    user: me
  name: work # since 2021
users:
- name: me
  user:
    token: abc
`;

it("adds one context, and touches neither comments nor others nor the one in use", () => {
  const merged = mergeKubeconfig(foreign, made);
  const lines = merged.split("\n");
  let from = 0;
  for (const line of foreign.trimEnd().split("\n")) {
    const at = lines.indexOf(line, from);
    expect(at, line).toBeGreaterThanOrEqual(from);
    from = at + 1;
  }
  const value = parse(merged) as Record<string, unknown[]>;
  expect(value["current-context"]).toBe("work");
  expect(value["clusters"]).toEqual([...(parse(foreign) as typeof value)["clusters"]!, made.clusters[0]]);
  expect(value["contexts"]).toHaveLength(2);
  expect(value["users"]?.at(-1)).toEqual(made.users[0]);
});

it("replaces its own context where it stands, and every further one of the name", () => {
  const once = mergeKubeconfig(foreign, made);
  const moved = kubeconfigFor({ ...access, endpoint: "https://new.example" }, ["hubctl"]);
  const twice = `${once}- name: hubctl-demo\n  user: {token: old}\n`;
  const merged = mergeKubeconfig(twice, moved);
  expect(merged).toBe(once.replace("https://demo.example", "https://new.example"));
});

it.each([
  ["nothing", ""],
  ["empty lists", "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: null\nusers:\n"],
  ["lists that are missing", "apiVersion: v1\nkind: Config\n"],
  ["JSON", '{"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "a", "cluster": {}}], "contexts": []}'],
])("begins with %s", (_, text) => {
  const value = parse(mergeKubeconfig(text, made)) as Record<string, unknown[]>;
  expect(value["clusters"]).toContainEqual(made.clusters[0]);
  expect(value["contexts"]).toEqual(made.contexts);
  expect(value["users"]).toEqual(made.users);
});

it.each([
  ["broken YAML", "clusters:\n- name: a\n cluster: {}\n", /line 3/],
  ["a list that is none", "apiVersion: v1\nclusters: 5\n", /line 2: clusters is no list/],
  ["a text", "hello\n", /no kubeconfig/],
])("leaves a file with %s as it is, and tells the line", async (_, text, message) => {
  writeFileSync(file, text);
  await expect(mergeIntoFile(made, file)).rejects.toThrow(message);
  expect(readFileSync(file, "utf8")).toBe(text);
  expect(existsSync(`${file}.lock`)).toBe(false);
});

it("keeps a copy of what was there, the file's mode, and the link that leads to it", async () => {
  const real = join(folder, "real");
  writeFileSync(real, foreign, { mode: 0o640 });
  symlinkSync(real, file);
  expect(await mergeIntoFile(made, file)).toEqual({
    context: "hubctl-demo",
    isChanged: true,
    backup: `${file}.before-hubctl`,
  });
  expect(readFileSync(`${file}.before-hubctl`, "utf8")).toBe(foreign);
  expect(statSync(`${file}.before-hubctl`).mode & 0o777).toBe(0o600);
  expect(readFileSync(real, "utf8")).toContain("hubctl-demo");
  expect(statSync(real).mode & 0o777).toBe(0o640);
  expect(await mergeIntoFile(made, file)).toMatchObject({ isChanged: false, backup: undefined });
});

it("makes a file that is missing for its owner alone", async () => {
  await mergeIntoFile(made, join(folder, "new", "config"));
  expect(statSync(join(folder, "new", "config")).mode & 0o777).toBe(0o600);
});

it("waits for nobody: a file that kubectl is writing is refused", async () => {
  writeFileSync(`${file}.lock`, "");
  await expect(mergeIntoFile(made, file)).rejects.toMatchObject({ code: "KubeconfigLocked" });
  expect(existsSync(file)).toBe(false);
});

it("takes the first file of KUBECONFIG, else the one in the home folder", () => {
  expect(userKubeconfig({ KUBECONFIG: ":/a:/b", HOME: "/home/x" })).toBe("/a");
  expect(userKubeconfig({ KUBECONFIG: "", HOME: "/home/x" })).toBe("/home/x/.kube/config");
});
