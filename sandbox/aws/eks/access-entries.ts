import type { CreateAccessEntryRequest, UpdateAccessEntryRequest } from "@aws-sdk/client-eks";
import { createAccessEntry, fadeAccessEntry } from "./access-entry-records.ts";
import { timestamp } from "./context.ts";
import type { EksContext } from "./context.ts";
import { inUse, invalidParameter, invalidRequest, notFound } from "./errors.ts";
import { parsePrincipalArn, principalExists } from "./iam.ts";
import { pageOf, paginate, param, required } from "./router.ts";
import type { Call, Operation } from "./router.ts";
import type { AccessEntryRecord, ClusterRecord } from "./state.ts";
import { checkTags } from "./tags.ts";

const types = ["STANDARD", "EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX", "HYPERPOD_LINUX"];

export function accessEntryOperations(context: EksContext): Operation[] {
  return [
    {
      name: "CreateAccessEntry",
      method: "POST",
      path: "/clusters/{name}/access-entries",
      run: (call) => create(context, call),
    },
    {
      name: "DescribeAccessEntry",
      method: "GET",
      path: "/clusters/{name}/access-entries/{principalArn}",
      run: (call) => ({ accessEntry: findEntry(context, call).entry.shape }),
    },
    {
      name: "ListAccessEntries",
      method: "GET",
      path: "/clusters/{name}/access-entries",
      run: (call) => {
        const record = clusterWithEntries(context, call);
        const policyArn = call.query.get("associatedPolicyArn");
        const arns = Object.values(record.accessEntries)
          .filter(({ policies }) => policyArn === null || policies.some(({ shape }) => shape.policyArn === policyArn))
          .map(({ shape }) => shape.principalArn);
        const { items, ...rest } = paginate(arns, pageOf(call));
        return { accessEntries: items, ...rest };
      },
    },
    {
      name: "UpdateAccessEntry",
      method: "POST",
      path: "/clusters/{name}/access-entries/{principalArn}",
      run: (call) => update(context, call),
    },
    {
      name: "DeleteAccessEntry",
      method: "DELETE",
      path: "/clusters/{name}/access-entries/{principalArn}",
      run: (call) => {
        const { record, entry } = findEntry(context, call);
        fadeAccessEntry(context, record, entry);
        Reflect.deleteProperty(record.accessEntries, entry.shape.principalArn);
        context.store.save(record);
        return {};
      },
    },
  ];
}

/** The cluster, if its authentication mode knows access entries. */
function clusterWithEntries(context: EksContext, call: Call): ClusterRecord {
  const record = context.store.get(param(call, "name"));
  if (record.shape.accessConfig.authenticationMode === "CONFIG_MAP") {
    throw invalidRequest(
      "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
    );
  }
  return record;
}

export function findEntry(context: EksContext, call: Call): { record: ClusterRecord; entry: AccessEntryRecord } {
  const record = clusterWithEntries(context, call);
  const entry = record.accessEntries[param(call, "principalArn")];
  if (entry === undefined) {
    throw notFound(
      "The specified principalArn could not be found. You can view your available access entries with 'aws eks list-access-entries'.",
    );
  }
  return { record, entry };
}

async function create(context: EksContext, call: Call): Promise<object> {
  const record = clusterWithEntries(context, call);
  if (record.shape.status === "DELETING" || record.shape.status === "FAILED") {
    throw invalidRequest(`Cluster ${record.shape.name} is not in ACTIVE status: ${record.shape.status}`);
  }
  const body = call.body as Partial<CreateAccessEntryRequest>;
  const principalArn = required(body.principalArn, "principalArn");
  const type = body.type ?? "STANDARD";
  if (!types.includes(type))
    throw invalidParameter(`The type ${type} is invalid: must be one of [${types.join(", ")}]`);
  await checkPrincipal(context, principalArn, type);
  const { kubernetesGroups = [], username, tags = {} } = body;
  checkTags(tags);
  checkIdentity(type, kubernetesGroups, username);
  if (record.accessEntries[principalArn] !== undefined) {
    throw inUse("The specified access entry resource is already in use on this cluster.");
  }
  const entry = createAccessEntry(context, record, {
    principalArn,
    type,
    kubernetesGroups,
    tags,
    ...(username === undefined ? {} : { username }),
  });
  context.store.save(record);
  return { accessEntry: entry.shape };
}

async function checkPrincipal(context: EksContext, arn: string, type: string): Promise<void> {
  if (arn.startsWith("arn:aws:sts::")) {
    throw invalidParameter("The principalArn parameter format is not valid: the ARN of an IAM role or user is needed");
  }
  const principal = parsePrincipalArn(arn);
  if (principal === undefined) throw invalidParameter("The principalArn parameter format is not valid");
  if (type !== "STANDARD" && principal.kind !== "role") {
    throw invalidParameter(`The principalArn of an access entry of type ${type} must be an IAM role`);
  }
  if (principal.account === context.account && !(await principalExists(context, principal))) {
    throw invalidParameter("The specified principalArn is invalid: invalid principal.");
  }
}

function checkIdentity(type: string, groups: readonly string[], username: string | undefined): void {
  if (type !== "STANDARD") {
    if (groups.length > 0) throw invalidParameter(`The kubernetesGroups may not be specified for type ${type}`);
    if (username !== undefined) throw invalidParameter(`The username may not be specified for type ${type}`);
    return;
  }
  const reserved = groups.find((group) => group.startsWith("system:"));
  if (reserved !== undefined) {
    throw invalidParameter(`The kubernetes group name ${reserved} is invalid, it cannot start with system:`);
  }
  const prefix = ["system:", "eks:", "aws:", "amazon:", "iam:"].find((start) => username?.startsWith(start));
  if (prefix !== undefined) throw invalidParameter(`The username must not begin with ${prefix}`);
}

function update(context: EksContext, call: Call): object {
  const { record, entry } = findEntry(context, call);
  const { kubernetesGroups, username } = call.body as Partial<UpdateAccessEntryRequest>;
  checkIdentity(entry.shape.type, kubernetesGroups ?? [], username);
  fadeAccessEntry(context, record, entry);
  if (kubernetesGroups !== undefined) entry.shape.kubernetesGroups = kubernetesGroups;
  if (username !== undefined) entry.shape.username = username;
  entry.shape.modifiedAt = timestamp(context);
  context.store.save(record);
  return { accessEntry: entry.shape };
}
