import { ToolError } from "../errors.ts";
import { refusalOf, type RawApi } from "../tools/kubectl-raw.ts";
import { bindingsOf, type Access } from "./access.ts";
import type { AwsAuthData } from "./aws-auth.ts";
import { changeAwsAuth, restoreAwsAuth, writeBackupMap, type AwsAuthMap, type WrittenMap } from "./aws-auth-map.ts";
import type { AdminCluster } from "./cluster.ts";
import type { Change } from "./prove.ts";

export interface MapChangeOptions {
  edit: (data: AwsAuthData) => AwsAuthData;
  /** Of the groups that the edit names. */
  access?: Access;
  /** Keeps the map as it was on this machine; answers with where. */
  saveBackup: (map: AwsAuthMap) => string;
  note: (line: string) => void;
}

/** An edit of aws-auth, read anew at its turn: what was planned may have been overtaken. */
export function changeOfMap({ api }: AdminCluster, { edit, access, saveBackup, note }: MapChangeOptions): Change {
  let written: (WrittenMap & { api: RawApi }) | undefined;
  return {
    what: "aws-auth",
    async apply() {
      if (access !== undefined) await bindGroups(await api.logIn(), access);
      written = await changeAwsAuth({
        logIn: () => api.logIn(),
        edit,
        async keepBackup(raw, map) {
          if (!map.exists) return;
          note(`the map as it was: ${saveBackup(map)}`);
          await writeBackupMap(raw, map.data);
        },
      });
    },
    async undo() {
      if (written === undefined) return;
      try {
        await restoreAwsAuth(written.api, written);
      } catch (error) {
        if (refusalOf(error) !== "Unauthorized") throw error;
        // The token that wrote is too old; whoever is in in another way still gets a new one.
        await restoreAwsAuth(await api.logIn(), written);
      }
    },
  };
}

/** Rights for hubctl's own groups; they stay when their last member goes, and give nobody anything then. */
async function bindGroups(api: RawApi, access: Access): Promise<void> {
  for (const { path, object } of bindingsOf(access)) {
    try {
      await api.create(path, object);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === "AlreadyExists") continue;
      if (refusal === "NotFound") {
        throw new ToolError("NamespaceNotFound", `the cluster has no namespace for ${path.split("/").at(-2) ?? path}`, {
          hint: "name one that exists: kubectl get namespaces",
          cause: error,
        });
      }
      throw error;
    }
  }
}
