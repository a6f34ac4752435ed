import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HubLock } from "../../../src/config/hub-lock.ts";
import { readLock, writeLock } from "../../../src/config/lock-file.ts";
import { createWorkDir } from "../../../src/config/work-dir.ts";
import { UserError } from "../../../src/errors.ts";

let root: string;
let file: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hubctl-test-"));
  file = join(root, "hub.lock.yaml");
});
afterEach(() => rmSync(root, { recursive: true }));

const lock: HubLock = {
  hubctl: "0.1.0",
  id: "k3v9",
  account: "012345678901",
  region: "us-east-2",
  installer: "arn:aws:iam::012345678901:role/hubs/installer",
  kubernetes: "1.30",
  addons: { "vpc-cni": "v1.21.0-eksbuild.1", coredns: "v1.13.1-eksbuild.1" },
  nodeImage: { release: "1.30.1-20261110", alias: "al2023@v20261110" },
  zones: [
    { id: "use2-az1", name: "us-east-2a" },
    { id: "use2-az2", name: "us-east-2b" },
  ],
  charts: { karpenter: "1.14.1", jupyterhub: "4.4.0" },
  provider: "5.100.0",
};

const written = `# Written by hubctl at the first install of this deployment: what was resolved then, so that no rerun and no newer
# hubctl changes it by itself. Keep it with the configuration (commit it). Without it hubctl does not know its own hub.
format: 1
hubctl: 0.1.0
id: k3v9
account: "012345678901"
region: us-east-2
installer: arn:aws:iam::012345678901:role/hubs/installer
kubernetes: "1.30"
addons:
  coredns: v1.13.1-eksbuild.1
  vpc-cni: v1.21.0-eksbuild.1
nodeImage:
  release: 1.30.1-20261110
  alias: al2023@v20261110
zones:
  - id: use2-az1
    name: us-east-2a
  - id: use2-az2
    name: us-east-2b
charts:
  jupyterhub: 4.4.0
  karpenter: 1.14.1
provider: 5.100.0
`;

function failure(content: string) {
  writeFileSync(file, content);
  try {
    readLock(file);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    const { code, message } = error as UserError;
    return { code, message: message.replace(file, "FILE") };
  }
  throw new Error("the lock file was read");
}

describe("the lock file", () => {
  it("is the same text for the same lock, whatever the order of its keys", async () => {
    await writeLock(file, lock);
    expect(readFileSync(file, "utf8")).toBe(written);
    const reordered = Object.fromEntries(Object.entries(lock).reverse()) as unknown as HubLock;
    await writeLock(file, reordered);
    expect(readFileSync(file, "utf8")).toBe(written);
    expect(readLock(file)).toEqual(lock);
    expect(readdirSync(root)).toEqual(["hub.lock.yaml"]);
  });

  it("is not there before the first install", () => {
    expect(readLock(file)).toBeUndefined();
  });

  it.each([
    ["", "LockFileBroken", 'The lock file FILE is broken: its first entry must be "format: 1"'],
    [
      "id: [",
      "LockFileBroken",
      "The lock file FILE is broken: Flow sequence in block collection must be sufficiently indented and end with a ] at line 1, column 6:",
    ],
    [written.replace("format: 1", "format: 2"), "LockFileNewer", "FILE has format 2; this hubctl reads up to 1"],
    [
      written.replace('"012345678901"', "12345678901"),
      "LockFileBroken",
      "The lock file FILE is broken: account: Invalid input: expected string, received number",
    ],
    [
      written.replace("id: k3v9\n", ""),
      "LockFileBroken",
      "The lock file FILE is broken: id: Invalid input: expected string, received undefined",
    ],
    [`${written}more: 1\n`, "LockFileBroken", 'The lock file FILE is broken: Unrecognized key: "more"'],
    [
      written.replace("id: k3v9", "<<<<<<< HEAD\nid: k3v9"),
      "LockFileBroken",
      "The lock file FILE is broken: Implicit keys need to be on a single line at line 5, column 1:",
    ],
  ])("that is broken is refused, not guessed at (%#)", (content, code, message) => {
    expect(failure(content)).toEqual({ code, message });
  });

  it("is never written with something missing", async () => {
    await expect(writeLock(file, { ...lock, id: "" })).rejects.toThrow();
    expect(readLock(file)).toBeUndefined();
  });
});

describe("the work folder", () => {
  it("is the user's alone, and ignored by git", () => {
    const workDir = createWorkDir({ workDir: join(root, ".hubctl/field") });
    for (const folder of [
      workDir.path,
      workDir.terraform("storage"),
      workDir.terraform("cluster"),
      workDir.logs,
      workDir.journal,
    ]) {
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    }
    expect(readFileSync(join(root, ".hubctl/.gitignore"), "utf8")).toBe("*\n");
    expect(createWorkDir({ workDir: workDir.path }).kubeconfig).toBe(workDir.kubeconfig);
  });
});
