import type { Change, ResourceRecordSet, Route53Client } from "@aws-sdk/client-route-53";
import { plainName } from "../dns/names.ts";
import { UserError } from "../errors.ts";
import type { ValidationRecord } from "./certificates.ts";

/** Long enough for ACM, which asks again for every renewal, and short enough to be mended. */
const ttlSeconds = 300;

/** Whether the zone has the record; UserError if it has another one of that name. */
export async function hasValidationRecord(
  client: Route53Client,
  zone: string,
  wanted: ValidationRecord,
): Promise<boolean> {
  const found = await readRecord(client, zone, wanted);
  if (found === undefined) return false;
  const values = (found.ResourceRecords ?? []).map(({ Value = "" }) => plainName(Value));
  // Providers that refuse names with an underscore had it left out, which ACM accepts.
  const value = plainName(wanted.value);
  if (values.some((one) => one === value || `_${one}` === value)) return true;
  throw new UserError(
    "ValidationRecordTaken",
    `the record ${wanted.name}, which proves the domain to AWS, leads to ${values.join(", ")} in the zone ${zone}`,
    { hint: `find out who made it; if nobody needs it, delete it or set it to ${wanted.value}` },
  );
}

export async function writeValidationRecord(
  client: Route53Client,
  zone: string,
  record: ValidationRecord,
): Promise<void> {
  await changeRecord(client, zone, { Action: "UPSERT", ResourceRecordSet: asRecordSet(record) });
}

/** Leaves alone what is not as it was written. */
export async function deleteValidationRecord(
  client: Route53Client,
  zone: string,
  record: ValidationRecord,
): Promise<void> {
  const found = await readRecord(client, zone, record);
  if (found?.ResourceRecords?.length !== 1) return;
  if (plainName(found.ResourceRecords[0]?.Value ?? "") !== plainName(record.value)) return;
  await changeRecord(client, zone, { Action: "DELETE", ResourceRecordSet: found });
}

async function changeRecord(client: Route53Client, HostedZoneId: string, change: Change): Promise<void> {
  const { ChangeResourceRecordSetsCommand } = await import("@aws-sdk/client-route-53");
  const ChangeBatch = { Comment: "proof of the domain for AWS Certificate Manager", Changes: [change] };
  await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch }));
}

function asRecordSet({ name, value }: ValidationRecord): ResourceRecordSet {
  return { Name: name, Type: "CNAME", TTL: ttlSeconds, ResourceRecords: [{ Value: value }] };
}

async function readRecord(
  client: Route53Client,
  HostedZoneId: string,
  { name }: ValidationRecord,
): Promise<ResourceRecordSet | undefined> {
  const { ListResourceRecordSetsCommand } = await import("@aws-sdk/client-route-53");
  const from = { StartRecordName: name, StartRecordType: "CNAME" as const, MaxItems: 1 };
  try {
    const answer = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId, ...from }));
    // The list begins at the name or behind it.
    return answer.ResourceRecordSets?.find(
      ({ Name, Type }) => Type === "CNAME" && plainName(Name ?? "") === plainName(name),
    );
  } catch (error) {
    if (error instanceof Error && error.name === "NoSuchHostedZone") return undefined;
    throw error;
  }
}
