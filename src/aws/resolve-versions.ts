import { DescribeAddonVersionsCommand, DescribeClusterVersionsCommand } from "@aws-sdk/client-eks";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import type { HubConfig } from "../config/hub-config.ts";
import { addonNames } from "../config/terraform-variables.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { ToolError, UserError } from "../errors.ts";
import { testedVersions } from "../versions.ts";
import type { AwsClients } from "./clients.ts";
import { zonesOfExistingVpc } from "./existing-vpc.ts";
import { zonesOfNewVpc } from "./zones.ts";

/** Asks AWS once for everything that would otherwise be "the default today". */
export async function resolveVersions(
  aws: AwsClients,
  config: HubConfig,
): Promise<Pick<HubLock, "kubernetes" | "addons" | "nodeImage" | "zones">> {
  const { existingVpc } = config.network;
  const [kubernetes, zones] = await Promise.all([
    resolveKubernetes(aws, config),
    existingVpc ? zonesOfExistingVpc(aws, config, existingVpc) : zonesOfNewVpc(aws, config),
  ]);
  const [addons, nodeImage] = await Promise.all([resolveAddons(aws, kubernetes), resolveNodeImage(aws, kubernetes)]);
  return { kubernetes, addons, nodeImage, zones };
}

async function resolveKubernetes(aws: AwsClients, config: HubConfig): Promise<string> {
  const { clusterVersions } = await aws.eks.send(new DescribeClusterVersionsCommand({}));
  const offered = (clusterVersions ?? []).flatMap(({ clusterVersion, versionStatus }) =>
    clusterVersion === undefined ? [] : [{ version: clusterVersion, standard: versionStatus === "STANDARD_SUPPORT" }],
  );
  const wanted = config.cluster.kubernetesVersion;
  const list = offered
    .map(({ version, standard }) => (standard ? version : `${version} (extended support)`))
    .join(", ");
  if (wanted === undefined) {
    const newest = testedVersions.kubernetes.find((tested) =>
      offered.some(({ version, standard }) => standard && version === tested),
    );
    if (newest !== undefined) return newest;
    throw new UserError(
      "KubernetesNotOffered",
      `EKS in ${aws.region} offers none of the Kubernetes versions that this hubctl knows (offered: ${list})`,
      {
        hint: "upgrade hubctl, or name an offered version in the configuration",
      },
    );
  }
  const match = offered.find(({ version }) => version === wanted);
  if (!match) {
    throw new UserError("KubernetesNotOffered", `EKS in ${aws.region} does not offer Kubernetes ${wanted}`, {
      hint: `choose one of: ${list}`,
    });
  }
  if (!match.standard && config.cluster.supportPolicy === "STANDARD") {
    throw new UserError("KubernetesOutOfSupport", `Kubernetes ${wanted} is out of EKS' standard support`, {
      hint: `choose one of: ${list}; or set the support policy to extended, which costs six times as much per cluster hour`,
    });
  }
  return wanted;
}

async function resolveAddons(aws: AwsClients, kubernetes: string): Promise<Record<string, string>> {
  const offered = await offeredAddons(aws, kubernetes);
  return Object.fromEntries(Object.entries(offered).map(([name, { preferred }]) => [name, preferred]));
}

/** By add-on: EKS' default version for a Kubernetes version, and all versions that fit it, newest first. */
export async function offeredAddons(
  aws: AwsClients,
  kubernetes: string,
): Promise<Record<string, { preferred: string; fitting: string[] }>> {
  const offers = await Promise.all(
    addonNames.map(async (addonName) => {
      const { addons } = await aws.eks.send(
        new DescribeAddonVersionsCommand({ addonName, kubernetesVersion: kubernetes }),
      );
      const all = addons?.[0]?.addonVersions ?? [];
      const byDefault = all.find(({ compatibilities }) =>
        compatibilities?.some(({ defaultVersion }) => defaultVersion),
      );
      const preferred = (byDefault ?? all[0])?.addonVersion;
      if (preferred === undefined) {
        throw new UserError(
          "AddonNotOffered",
          `EKS offers no version of the add-on ${addonName} for Kubernetes ${kubernetes}`,
          {
            hint: "choose an older Kubernetes version in the configuration",
          },
        );
      }
      return [addonName, { preferred, fitting: all.flatMap(({ addonVersion }) => addonVersion ?? []) }] as const;
    }),
  );
  return Object.fromEntries(offers);
}

/** https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html */
const imageParameters = (kubernetes: string) =>
  `/aws/service/eks/optimized-ami/${kubernetes}/amazon-linux-2023/x86_64/standard`;

/** The newest image of nodes for a Kubernetes version. */
export async function resolveNodeImage(aws: AwsClients, kubernetes: string): Promise<HubLock["nodeImage"]> {
  const Name = `${imageParameters(kubernetes)}/recommended/release_version`;
  const { Parameter } = await aws.ssm.send(new GetParameterCommand({ Name }));
  const release = Parameter?.Value;
  const date = release?.split("-").at(-1);
  if (release === undefined || !date || !/^\d{8}$/.test(date)) {
    throw new ToolError(
      "NodeImageUnknown",
      `the SSM parameter ${Name} holds no release version but ${String(release)}`,
    );
  }
  return { release, alias: `al2023@v${date}` };
}

/** Whether Karpenter finds the image of `alias` in a cluster of that Kubernetes version. */
export async function hasNodeImage(aws: AwsClients, kubernetes: string, alias: string): Promise<boolean> {
  const day = alias.split("@")[1] ?? "";
  const folder = `amazon-eks-node-al2023-x86_64-standard-${kubernetes}-${day}`;
  try {
    await aws.ssm.send(new GetParameterCommand({ Name: `${imageParameters(kubernetes)}/${folder}/image_id` }));
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "ParameterNotFound") return false;
    throw error;
  }
}
