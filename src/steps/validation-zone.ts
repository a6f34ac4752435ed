import type { Route53Client } from "@aws-sdk/client-route-53";
import { findHostedZone, openRoute53, type KnownZone } from "../aws/hosted-zones.ts";
import type { HubConfig } from "../config/hub-config.ts";
import type { AwsClients } from "../aws/clients.ts";
import type { PublicDns } from "../dns/ask.ts";

/** Where a record that proves the domain can be written; `none` says why that is for the operator to do. */
export type ValidationZone = { client: Route53Client; zone: KnownZone } | { none: string; todo: string };

/** ACM asks the public DNS, so a private zone that the hub's own record goes into is of no use here. */
export async function findValidationZone(
  aws: AwsClients,
  dns: PublicDns,
  { domain, hostedZone = {}, aws: login }: Pick<HubConfig, "domain" | "hostedZone" | "aws">,
): Promise<ValidationZone> {
  const client = await openRoute53(aws, login, hostedZone);
  const named = await findHostedZone(client, dns, { domain, setting: hostedZone });
  const choice = "zone" in named && named.zone.isPrivate ? await findHostedZone(client, dns, { domain }) : named;
  return "zone" in choice ? { client, zone: choice.zone } : choice;
}
