import type { HubConfig } from "../config/hub-config.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";

export type Zones = HubLock["zones"];

/** EKS has no control-plane capacity there: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html */
const zonesWithoutEks = new Set(["use1-az3", "usw1-az2", "cac1-az3"]);

/** Whether EKS puts its control plane into a zone: not into three old ones, nor into Local and Wavelength Zones. */
export function holdsControlPlane(zoneId: string): boolean {
  return /^[a-z]+[0-9]+-az[0-9]+$/.test(zoneId) && !zonesWithoutEks.has(zoneId);
}

/** Ids of the zones in which an instance type is on offer. */
export async function zonesOffering(aws: AwsClients, instanceType: string): Promise<Set<string>> {
  const { DescribeInstanceTypeOfferingsCommand } = await import("@aws-sdk/client-ec2");
  const { InstanceTypeOfferings: offerings = [] } = await (
    await aws.ec2()
  ).send(
    new DescribeInstanceTypeOfferingsCommand({
      LocationType: "availability-zone-id",
      Filters: [{ Name: "instance-type", Values: [instanceType] }],
    }),
  );
  return new Set(offerings.flatMap(({ Location }) => Location ?? []));
}

/** As many zones as are wanted and there are; the first also offers the core nodes' instance type. */
export async function zonesOfNewVpc(aws: AwsClients, { cluster, network }: HubConfig): Promise<Zones> {
  const { instanceType } = cluster.coreNodes;
  const [zones, offering] = await Promise.all([availableZones(aws), zonesOffering(aws, instanceType)]);
  const core = zones.filter(({ id }) => offering.has(id));
  if (core.length === 0) {
    throw new UserError("InstanceTypeNotOffered", `no zone of ${aws.region} offers the instance type ${instanceType}`, {
      hint: "choose another instance type for the core nodes, or another region",
    });
  }
  const rest = zones.filter(({ id }) => !offering.has(id));
  const chosen = [...core, ...rest].slice(0, network.vpc.zones);
  if (chosen.length < 2) {
    throw new UserError(
      "TooFewZones",
      `EKS needs two availability zones; ${aws.region} has ${chosen.length} that fit`,
      {
        hint: "choose another region",
      },
    );
  }
  return chosen;
}

async function availableZones(aws: AwsClients): Promise<Zones> {
  const { DescribeAvailabilityZonesCommand } = await import("@aws-sdk/client-ec2");
  const { AvailabilityZones: zones = [] } = await (
    await aws.ec2()
  ).send(
    new DescribeAvailabilityZonesCommand({
      Filters: [
        { Name: "zone-type", Values: ["availability-zone"] },
        { Name: "state", Values: ["available"] },
      ],
    }),
  );
  return zones
    .flatMap(({ ZoneId, ZoneName }) => (ZoneId && ZoneName ? [{ id: ZoneId, name: ZoneName }] : []))
    .filter(({ id }) => holdsControlPlane(id))
    .sort((a, b) => a.id.localeCompare(b.id));
}
