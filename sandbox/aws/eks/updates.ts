import { randomUUID } from "node:crypto";
import type { ErrorDetail as UpdateError, UpdateParamType, UpdateType } from "@aws-sdk/client-eks";
import { timestamp } from "./context.ts";
import type { EksContext } from "./context.ts";
import { notFound } from "./errors.ts";
import { pageOf, paginate, param } from "./router.ts";
import type { Call, Operation } from "./router.ts";
import type { ClusterRecord, UpdateRecord } from "./state.ts";

export type UpdateParams = Partial<Record<UpdateParamType, unknown>>;

/** Records an update that begins; values that are no strings are written as JSON, as EKS does. */
export function beginUpdate(
  context: EksContext,
  record: ClusterRecord,
  type: UpdateType,
  params: UpdateParams,
  subject: { nodegroupName?: string; addonName?: string } = {},
): UpdateRecord {
  const update: UpdateRecord = {
    ...subject,
    shape: {
      id: randomUUID(),
      status: "InProgress",
      type,
      params: Object.entries(params).map(([name, value]) => ({
        type: name as UpdateParamType,
        value: typeof value === "string" ? value : JSON.stringify(value),
      })),
      createdAt: timestamp(context),
      errors: [],
    },
  };
  record.updates.push(update);
  return update;
}

/** Ends what is in progress for the cluster itself, or for one node group or add-on: well, or with an error. */
export function endUpdates(
  record: ClusterRecord,
  subject: { nodegroupName?: string; addonName?: string },
  error?: UpdateError,
): void {
  for (const update of record.updates) {
    if (update.shape.status !== "InProgress") continue;
    if (update.nodegroupName !== subject.nodegroupName || update.addonName !== subject.addonName) continue;
    update.shape.status = error === undefined ? "Successful" : "Failed";
    if (error !== undefined) update.shape.errors = [error];
  }
}

export function updateOperations(context: EksContext): Operation[] {
  return [
    {
      name: "DescribeUpdate",
      method: "GET",
      path: "/clusters/{name}/updates/{updateId}",
      run: (call) => {
        const id = param(call, "updateId");
        const update = updatesOf(context, call).find(({ shape }) => shape.id === id);
        if (update === undefined) throw notFound(`No update found for ID: ${id}`);
        return { update: update.shape };
      },
    },
    {
      name: "ListUpdates",
      method: "GET",
      path: "/clusters/{name}/updates",
      run: (call) => {
        const { items, ...rest } = paginate(updatesOf(context, call), pageOf(call));
        return { updateIds: items.map(({ shape }) => shape.id), ...rest };
      },
    },
  ];
}

/** The updates of the cluster, or of the node group or add-on that the query names. */
function updatesOf(context: EksContext, { params, query }: Call): UpdateRecord[] {
  const record = context.store.get(params["name"] ?? "");
  const nodegroupName = query.get("nodegroupName") ?? undefined;
  const addonName = query.get("addonName") ?? undefined;
  return record.updates.filter((update) => update.nodegroupName === nodegroupName && update.addonName === addonName);
}
