import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SandboxError } from "../errors.ts";
import { projectRoot } from "../paths.ts";
import { cacheFolder, contentHash, makeOnce, type Report } from "./cache.ts";
import { isProgram } from "./lookup.ts";
import { runTool } from "./run-tool.ts";
import { versions } from "./versions.ts";

export interface GoProgram {
  name: string;
  /** Import path of its main package, one of the `tool` lines of go.mod. */
  package: string;
  version: string;
  /** With nothing cached, on two cores, in the order in which they are built. */
  usualTime: string;
}

export const goPrograms = {
  kubeApiserver: {
    name: "kube-apiserver",
    package: "k8s.io/kubernetes/cmd/kube-apiserver",
    version: versions.kubernetes,
    usualTime: "3 minutes",
  },
  etcd: { name: "etcd", package: "go.etcd.io/etcd/server/v3", version: versions.etcd, usualTime: "10 seconds" },
  kubeControllerManager: {
    name: "kube-controller-manager",
    package: "k8s.io/kubernetes/cmd/kube-controller-manager",
    version: versions.kubernetes,
    usualTime: "1 minute",
  },
  kubeScheduler: {
    name: "kube-scheduler",
    package: "k8s.io/kubernetes/cmd/kube-scheduler",
    version: versions.kubernetes,
    usualTime: "5 seconds",
  },
  cloudControllerManager: {
    name: "aws-cloud-controller-manager",
    package: "k8s.io/cloud-provider-aws/cmd/aws-cloud-controller-manager",
    version: "1.36.1",
    usualTime: "1 minute",
  },
  karpenter: {
    name: "karpenter",
    package: "github.com/aws/karpenter-provider-aws/cmd/controller",
    version: versions.karpenter,
    usualTime: "1 minute",
  },
  ebsCsiDriver: {
    name: "aws-ebs-csi-driver",
    package: "github.com/kubernetes-sigs/aws-ebs-csi-driver/cmd",
    version: "1.62.0",
    usualTime: "30 seconds",
  },
  csiProvisioner: {
    name: "csi-provisioner",
    package: "github.com/kubernetes-csi/external-provisioner/v6/cmd/csi-provisioner",
    version: "6.3.0",
    usualTime: "30 seconds",
  },
  csiAttacher: {
    name: "csi-attacher",
    package: "github.com/kubernetes-csi/external-attacher/v4/cmd/csi-attacher",
    version: "4.12.0",
    usualTime: "10 seconds",
  },
} as const satisfies Record<string, GoProgram>;

export const openTofu: GoProgram = {
  name: "tofu",
  package: "github.com/opentofu/opentofu/cmd/tofu",
  version: versions.openTofu,
  usualTime: "3 minutes",
};

const sandboxModule = join(projectRoot, "sandbox/binaries");
export const tofuModule = join(projectRoot, "sandbox/binaries/tofu");

const [major, minor] = versions.kubernetes.split(".");
const versionPackage = "k8s.io/component-base/version";
const buildFlags: Record<string, readonly string[]> = {
  [sandboxModule]: [
    "-trimpath",
    "-ldflags",
    `-s -w -X ${versionPackage}.gitVersion=v${versions.kubernetes} -X ${versionPackage}.gitMajor=${major ?? ""} -X ${versionPackage}.gitMinor=${minor ?? ""}`,
  ],
  [tofuModule]: ["-trimpath", "-ldflags", "-s -w -X github.com/opentofu/opentofu/version.dev=no"],
};

function moduleCache(module: string): string {
  const sources = ["go.mod", "go.sum"].map((file) => readFileSync(join(module, file)));
  const flags = [...(buildFlags[module] ?? []), process.platform, process.arch];
  return join(cacheFolder(), `go-${contentHash([...sources, ...flags])}`);
}

/** The program from the cache, built first if it is not there. */
export async function buildGoProgram(program: GoProgram, report: Report, module = sandboxModule): Promise<string> {
  const target = join(moduleCache(module), program.name);
  await makeOnce(
    target,
    report,
    () => isProgram(target),
    async (temporary) => {
      await checkGo();
      report(`building ${program.name} ${program.version} (about ${program.usualTime}, once)`);
      await runTool("go", ["build", ...(buildFlags[module] ?? []), "-o", temporary, program.package], {
        cwd: module,
        env: { CGO_ENABLED: "0" },
      });
      renameSync(temporary, target);
    },
  );
  return target;
}

/** A copy of the Karpenter module's charts and definitions, so that a warm start needs no Go. */
export async function copyKarpenterModule(report: Report): Promise<string> {
  const target = join(moduleCache(sandboxModule), "karpenter-module");
  await makeOnce(
    target,
    report,
    () => existsSync(target),
    async (temporary) => {
      await checkGo();
      const module = "github.com/aws/karpenter-provider-aws";
      await runTool("go", ["mod", "download", module], { cwd: sandboxModule });
      const source = (await runTool("go", ["list", "-m", "-f", "{{.Dir}}", module], { cwd: sandboxModule })).trim();
      for (const folder of ["charts/karpenter", "charts/karpenter-crd", "pkg/apis/crds"]) {
        copyWritable(join(source, folder), join(temporary, folder));
      }
      renameSync(temporary, target);
    },
  );
  return target;
}

/** Files and folders of Go's module cache are read-only, and a plain copy keeps that. */
function copyWritable(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyWritable(source, target);
    else writeFileSync(target, readFileSync(source));
  }
}

async function checkGo(): Promise<void> {
  await runTool("go", ["version"]).catch(() => {
    throw new SandboxError(
      "Go is needed to build Kubernetes, and `go` is not on PATH",
      "Install Go 1.26 or later: https://go.dev/doc/install",
    );
  });
}
