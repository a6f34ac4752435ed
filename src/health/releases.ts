import type { HubConfig } from "../config/hub-config.ts";
import { devicePlugin } from "../releases/device-plugin.ts";
import { hub } from "../releases/hub.ts";
import { karpenterCrd } from "../releases/karpenter-crd.ts";
import { karpenter } from "../releases/karpenter.ts";
import { platform } from "../releases/platform.ts";
import { wantedChart, type Release } from "../releases/release.ts";
import type { ListedRelease } from "../tools/helm.ts";
import { conclude, countOf, type Finding, type Remark } from "./layer.ts";
import { installAgain, type Scene } from "./scene.ts";

export async function checkReleases(scene: Scene): Promise<Finding> {
  return judgeReleases(scene, await scene.releases);
}

const releases: readonly Release[] = [karpenterCrd, karpenter, devicePlugin, platform, hub];

function expectedReleases(config: HubConfig): Release[] {
  return releases.filter((release) => release.isNeeded?.(config) ?? true);
}

/** Values are not compared: they hold secrets, and are made of what only Terraform knows. An install does it. */
export function judgeReleases(
  scene: Pick<Scene, "config" | "lock" | "deployment">,
  installed: readonly ListedRelease[],
): Finding {
  const expected = expectedReleases(scene.config);
  const todo = installAgain(scene);
  const details: Record<string, unknown> = {};
  const remarks = expected.flatMap((release) => {
    const found = findRelease(installed, release);
    const { chart, version } = wantedChart(release, scene.lock.charts);
    const wanted = `${chart}-${version}`;
    details[release.name] = { expected: wanted, running: found?.chart, status: found?.status };
    return judgeRelease(release.name, found, wanted).map((remark) => ({ todo, ...remark }));
  });
  return conclude(`${countOf(expected.length, "release")} deployed, charts as recorded`, remarks, details);
}

export function findRelease(
  installed: readonly ListedRelease[],
  { name, namespace }: Pick<Release, "name" | "namespace">,
): ListedRelease | undefined {
  return installed.find((found) => found.name === name && found.namespace === namespace);
}

function judgeRelease(name: string, found: ListedRelease | undefined, wanted: string): Remark[] {
  if (!found) return [{ state: "problem", text: `the release ${name} is not installed` }];
  const { status, chart } = found;
  if (status.startsWith("pending-") || status === "uninstalling") {
    return [{ state: "warning", text: `${name} is ${status}: Helm is at work, or was killed while it was` }];
  }
  if (status !== "deployed") return [{ state: "problem", text: `the last revision of ${name} is ${status}` }];
  if (chart !== wanted) return [{ state: "warning", text: `${name} runs ${chart}, expected is ${wanted}` }];
  return [];
}
