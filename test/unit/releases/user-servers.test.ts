import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HubConfig } from "../../../src/config/hub-config.ts";
import { hub } from "../../../src/releases/hub.ts";
import type { ReleaseInputs } from "../../../src/releases/inputs.ts";
import { startCommands } from "../../../src/releases/start-commands.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const singleuser = (inputs: ReleaseInputs) =>
  (hub.values(inputs) as { singleuser: Record<string, unknown> }).singleuser;

const { users, storage, image } = releaseInputs().config;
const withUsers = (changes: Partial<HubConfig["users"]>) =>
  releaseInputs({ config: { users: { ...users, ...changes } } });
const withStorage = (changes: Partial<HubConfig["storage"]>) =>
  releaseInputs({ config: { storage: { ...storage, ...changes } } });

test("homes and the shared folder are the platform chart's claims", () => {
  expect(singleuser(releaseInputs())["storage"]).toEqual({
    type: "static",
    static: { pvcName: "home", subPath: "{escaped_username}" },
    extraVolumes: { "folder-shared": { name: "folder-shared", persistentVolumeClaim: { claimName: "shared" } } },
    extraVolumeMounts: { "folder-shared": { name: "folder-shared", mountPath: "/shared" } },
  });
});

test("several folders have volumes of their own, and those that admins write to are read-only at first", () => {
  const inputs = withStorage({
    sharedFolders: [
      { name: "home", mountPath: "/group", writers: "everyone" },
      { name: "tutorial-data", mountPath: "/data", writers: "admins" },
    ],
  });
  expect(singleuser(inputs)["storage"]).toMatchObject({
    static: { pvcName: "home" },
    extraVolumes: {
      "folder-home": { name: "folder-home", persistentVolumeClaim: { claimName: "shared-home" } },
      "folder-tutorial-data": { persistentVolumeClaim: { claimName: "shared-tutorial-data" } },
    },
    extraVolumeMounts: {
      "folder-home": { name: "folder-home", mountPath: "/group" },
      "folder-tutorial-data": { name: "folder-tutorial-data", mountPath: "/data", readOnly: true },
    },
  });
});

test("they are sized as configured, run without a privileged container, and keep their node", () => {
  expect(singleuser(releaseInputs())).toMatchObject({
    cpu: { guarantee: 0.5, limit: 2 },
    memory: { guarantee: "1G", limit: "8G" },
    cloudMetadata: { blockWithIptables: false },
    extraAnnotations: { "karpenter.sh/do-not-disrupt": "true" },
  });
});

test("what is not configured is not in the values at all", () => {
  const settings = ["extraEnv", "extraFiles", "lifecycleHooks", "profileList", "serviceAccountName"];
  expect(Object.keys(singleuser(releaseInputs())).filter((name) => settings.includes(name))).toEqual([]);
});

test("environment variables arrive as they are written, braces included", () => {
  const inputs = withUsers({ environment: { PROJECT: "archive", STYLE: '{"dark": true}' } });
  expect(singleuser(inputs)["extraEnv"]).toEqual({ PROJECT: "archive", STYLE: '{{"dark": true}}' });
});

test("files are put at their paths, under keys that a Secret can have", () => {
  const inputs = withUsers({
    files: [
      { path: "/etc/jupyter/jupyter server config.py", content: "c = 1\n" },
      { path: "/opt/config.py", content: "" },
    ],
  });
  expect(singleuser(inputs)["extraFiles"]).toEqual({
    "0-jupyter_server_config.py": { mountPath: "/etc/jupyter/jupyter server config.py", stringData: "c = 1\n" },
    "1-config.py": { mountPath: "/opt/config.py", stringData: "" },
  });
});

test("with data buckets they have the service account of the role that reaches them, and no token for Kubernetes", () => {
  const inputs = withStorage({ buckets: [{ name: "data", access: "read" }] });
  expect(singleuser(inputs)["serviceAccountName"]).toBe("user");
  expect(JSON.stringify(singleuser(inputs))).not.toContain("automount");
});

