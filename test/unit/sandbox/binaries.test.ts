import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { makeOnce } from "../../../sandbox/binaries/cache.ts";
import { goPrograms } from "../../../sandbox/binaries/go-build.ts";
import { checkIntegrity } from "../../../sandbox/binaries/kubectl-layer.ts";
import { programFromEnvironment, programOnPath } from "../../../sandbox/binaries/lookup.ts";
import { findProviderMirror, providerPath, type MirrorPlaces } from "../../../sandbox/binaries/provider-mirror.ts";
import { parseVersion, versionRules, versions } from "../../../sandbox/binaries/versions.ts";
import { projectRoot } from "../../../sandbox/paths.ts";
import { terraformConfig } from "../../../sandbox/terraform-config.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hubctl-binaries-"));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function writeProgram(path: string, answer: string): string {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${answer}'\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("versions", () => {
  test.each([
    ["Kubernetes v1.36.3", { major: 1, minor: 36 }],
    ["etcd Version: 3.6.8\nGit SHA: Not provided\nGo Version: go1.26.8", { major: 3, minor: 6 }],
    ['{"clientVersion":{"major":"1","minor":"32+","gitVersion":"v1.32.4-dispatcher"}}', { major: 1, minor: 32 }],
    ['{"terraform_version": "1.11.4", "platform": "linux_amd64"}', { major: 1, minor: 11 }],
    ["v4.2.3", { major: 4, minor: 2 }],
    ["no version here", undefined],
  ])("are found in %j", (text, version) => {
    expect(parseVersion(text)).toEqual(version);
  });

  test("Terraform fits from 1.10 on, Helm only as 4, the API server only as the one that was tested", () => {
    expect(versionRules.terraform.fits({ major: 1, minor: 9 })).toBe(false);
    expect(versionRules.terraform.fits({ major: 1, minor: 10 })).toBe(true);
    expect(versionRules.helm.fits({ major: 3, minor: 19 })).toBe(false);
    expect(versionRules.helm.fits({ major: 4, minor: 2 })).toBe(true);
    expect(versionRules.kubeApiserver.fits({ major: 1, minor: 35 })).toBe(false);
    expect(versionRules.kubeApiserver.fits({ major: 1, minor: 36 })).toBe(true);
  });

  test("named in the code are those of the Go modules and of moto's requirements", () => {
    const read = (file: string) => readFileSync(join(projectRoot, "sandbox/binaries", file), "utf8");

    expect(read("go.mod")).toContain(`k8s.io/kubernetes v${versions.kubernetes}`);
    expect(read("go.mod")).toContain(`go.etcd.io/etcd/server/v3 v${versions.etcd}`);
    expect(read("go.mod")).toContain(`github.com/aws/karpenter-provider-aws v${versions.karpenter}`);
    expect(read("go.mod")).toContain(`k8s.io/cloud-provider-aws v${goPrograms.cloudControllerManager.version}`);
    expect(read("tofu/go.mod")).toContain(`github.com/opentofu/opentofu v${versions.openTofu}`);
    expect(read("moto-requirements.txt")).toMatch(new RegExp(`^moto==${versions.moto.replaceAll(".", "\\.")}$`, "m"));
    for (const { package: name } of Object.values(goPrograms)) expect(read("go.mod")).toContain(`\t${name}\n`);
  });
});

describe("a program", () => {
  test("on PATH is taken from the first folder where its version fits", async () => {
    writeProgram(join(folder, "old/helm"), "v3.19.0");
    const wanted = writeProgram(join(folder, "new/helm"), "v4.1.4");
    const searchPath = [join(folder, "none"), join(folder, "old"), join(folder, "new")].join(":");

    expect(await programOnPath("helm", versionRules.helm, searchPath)).toBe(wanted);
    expect(await programOnPath("helm", versionRules.helm, join(folder, "old"))).toBeUndefined();
  });

  test("in the folder of another sandbox is passed over", async () => {
    writeProgram(join(folder, "sandbox/bin/helm"), "v4.2.3");
    writeFileSync(join(folder, "sandbox/launch.json"), "{}");

    expect(await programOnPath("helm", versionRules.helm, join(folder, "sandbox/bin"))).toBeUndefined();
  });

  test("that the environment names is taken, and a wrong name is an error", () => {
    const program = writeProgram(join(folder, "etcd"), "");
    vi.stubEnv("HUBCTL_SANDBOX_ETCD", program);
    vi.stubEnv("HUBCTL_SANDBOX_HELM", join(folder, "none"));

    expect(programFromEnvironment("HUBCTL_SANDBOX_ETCD")).toBe(program);
    expect(programFromEnvironment("HUBCTL_SANDBOX_KUBECTL")).toBeUndefined();
    expect(() => programFromEnvironment("HUBCTL_SANDBOX_HELM")).toThrow(/HUBCTL_SANDBOX_HELM is .*not a program/);
  });

  test("whose download is not what was pinned is refused", () => {
    writeFileSync(join(folder, "archive"), "something else");

    expect(() => checkIntegrity(join(folder, "archive"), versions.kubectlLayer.integrity)).toThrow(
      "not what was expected",
    );
  });
});

