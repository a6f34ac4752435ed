import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { CommandError, type Exec } from "./exec.ts";
import { manifestCommand, type ReleaseTarget } from "./helm.ts";
import { getManifestCommand } from "./kubectl.ts";

/** An object of a release that is not what Helm takes it for: Helm itself only knows what it once asked for. */
export interface LostObject {
  kind: string;
  name: string;
  trouble: "is gone" | "is being deleted" | "has lost its claim" | "is stopped";
  /** Of what is stopped: how many there should be. */
  replicas?: number;
}

const objectSchema = z.object({
  kind: z.string(),
  metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
  spec: z.looseObject({ replicas: z.unknown().optional() }).optional(),
  status: z.looseObject({ phase: z.string().optional() }).optional(),
});
type KubeObject = z.infer<typeof objectSchema>;

const answerSchema = z.union([z.object({ items: z.array(objectSchema) }), objectSchema]);

/** What of a release somebody has deleted or stopped, by hand or by a cleanup that did not come to its end. */
export async function findLost(exec: Exec, target: ReleaseTarget): Promise<LostObject[]> {
  const manifest = (await exec(manifestCommand(target))).stdout;
  const wanted = parseAllDocuments(manifest).flatMap((document) => {
    const { data } = objectSchema.safeParse(document.toJS());
    return data ? [data] : [];
  });
  if (wanted.length === 0) return [];
  const present = new Map((await readPresent(exec, target, manifest)).map((object) => [keyOf(object), object]));
  return wanted.flatMap((object) => {
    const trouble = troubleOf(object, present.get(keyOf(object)));
    return trouble === undefined ? [] : [{ kind: object.kind, name: object.metadata.name, ...trouble }];
  });
}

async function readPresent(exec: Exec, target: ReleaseTarget, manifest: string): Promise<KubeObject[]> {
  try {
    const { stdout } = await exec(getManifestCommand(target, { manifest, namespace: target.namespace }));
    if (stdout.trim() === "") return [];
    const answer = answerSchema.parse(JSON.parse(stdout));
    return "items" in answer ? answer.items : [answer];
  } catch (error) {
    // Without their definitions there can't be any; who has one that others lack gets it back with them.
    if (error instanceof CommandError && error.fullOutput.includes("no matches for kind")) return [];
    throw error;
  }
}

function troubleOf(
  wanted: KubeObject,
  present: KubeObject | undefined,
): Pick<LostObject, "trouble" | "replicas"> | undefined {
  if (!present) return { trouble: "is gone" };
  if (present.metadata.deletionTimestamp !== undefined) return { trouble: "is being deleted" };
  if (present.kind === "PersistentVolume" && present.status?.phase === "Released")
    return { trouble: "has lost its claim" };
  const replicas = wanted.spec?.replicas;
  if (typeof replicas === "number" && replicas > 0 && present.spec?.replicas === 0)
    return { trouble: "is stopped", replicas };
  return undefined;
}

function keyOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.name}`;
}
