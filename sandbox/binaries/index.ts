import { buildGoProgram, copyKarpenterModule, goPrograms, openTofu, tofuModule, type GoProgram } from "./go-build.ts";
import type { Report } from "./cache.ts";
import { downloadHelmAndKubectl } from "./kubectl-layer.ts";
import { programFromEnvironment, programOnPath } from "./lookup.ts";
import { installMoto } from "./moto-environment.ts";
import { findProviderMirror } from "./provider-mirror.ts";
import { versionRules, type VersionRule } from "./versions.ts";

/** Absolute paths of every program that a sandbox runs. */
export interface Binaries {
  kubeApiserver: string;
  etcd: string;
  kubeControllerManager: string;
  kubeScheduler: string;
  cloudControllerManager: string;
  karpenter: string;
  /** The EBS CSI driver and its sidecars, which run in the pods of its add-on. */
  ebsCsiDriver: string;
  csiProvisioner: string;
  csiAttacher: string;
  helm: string;
  kubectl: string;
  /** Terraform, or OpenTofu where there is none. */
  terraform: string;
  motoServer: string;
  /** A filesystem mirror with the provider hashicorp/aws, if one was found. */
  terraformProviders?: string;
  /** Folder with `charts/karpenter`, `charts/karpenter-crd` and `pkg/apis/crds` of the Karpenter release that runs. */
  karpenterModule: string;
}

type GoName = keyof typeof goPrograms;

/** The environment variables that name a program and win over everything else. */
export const programVariables = {
  kubeApiserver: "HUBCTL_SANDBOX_KUBE_APISERVER",
  etcd: "HUBCTL_SANDBOX_ETCD",
  kubeControllerManager: "HUBCTL_SANDBOX_KUBE_CONTROLLER_MANAGER",
  kubeScheduler: "HUBCTL_SANDBOX_KUBE_SCHEDULER",
  cloudControllerManager: "HUBCTL_SANDBOX_CLOUD_CONTROLLER_MANAGER",
  karpenter: "HUBCTL_SANDBOX_KARPENTER",
  ebsCsiDriver: "HUBCTL_SANDBOX_EBS_CSI_DRIVER",
  csiProvisioner: "HUBCTL_SANDBOX_CSI_PROVISIONER",
  csiAttacher: "HUBCTL_SANDBOX_CSI_ATTACHER",
  helm: "HUBCTL_SANDBOX_HELM",
  kubectl: "HUBCTL_SANDBOX_KUBECTL",
  terraform: "HUBCTL_SANDBOX_TERRAFORM",
  motoServer: "HUBCTL_SANDBOX_MOTO_SERVER",
} as const satisfies Partial<Record<keyof Binaries, string>>;

/** Finds every program, and builds or downloads into the user's cache what is not there. */
export async function findBinaries(report: Report): Promise<Binaries> {
  const terraformProviders = findProviderMirror();
  // Installing moto and downloading Helm mostly wait for the network, so they fit beside the builds.
  const [built, { helm, kubectl }, motoServer] = await allSettledOrFirstError([
    findBuilt(report),
    findHelmAndKubectl(report),
    findMoto(report),
  ]);
  return { ...built, helm, kubectl, motoServer, ...(terraformProviders === undefined ? {} : { terraformProviders }) };
}

/** Waits for all even if one fails, so that nothing goes on building behind an error message. */
async function allSettledOrFirstError<A, B, C>(
  promises: readonly [Promise<A>, Promise<B>, Promise<C>],
): Promise<[A, B, C]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}

/** One after the other: they share compiled packages, and each build uses all cores. */
async function findBuilt(report: Report) {
  return {
    kubeApiserver: await findGoProgram("kubeApiserver", report),
    etcd: await findGoProgram("etcd", report),
    kubeControllerManager: await findGoProgram("kubeControllerManager", report),
    kubeScheduler: await findGoProgram("kubeScheduler", report),
    cloudControllerManager: await findGoProgram("cloudControllerManager", report),
    karpenter: await findGoProgram("karpenter", report),
    ebsCsiDriver: await findGoProgram("ebsCsiDriver", report),
    csiProvisioner: await findGoProgram("csiProvisioner", report),
    csiAttacher: await findGoProgram("csiAttacher", report),
    karpenterModule: await copyKarpenterModule(report),
    terraform: await findTerraform(report),
  };
}

async function findGoProgram(key: GoName, report: Report): Promise<string> {
  const program: GoProgram = goPrograms[key];
  // The controllers of AWS don't say their release, so what lies on PATH can't be told to fit.
  const rule = key in versionRules ? versionRules[key as GoName & keyof typeof versionRules] : undefined;
  return (
    programFromEnvironment(programVariables[key]) ??
    (rule === undefined ? undefined : await findInstalled(program.name, rule)) ??
    (await buildGoProgram(program, report))
  );
}

/** In the folder of kubebuilder's test tools, then on PATH. */
async function findInstalled(name: string, rule: VersionRule): Promise<string | undefined> {
  const assets = process.env["KUBEBUILDER_ASSETS"];
  return (assets ? await programOnPath(name, rule, assets) : undefined) ?? (await programOnPath(name, rule));
}

async function findHelmAndKubectl(report: Report): Promise<{ helm: string; kubectl: string }> {
  const helm = programFromEnvironment(programVariables.helm) ?? (await programOnPath("helm", versionRules.helm));
  const kubectl =
    programFromEnvironment(programVariables.kubectl) ?? (await findInstalled("kubectl", versionRules.kubectl));
  if (helm !== undefined && kubectl !== undefined) return { helm, kubectl };
  const downloaded = await downloadHelmAndKubectl(report);
  return { helm: helm ?? downloaded.helm, kubectl: kubectl ?? downloaded.kubectl };
}

export async function findTerraform(report: Report): Promise<string> {
  return (
    programFromEnvironment(programVariables.terraform) ??
    (await programOnPath("terraform", versionRules.terraform)) ??
    (await programOnPath("tofu", versionRules.terraform)) ??
    (await buildGoProgram(openTofu, report, tofuModule))
  );
}

export async function findMoto(report: Report): Promise<string> {
  return programFromEnvironment(programVariables.motoServer) ?? (await installMoto(report));
}
