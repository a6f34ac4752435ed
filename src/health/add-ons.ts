import { DescribeAddonCommand, type Addon } from "@aws-sdk/client-eks";
import { conclude, countOf, nameSome, settle, type Answer, type Finding, type Remark } from "./layer.ts";
import { installAgain, type Scene } from "./scene.ts";

export async function checkAddons(scene: Scene): Promise<Finding> {
  const { lock } = scene;
  // All at once: each answer takes a round trip.
  const asked = Object.keys(lock.addons).map(async (name) => [name, await settle(askAddon(scene, name))] as const);
  await scene.ownCluster;
  return judgeAddons(scene, new Map(await Promise.all(asked)));
}

async function askAddon({ aws, config }: Scene, addonName: string): Promise<Addon | undefined> {
  try {
    return (await aws.eks.send(new DescribeAddonCommand({ clusterName: config.name, addonName }))).addon;
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

export function judgeAddons(
  scene: Pick<Scene, "lock" | "deployment">,
  addons: ReadonlyMap<string, Answer<Addon | undefined>>,
): Finding {
  const todo = installAgain(scene);
  const remarks = unaskable(addons);
  const missing: string[] = [];
  for (const [name, answer] of addons) {
    if (!("value" in answer)) continue;
    if (!answer.value) missing.push(name);
    else
      remarks.push(...judgeAddon(name, answer.value, scene.lock.addons[name]).map((remark) => ({ todo, ...remark })));
  }
  if (missing.length > 0) remarks.push({ state: "problem", text: `not there: ${nameSome(missing)}`, todo });
  const versions = [...addons].map(([name, answer]) => [
    name,
    "value" in answer ? answer.value?.addonVersion : undefined,
  ]);
  return conclude(`${countOf(addons.size, "add-on")} active, versions as recorded`, remarks, {
    versions: Object.fromEntries(versions) as Record<string, unknown>,
  });
}

/** One remark for all that could not be asked: it is mostly the same reason. */
function unaskable(addons: ReadonlyMap<string, Answer<Addon | undefined>>): Remark[] {
  const reasons = [...addons.values()].flatMap((answer) => ("unknown" in answer ? [answer.unknown] : []));
  return [...new Set(reasons)].map((text) => ({ state: "unknown", text }));
}

function judgeAddon(name: string, addon: Addon, recorded: string | undefined): Remark[] {
  const { status = "UNKNOWN", addonVersion = "?", health } = addon;
  const issues = (health?.issues ?? []).map(({ code = "?", message = "" }) => `${code}: ${message}`).join(", ");
  const remarks: Remark[] = [];
  if (status === "CREATING" || status === "UPDATING") {
    remarks.push({ state: "warning", text: `${name} is ${status}`, todo: "wait, then look again" });
  } else if (status !== "ACTIVE" || issues !== "") {
    remarks.push({ state: "problem", text: `${name} is ${status}${issues === "" ? "" : ` (${issues})`}` });
  }
  if (addonVersion !== recorded) {
    remarks.push({ state: "warning", text: `${name} runs ${addonVersion}, recorded is ${recorded ?? "none"}` });
  }
  return remarks;
}