describe("the image", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const imageOf = (changes: Partial<HubConfig["image"]>, images?: Record<string, string>) => {
    const inputs = releaseInputs({ config: { image: { ...image, repository: "example/notebook", ...changes } } });
    return singleuser({ ...inputs, lock: { ...inputs.lock, ...(images && { images }) } })["image"];
  };

  test.each([
    ["latest", "Always"],
    ["main", "Always"],
    ["stable-v2", "Always"],
    ["python-3.12", "IfNotPresent"],
    ["2026-08-31", "IfNotPresent"],
    ["20260831", "IfNotPresent"],
    ["4f0c1de9", "IfNotPresent"],
    ["feedface", "Always"],
  ])("%s is pulled %s", (tag, pullPolicy) => {
    expect(imageOf({ tag })).toEqual({ name: "example/notebook", tag, pullPolicy });
  });

  test("with a digest is that one, whatever the tag; the chart joins name and tag with a colon", () => {
    const expected = { name: "example/notebook@sha256", tag: "0".repeat(64), pullPolicy: "IfNotPresent" };
    expect(imageOf({ tag: "latest", digest })).toEqual(expected);
  });

  test("that is frozen has the digest of the lock file, and only then", () => {
    const images = { "example/notebook:latest": digest };
    expect(imageOf({ tag: "latest", freeze: true }, images)).toMatchObject({ name: "example/notebook@sha256" });
    expect(imageOf({ tag: "latest", freeze: false }, images)).toMatchObject({
      name: "example/notebook",
      tag: "latest",
    });
    expect(imageOf({ tag: "other", freeze: true }, images)).toMatchObject({ name: "example/notebook", tag: "other" });
  });

  test("is pulled as configured, if it is", () => {
    expect(imageOf({ tag: "latest", pullPolicy: "IfNotPresent" })).toMatchObject({ pullPolicy: "IfNotPresent" });
    expect(imageOf({ tag: "1.2.3", pullPolicy: "Always" })).toMatchObject({ pullPolicy: "Always" });
  });
});

describe("start commands", () => {
  const work = mkdtempSync(join(tmpdir(), "hubctl-start-"));
  const bin = join(work, "bin");
  const home = join(work, "home");

  beforeAll(() => {
    mkdirSync(bin);
    mkdirSync(home);
    writeFileSync(
      join(bin, "gitpuller"),
      `#!/bin/sh\nprintf '<%s>' "$@" >>pulled\ncase $1 in *broken*) exit 3;; esac\n`,
      {
        mode: 0o755,
      },
    );
    writeFileSync(join(bin, "git"), "#!/bin/sh\nprintf 'ref: refs/heads/trunk\\tHEAD\\n0123\\tHEAD\\n'\n", {
      mode: 0o755,
    });
  });

  afterAll(() => {
    rmSync(work, { recursive: true, force: true });
  });

  /** Runs the hook here, with its two fixed paths moved. Throws if it fails. */
  function run(changes: Partial<HubConfig["users"]>): { pulled: string; log: string } {
    const hook = singleuser(withUsers(changes))["lifecycleHooks"] as {
      postStart: { exec: { command: [string, ...string[]] } };
    };
    const [file, ...args] = hook.postStart.exec.command;
    const log = join(work, "log");
    for (const left of [join(home, "pulled"), log]) rmSync(left, { force: true });
    const moved = args.map((text) => text.replaceAll("/home/jovyan", home).replaceAll("/tmp/hubctl-start.log", log));
    execFileSync(file, moved, { env: { PATH: `${bin}:${process.env["PATH"] ?? ""}` } });
    return {
      pulled: existsSync(join(home, "pulled")) ? readFileSync(join(home, "pulled"), "utf8") : "",
      log: existsSync(log) ? readFileSync(log, "utf8") : "",
    };
  }

  test("pull the named branch into the named folder, or the default branch into the repository's", () => {
    const { pulled } = run({
      pullRepositories: [
        { url: "https://example.org/tutorials/it's.git", branch: "2026", folder: "my tutorials" },
        { url: "https://example.org/tutorials/waves.git" },
      ],
    });
    expect(pulled).toBe(
      "<https://example.org/tutorials/it's.git><2026><my tutorials><https://example.org/tutorials/waves.git><trunk><waves>",
    );
  });

  test("go on after one that fails, write it down, and never fail themselves", () => {
    const { pulled, log } = run({
      pullRepositories: [{ url: "https://example.org/broken", branch: "main" }, { url: "https://example.org/fine" }],
      postStart: 'echo "it\'s $((1 + 1))"\nexit 9',
    });
    expect(pulled).toContain("<https://example.org/fine><trunk><fine>");
    expect(log).toBe("failed with exit code 3\nit's 2\nfailed with exit code 9\n");
  });

  test("are none if nothing is to be done", () => {
    expect(startCommands(releaseInputs().config)).toBeUndefined();
  });
});
