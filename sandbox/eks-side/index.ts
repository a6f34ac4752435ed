import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ControlPlane } from "../kube/types.ts";
import type { World } from "../world.ts";

export { addonReady, applyAddon, removeAddon } from "./addons.ts";

export interface EksSideSettings {
  cluster: string;
  vpcId: string;
  subnetIds: readonly string[];
  /** A zone of the cluster's subnets, "us-east-2a". */
  zone: string;
  /** Keys of the cluster's role, whose power the controllers of EKS use. */
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** Starts what AWS runs beside a control plane: the AWS cloud controller manager. */
export function startEksSide(
  world: World,
  plane: ControlPlane,
  settings: EksSideSettings,
): Promise<{ stop(): Promise<void> }> {
  const folder = join(world.dir, "clusters", settings.cluster);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const config = join(folder, "cloud.conf");
  writeFileSync(config, cloudConfig(world.region, settings));
  const { accessKeyId, secretAccessKey, sessionToken } = settings.credentials;
  const child = world.spawn(
    `cloud-controller-manager-${settings.cluster}`,
    world.binaries.cloudControllerManager,
    cloudControllerArguments(plane, settings.cluster, config),
    {
      env: {
        AWS_ENDPOINT_URL: world.endpoint,
        AWS_REGION: world.region,
        AWS_EC2_METADATA_DISABLED: "true",
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
      },
    },
  );
  return Promise.resolve({ stop: () => child.stop() });
}

function cloudConfig(region: string, { cluster, vpcId, subnetIds, zone }: EksSideSettings): string {
  return [
    "[Global]",
    `Region=${region}`,
    `Zone=${zone}`,
    `VPC=${vpcId}`,
    `SubnetID=${subnetIds[0] ?? ""}`,
    `KubernetesClusterID=${cluster}`,
    "",
  ].join("\n");
}

function cloudControllerArguments(plane: ControlPlane, cluster: string, config: string): string[] {
  return [
    "--cloud-provider=aws",
    `--cloud-config=${config}`,
    `--kubeconfig=${plane.adminKubeconfig}`,
    `--cluster-name=${cluster}`,
    // Routes are the VPC CNI's business on EKS.
    "--controllers=service-lb-controller,cloud-node-controller,cloud-node-lifecycle-controller",
    "--configure-cloud-routes=false",
    "--leader-elect=false",
    "--secure-port=0",
    "--webhook-secure-port=0",
    "--v=2",
  ];
}
