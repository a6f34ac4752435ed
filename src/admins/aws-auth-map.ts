import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { ToolError, UserError } from "../errors.ts";
import { refusalOf, type RawApi } from "../tools/kubectl-raw.ts";
import type { AwsAuthData } from "./aws-auth.ts";

/** The ConfigMap as it was read; undefined data of a missing one is {}. */
export interface AwsAuthMap {
  exists: boolean;
  data: AwsAuthData;
  /** What says that another program writes it. */
  manager: string | undefined;
  object: object;
}

const folder = "/api/v1/namespaces/kube-system/configmaps";
const backupName = "aws-auth-before-hubctl";

const mapSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  data: z.record(z.string(), z.string()).default({}),
});

export async function readAwsAuthMap(api: RawApi): Promise<AwsAuthMap> {
  const answer = await api.get(`${folder}/aws-auth`);
  if (answer === undefined) return { exists: false, data: {}, manager: undefined, object: newMap("aws-auth") };
  const object = mapSchema.parse(answer);
  return {
    exists: true,
    data: object.data,
    manager: object.metadata.labels["app.kubernetes.io/managed-by"],
    object,
  };
}

/** What was written, and what it took the place of. */
export interface WrittenMap {
  before: AwsAuthMap;
  after: AwsAuthData;
}

export interface MapChange {
  /** Signs in anew. */
  logIn: () => Promise<RawApi>;
  /** What is to stand in the map, given what stands there. */
  edit: (data: AwsAuthData) => AwsAuthData;
  /** Called with what is about to be replaced, before it is. */
  keepBackup: (api: RawApi, map: AwsAuthMap) => Promise<void>;
}

const attempts = 5;

/**
 * Writes with the resourceVersion that was read: if somebody else wrote in between, both changes are wanted, so it is
 * read and edited anew. Undefined if there is nothing to change. The login that wrote is handed back, as the server
 * still accepts its token for some seconds if the change has locked it out.
 */
export async function changeAwsAuth({
  logIn,
  edit,
  keepBackup,
}: MapChange): Promise<(WrittenMap & { api: RawApi }) | undefined> {
  for (let attempt = 1; ; attempt++) {
    const api = await logIn();
    const before = await readAwsAuthMap(api);
    const after = edit(before.data);
    if (isDeepStrictEqual(after, before.data)) return undefined;
    await keepBackup(api, before);
    try {
      await write(api, before, after);
      return { before, after, api };
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === "Forbidden") throw forbidden(error);
      if (refusal !== "Conflict" && refusal !== "AlreadyExists") throw error;
      if (attempt < attempts) continue;
      throw new ToolError(
        "AwsAuthContended",
        `aws-auth was changed by somebody else ${attempts} times while it was edited`,
        {
          hint: "find out what keeps writing it (kubectl get configmap aws-auth -n kube-system -o yaml --show-managed-fields), then run it again",
          cause: error,
        },
      );
    }
  }
}

async function write(api: RawApi, { exists, object }: AwsAuthMap, data: AwsAuthData): Promise<void> {
  if (exists) await api.replace(`${folder}/aws-auth`, { ...object, data });
  else await api.create(folder, { ...object, data });
}

function forbidden(cause: unknown): UserError {
  return new UserError("AwsAuthForbidden", "this login may not change aws-auth", {
    hint: "run it as an administrator of the cluster: hubctl admins lists them",
    cause,
  });
}

/** Puts back what a change has replaced, unless somebody has changed it since. */
export async function restoreAwsAuth(api: RawApi, { before, after }: WrittenMap): Promise<void> {
  const now = await readAwsAuthMap(api);
  if (!isDeepStrictEqual(now.data, after)) {
    throw new ToolError(
      "AwsAuthChangedSince",
      "aws-auth was changed by somebody else in the meantime, so it was left as it is",
    );
  }
  // One that was missing stays, empty: that lets nobody in either.
  await api.replace(`${folder}/aws-auth`, { ...now.object, data: before.data });
}

/** A second copy beside the file on this machine, which others don't see. */
export async function writeBackupMap(api: RawApi, data: AwsAuthData): Promise<void> {
  const found = await api.get(`${folder}/${backupName}`);
  if (found === undefined) await api.create(folder, { ...newMap(backupName), data });
  else await api.replace(`${folder}/${backupName}`, { ...newMap(backupName), data });
}

function newMap(name: string) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "kube-system" } };
}
