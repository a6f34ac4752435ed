import { applyAccessBindings } from "./access-policy-catalog.ts";
import type { EksContext } from "./context.ts";
import type { ClusterSpec } from "./dependencies.ts";
import type { ClusterRecord } from "./state.ts";

/** Starts the control plane of a cluster with the version that the cluster has now. */
export async function startPlane(context: EksContext, record: ClusterRecord): Promise<void> {
  const { shape } = record;
  const plane = await context.dataPlane.startControlPlane(clusterSpec(record));
  context.planes.set(shape.name, plane);
  shape.endpoint = plane.endpoint;
  shape.certificateAuthority = { data: plane.certificateAuthority };
  await applyAccessBindings(plane);
  context.store.save(record);
}

function clusterSpec({ shape }: ClusterRecord): ClusterSpec {
  const { clusterSecurityGroupId = "", securityGroupIds = [], subnetIds = [], vpcId = "" } = shape.resourcesVpcConfig;
  return {
    name: shape.name,
    arn: shape.arn,
    version: shape.version,
    vpcId,
    subnetIds,
    securityGroupIds: [clusterSecurityGroupId, ...securityGroupIds],
    clusterSecurityGroupId,
    serviceIpv4Cidr: shape.kubernetesNetworkConfig.serviceIpv4Cidr ?? "10.100.0.0/16",
    issuer: shape.identity?.oidc?.issuer ?? "",
  };
}
