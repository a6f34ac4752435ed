import type { Pause } from "../aws/pause.ts";
import type { Finding, LayerName } from "./layer.ts";
import type { Scene } from "./scene.ts";

/** What a pause takes the nodes from, so that it is as it should be just then. */
const resting: ReadonlySet<LayerName> = new Set([
  "nodes",
  "add-ons",
  "karpenter",
  "hub",
  "load-balancer",
  "dns",
  "fill-jobs",
  "servers",
  "backups",
] satisfies LayerName[]);

/** What is told of a layer while the deployment is paused; undefined if it is looked at as ever. */
export async function pausedFinding(layer: LayerName, scene: Scene): Promise<Finding | undefined> {
  if (!resting.has(layer)) return undefined;
  const pause = await scene.pause;
  return pause && describePaused(layer, scene, pause);
}

export function describePaused(
  layer: LayerName,
  { deployment }: Pick<Scene, "deployment">,
  { since, by, isComplete }: Pause,
): Finding | undefined {
  const resume = `hubctl resume --deployment ${deployment.name}`;
  if (!isComplete) {
    // The others are looked at as they are; this one tells why they may be like that.
    if (layer !== "nodes") return undefined;
    const finding = `a pause or resume was begun and has not come to its end (paused ${since} by ${by})`;
    return { state: "warning", finding, todo: `hubctl pause --deployment ${deployment.name}, or ${resume}` };
  }
  if (layer !== "nodes") return { state: "ok", finding: "paused", details: { paused: since } };
  return { state: "ok", finding: `paused since ${since} by ${by}`, todo: resume, details: { paused: since } };
}
