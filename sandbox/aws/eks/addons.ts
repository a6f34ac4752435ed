import { randomUUID } from "node:crypto";
import type { AddonPodIdentityAssociations, CreateAddonRequest, UpdateAddonRequest } from "@aws-sdk/client-eks";
import { resumeAddon, withoutOwned } from "./addon-lifecycle.ts";
import { checkConfiguration, versionFor } from "./addon-request.ts";
import { findAddon } from "./addon-versions.ts";
import { activeCluster, arnOf, timestamp } from "./context.ts";
import type { EksContext } from "./context.ts";
import { inUse, invalidParameter, notFound } from "./errors.ts";
import { findRole } from "./iam.ts";
import { addAssociation, checkAssociation } from "./pod-identities.ts";
import { pageOf, paginate, param, required } from "./router.ts";
import type { Call, Operation } from "./router.ts";
import type { AddonRecord, ClusterRecord } from "./state.ts";
import { checkTags } from "./tags.ts";
import { beginUpdate } from "./updates.ts";

const every = "/clusters/{name}/addons";
const one = "/clusters/{name}/addons/{addonName}";

export function addonOperations(context: EksContext): Operation[] {
  return [
    { name: "CreateAddon", method: "POST", path: every, run: (call) => create(context, call) },
    {
      name: "DescribeAddon",
      method: "GET",
      path: one,
      run: (call) => ({ addon: findRecord(context, call).addon.shape }),
    },
    {
      name: "ListAddons",
      method: "GET",
      path: every,
      run: (call) => {
        const record = context.store.get(param(call, "name"));
        const { items, ...rest } = paginate(Object.keys(record.addons).sort(), pageOf(call));
        return { addons: items, ...rest };
      },
    },
    { name: "UpdateAddon", method: "POST", path: `${one}/update`, run: (call) => update(context, call) },
    { name: "DeleteAddon", method: "DELETE", path: one, run: (call) => remove(context, call) },
  ];
}

function findRecord(context: EksContext, call: Call): { record: ClusterRecord; addon: AddonRecord } {
  const record = context.store.get(param(call, "name"));
  const name = param(call, "addonName");
  const addon = record.addons[name];
  if (addon === undefined) {
    throw notFound(`No addon: ${name} found in cluster: ${record.shape.name}`, {
      clusterName: record.shape.name,
      addonName: name,
    });
  }
  return { record, addon };
}

async function create(context: EksContext, call: Call): Promise<object> {
  const record = activeCluster(context, param(call, "name"), "CreateAddon");
  const { name: clusterName, version: minor } = record.shape;
  const body = call.body as Partial<CreateAddonRequest>;
  const addonName = required(body.addonName, "addonName");
  const definition = findAddon(addonName);
  const subject = { clusterName, addonName };
  if (definition === undefined) throw invalidParameter(`Addon ${addonName} specified is not supported`, subject);
  const addonVersion = versionFor(definition, minor, body.addonVersion);
  checkConfiguration(definition, body.configurationValues);
  checkTags(body.tags ?? {});
  await checkServiceAccountRole(context, body);
  for (const { serviceAccount, roleArn } of associationsIn(body.podIdentityAssociations)) {
    await checkAssociation(context, record, { namespace: definition.namespace, serviceAccount, roleArn });
  }
  if (record.addons[addonName] !== undefined) throw inUse("Addon already exists.", subject);
  const now = timestamp(context);
  const addon: AddonRecord = {
    shape: {
      addonName,
      clusterName,
      addonVersion,
      addonArn: arnOf(context, `addon/${clusterName}/${addonName}/${randomUUID()}`),
      status: "CREATING",
      health: { issues: [] },
      createdAt: now,
      modifiedAt: now,
      tags: body.tags ?? {},
      namespaceConfig: { namespace: definition.namespace },
      ...(body.serviceAccountRoleArn ? { serviceAccountRoleArn: body.serviceAccountRoleArn } : {}),
      ...(body.configurationValues ? { configurationValues: body.configurationValues } : {}),
    },
  };
  record.addons[addonName] = addon;
  replaceAssociations(context, record, addon, associationsIn(body.podIdentityAssociations));
  context.store.save(record);
  resumeAddon(context, record, addon);
  return { addon: addon.shape };
}

