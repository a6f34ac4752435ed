import { randomInt } from "node:crypto";
import type { CreatePodIdentityAssociationRequest, UpdatePodIdentityAssociationRequest } from "@aws-sdk/client-eks";
import { arnOf, timestamp } from "./context.ts";
import type { EksContext } from "./context.ts";
import { inUse, invalidParameter, invalidRequest, notFound } from "./errors.ts";
import { findRole, trusts } from "./iam.ts";
import { pageOf, paginate, param, required } from "./router.ts";
import type { Call, Operation } from "./router.ts";
import type { AssociationRecord, ClusterRecord } from "./state.ts";
import { checkTags } from "./tags.ts";

export interface NewAssociation {
  namespace: string;
  serviceAccount: string;
  roleArn: string;
  tags?: Record<string, string>;
  ownerArn?: string;
  targetRoleArn?: string;
  disableSessionTags?: boolean;
  policy?: string;
}

export function podIdentityOperations(context: EksContext): Operation[] {
  const one = "/clusters/{name}/pod-identity-associations/{associationId}";
  const every = "/clusters/{name}/pod-identity-associations";
  return [
    { name: "CreatePodIdentityAssociation", method: "POST", path: every, run: (call) => create(context, call) },
    {
      name: "DescribePodIdentityAssociation",
      method: "GET",
      path: one,
      run: (call) => ({ association: findAssociation(context, call).association.shape }),
    },
    { name: "ListPodIdentityAssociations", method: "GET", path: every, run: (call) => list(context, call) },
    { name: "UpdatePodIdentityAssociation", method: "POST", path: one, run: (call) => update(context, call) },
    {
      name: "DeletePodIdentityAssociation",
      method: "DELETE",
      path: one,
      run: (call) => {
        const { record, association } = findAssociation(context, call);
        refuseOwned(association);
        Reflect.deleteProperty(record.associations, association.shape.associationId);
        context.store.save(record);
        return { association: association.shape };
      },
    },
  ];
}

/** The role of a service account's association, once that has spread. */
export function podIdentityRoleIn(
  context: EksContext,
  cluster: string,
  namespace: string,
  serviceAccount: string,
): string | undefined {
  const record = context.store.find(cluster);
  const association = record && associationFor(record, namespace, serviceAccount);
  if (association === undefined || context.now() < association.effectiveAt) return undefined;
  return association.shape.roleArn;
}

function associationFor(
  record: ClusterRecord,
  namespace: string,
  serviceAccount: string,
): AssociationRecord | undefined {
  return Object.values(record.associations).find(
    ({ shape }) => shape.namespace === namespace && shape.serviceAccount === serviceAccount,
  );
}

/** Refuses an association that there is already, or whose role pods could not assume. */
export async function checkAssociation(
  context: EksContext,
  record: ClusterRecord,
  { namespace, serviceAccount, roleArn }: NewAssociation,
): Promise<void> {
  await checkPodRole(context, roleArn);
  const existing = associationFor(record, namespace, serviceAccount);
  if (existing !== undefined) throw inUse(`Association already exists: ${existing.shape.associationId}`);
}

async function checkPodRole(context: EksContext, roleArn: string): Promise<void> {
  const role = await findRole(context, roleArn);
  if (role === undefined) throw invalidParameter("Role provided in the request does not exist.");
  if (!trusts(role, "pods.eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"])) {
    throw invalidParameter(
      `The trust policy of the role ${roleArn} does not allow pods.eks.amazonaws.com to call sts:AssumeRole and sts:TagSession.`,
    );
  }
}

/** Adds an association that was checked to the record. */
export function addAssociation(
  context: EksContext,
  record: ClusterRecord,
  { tags = {}, disableSessionTags = false, ...rest }: NewAssociation,
): AssociationRecord {
  const { name: clusterName } = record.shape;
  const associationId = `a-${randomLetters(17)}`;
  const createdAt = timestamp(context);
  const association: AssociationRecord = {
    shape: {
      clusterName,
      ...rest,
      tags,
      disableSessionTags,
      associationId,
      associationArn: arnOf(context, `podidentityassociation/${clusterName}/${associationId}`),
      createdAt,
      modifiedAt: createdAt,
    },
    effectiveAt: context.now() + context.delays.propagation,
  };
  record.associations[associationId] = association;
  return association;
}

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

function randomLetters(length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
}

async function create(context: EksContext, call: Call): Promise<object> {
  const record = context.store.get(param(call, "name"));
  const body = call.body as Partial<CreatePodIdentityAssociationRequest>;
  const association: NewAssociation = {
    namespace: required(body.namespace, "namespace"),
    serviceAccount: required(body.serviceAccount, "serviceAccount"),
    roleArn: required(body.roleArn, "roleArn"),
    tags: body.tags ?? {},
    ...(body.targetRoleArn === undefined ? {} : { targetRoleArn: body.targetRoleArn }),
    ...(body.disableSessionTags === undefined ? {} : { disableSessionTags: body.disableSessionTags }),
    ...(body.policy === undefined ? {} : { policy: body.policy }),
  };
  checkTags(association.tags ?? {});
  await checkAssociation(context, record, association);
  const { shape } = addAssociation(context, record, association);
  context.store.save(record);
  return { association: shape };
}

function list(context: EksContext, call: Call): object {
  const record = context.store.get(param(call, "name"));
  const namespace = call.query.get("namespace");
  const serviceAccount = call.query.get("serviceAccount");
  const found = Object.values(record.associations).filter(
    ({ shape }) =>
      (namespace === null || shape.namespace === namespace) &&
      (serviceAccount === null || shape.serviceAccount === serviceAccount),
  );
  const { items, ...rest } = paginate(found, pageOf(call));
  return {
    associations: items.map(({ shape }) => ({
      clusterName: shape.clusterName,
      namespace: shape.namespace,
      serviceAccount: shape.serviceAccount,
      associationArn: shape.associationArn,
      associationId: shape.associationId,
      ...(shape.ownerArn === undefined ? {} : { ownerArn: shape.ownerArn }),
    })),
    ...rest,
  };
}

async function update(context: EksContext, call: Call): Promise<object> {
  const { record, association } = findAssociation(context, call);
  refuseOwned(association);
  const { roleArn, targetRoleArn, disableSessionTags, policy } =
    call.body as Partial<UpdatePodIdentityAssociationRequest>;
  if (roleArn !== undefined) await checkPodRole(context, roleArn);
  Object.assign(association.shape, {
    ...(roleArn === undefined ? {} : { roleArn }),
    ...(targetRoleArn === undefined ? {} : { targetRoleArn }),
    ...(disableSessionTags === undefined ? {} : { disableSessionTags }),
    ...(policy === undefined ? {} : { policy }),
    modifiedAt: timestamp(context),
  });
  association.effectiveAt = context.now() + context.delays.propagation;
  context.store.save(record);
  return { association: association.shape };
}

function findAssociation(context: EksContext, call: Call): { record: ClusterRecord; association: AssociationRecord } {
  const record = context.store.get(param(call, "name"));
  const id = param(call, "associationId");
  const association = record.associations[id];
  if (association === undefined) throw notFound(`Association not found: ${id}`);
  return { record, association };
}

function refuseOwned({ shape }: AssociationRecord): void {
  if (shape.ownerArn === undefined) return;
  throw invalidRequest(
    `The association ${shape.associationId} is owned by ${shape.ownerArn} and can only be changed through it.`,
  );
}