describe("what goes into the cache", () => {
  test("is made once, however many ask at the same time", async () => {
    const target = join(folder, "cache/thing");
    const isThere = () => {
      try {
        return readFileSync(target, "utf8") === "made";
      } catch {
        return false;
      }
    };
    const made: string[] = [];
    const make = async (temporary: string) => {
      made.push(temporary);
      writeFileSync(temporary, "made");
      await Promise.resolve();
      renameSync(temporary, target);
    };
    await Promise.all([1, 2, 3].map(() => makeOnce(target, () => undefined, isThere, make)));

    expect(made).toHaveLength(1);
    expect(isThere()).toBe(true);
  });

  test("is not there when making it failed, nor is anything half made", async () => {
    const target = join(folder, "thing");
    writeFileSync(join(folder, ".thing.left-by-a-killed-process"), "half");
    const failing = makeOnce(
      target,
      () => undefined,
      () => false,
      (temporary) => {
        writeFileSync(temporary, "half");
        return Promise.reject(new Error("no space"));
      },
    );

    await expect(failing).rejects.toThrow("no space");
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("the provider mirror", () => {
  const platform = `${process.platform}_${process.arch === "x64" ? "amd64" : process.arch}`;
  const placesWith = (changes: Partial<MirrorPlaces>): MirrorPlaces => ({
    env: { XDG_DATA_DIRS: join(folder, "data") },
    home: join(folder, "home"),
    prefixes: [],
    ...changes,
  });
  const addMirror = (path: string, version: string = versions.awsProvider) => {
    const mirror = join(folder, path);
    mkdirSync(join(mirror, providerPath, version, platform), { recursive: true });
    return mirror;
  };

  test("that the environment names comes first, and a wrong one is an error", () => {
    addMirror("home/.terraform.d/plugins");
    const named = addMirror("named");

    expect(findProviderMirror(placesWith({ env: { HUBCTL_SANDBOX_PROVIDER_MIRROR: named } }))).toBe(named);
    expect(() => findProviderMirror(placesWith({ env: { HUBCTL_SANDBOX_PROVIDER_MIRROR: folder } }))).toThrow(
      /HUBCTL_SANDBOX_PROVIDER_MIRROR/,
    );
  });

  test("that Terraform itself would look at comes before one that has to be searched", () => {
    addMirror("prefix/mirror");
    const implied = addMirror("home/.terraform.d/plugins");

    expect(findProviderMirror(placesWith({ prefixes: [{ folder: join(folder, "prefix"), depth: 3 }] }))).toBe(implied);
  });

  test("is searched for below a prefix, but not deeper than it says", () => {
    const mirror = addMirror("prefix/some/where/mirror");

    expect(findProviderMirror(placesWith({ prefixes: [{ folder: join(folder, "prefix"), depth: 3 }] }))).toBe(mirror);
    expect(
      findProviderMirror(placesWith({ prefixes: [{ folder: join(folder, "prefix"), depth: 2 }] })),
    ).toBeUndefined();
  });

  test("counts when it holds the provider as an archive, and not with another version only", () => {
    addMirror("prefix/other", "4.0.0");
    const places = placesWith({ prefixes: [{ folder: join(folder, "prefix"), depth: 2 }] });

    expect(findProviderMirror(places)).toBeUndefined();

    const packed = join(folder, "prefix/packed");
    mkdirSync(join(packed, providerPath), { recursive: true });
    writeFileSync(join(packed, providerPath, `terraform-provider-aws_${versions.awsProvider}_${platform}.zip`), "");

    expect(findProviderMirror(places)).toBe(packed);
  });

  test("is the only source of the provider in Terraform's config, and others come as usual", () => {
    expect(terraformConfig("/mirror", providerPath)).toBe(
      `provider_installation {
  filesystem_mirror {
    path    = "/mirror"
    include = ["registry.terraform.io/hashicorp/aws"]
  }
  direct {
    exclude = ["registry.terraform.io/hashicorp/aws"]
  }
}
`,
    );
    expect(terraformConfig(undefined, providerPath)).not.toContain("filesystem_mirror");
  });
});