async function update(context: EksContext, call: Call): Promise<object> {
  const { record, addon } = findRecord(context, call);
  const { addonName, clusterName, status } = addon.shape;
  const body = call.body as Partial<UpdateAddonRequest>;
  const definition = findAddon(addonName);
  if (definition === undefined) throw invalidParameter(`Addon ${addonName} specified is not supported`);
  if (status === "CREATING" || status === "UPDATING" || status === "DELETING") {
    throw inUse(`Addon ${addonName} cannot be updated as it is currently in ${status} state`, {
      clusterName,
      addonName,
    });
  }
  const addonVersion = body.addonVersion
    ? versionFor(definition, record.shape.version, body.addonVersion)
    : addon.shape.addonVersion;
  checkConfiguration(definition, body.configurationValues);
  await checkServiceAccountRole(context, body);
  if (body.podIdentityAssociations !== undefined) {
    const others = { ...record, associations: withoutOwned(record, addon) };
    for (const { serviceAccount, roleArn } of associationsIn(body.podIdentityAssociations)) {
      await checkAssociation(context, others, { namespace: definition.namespace, serviceAccount, roleArn });
    }
    replaceAssociations(context, record, addon, associationsIn(body.podIdentityAssociations));
  }
  addon.shape.addonVersion = addonVersion;
  if (body.serviceAccountRoleArn !== undefined) setOrRemove(addon, "serviceAccountRoleArn", body.serviceAccountRoleArn);
  if (body.configurationValues !== undefined) setOrRemove(addon, "configurationValues", body.configurationValues);
  addon.shape.status = "UPDATING";
  addon.shape.modifiedAt = timestamp(context);
  const params = {
    AddonVersion: addonVersion,
    ...(body.serviceAccountRoleArn ? { ServiceAccountRoleArn: body.serviceAccountRoleArn } : {}),
    ...(body.configurationValues ? { ConfigurationValues: body.configurationValues } : {}),
    ...(body.resolveConflicts ? { ResolveConflicts: body.resolveConflicts } : {}),
    ...(body.podIdentityAssociations ? { PodIdentityAssociations: body.podIdentityAssociations } : {}),
  };
  const begun = beginUpdate(context, record, "AddonUpdate", params, { addonName });
  context.store.save(record);
  resumeAddon(context, record, addon);
  return { update: begun.shape };
}

function remove(context: EksContext, call: Call): object {
  const { record, addon } = findRecord(context, call);
  if (record.shape.status !== "ACTIVE" && record.shape.status !== "DELETING") {
    activeCluster(context, record.shape.name, "DeleteAddon");
  }
  addon.preserve = call.query.get("preserve") === "true";
  addon.shape.status = "DELETING";
  addon.shape.modifiedAt = timestamp(context);
  context.store.save(record);
  resumeAddon(context, record, addon);
  return { addon: addon.shape };
}

function setOrRemove(
  { shape }: AddonRecord,
  member: "serviceAccountRoleArn" | "configurationValues",
  value: string,
): void {
  if (value === "") Reflect.deleteProperty(shape, member);
  else shape[member] = value;
}

async function checkServiceAccountRole(
  context: EksContext,
  { serviceAccountRoleArn, podIdentityAssociations }: Partial<CreateAddonRequest>,
): Promise<void> {
  if (!serviceAccountRoleArn) return;
  if (podIdentityAssociations !== undefined && podIdentityAssociations.length > 0) {
    throw invalidParameter("serviceAccountRoleArn and podIdentityAssociations may not both be specified");
  }
  if ((await findRole(context, serviceAccountRoleArn)) === undefined) {
    throw invalidParameter(`The role ${serviceAccountRoleArn} provided in the request does not exist.`);
  }
}

function associationsIn(
  sent: readonly AddonPodIdentityAssociations[] | undefined,
): { serviceAccount: string; roleArn: string }[] {
  return (sent ?? []).map(({ serviceAccount, roleArn }) => ({
    serviceAccount: required(serviceAccount, "serviceAccount"),
    roleArn: required(roleArn, "roleArn"),
  }));
}

/** Associations that stay as they are keep their ids. */
function replaceAssociations(
  context: EksContext,
  record: ClusterRecord,
  addon: AddonRecord,
  wanted: readonly { serviceAccount: string; roleArn: string }[],
): void {
  const { addonArn, addonName } = addon.shape;
  const owned = Object.values(record.associations).filter(({ shape }) => shape.ownerArn === addonArn);
  record.associations = withoutOwned(record, addon);
  const arns = wanted.map(({ serviceAccount, roleArn }) => {
    const kept = owned.find(({ shape }) => shape.serviceAccount === serviceAccount && shape.roleArn === roleArn);
    if (kept !== undefined) {
      record.associations[kept.shape.associationId] = kept;
      return kept.shape.associationArn;
    }
    const namespace = findAddon(addonName)?.namespace ?? "kube-system";
    return addAssociation(context, record, { namespace, serviceAccount, roleArn, ownerArn: addonArn }).shape
      .associationArn;
  });
  if (arns.length > 0) addon.shape.podIdentityAssociations = arns;
  else delete addon.shape.podIdentityAssociations;
}
