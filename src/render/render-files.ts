import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { HubConfig } from "../config/hub-config.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { terraformVariables } from "../config/terraform-variables.ts";
import type { StackName } from "../config/work-dir.ts";
import { devicePlugin } from "../releases/device-plugin.ts";
import { hub } from "../releases/hub.ts";
import type { ReleaseInputs } from "../releases/inputs.ts";
import { karpenterCrd } from "../releases/karpenter-crd.ts";
import { karpenter } from "../releases/karpenter.ts";
import { platform } from "../releases/platform.ts";
import { wantedChart, type Release } from "../releases/release.ts";
import {
  placeholderCertificate,
  placeholderCluster,
  placeholderGenerated,
  placeholderImages,
  placeholderLock,
  placeholderSecrets,
  placeholderStorage,
} from "./placeholders.ts";

const templates = join(import.meta.dirname, "..", "..", "templates", "terraform");
const stacks: readonly StackName[] = ["storage", "cluster"];

/**
 * All that an install would give to Terraform and Helm, by path. It depends on configuration and lock file only, so it
 * is the same text on every machine; whatever else is in it stands there as a placeholder with its name.
 */
export function renderFiles(config: HubConfig, recorded: HubLock | undefined): Map<string, string> {
  const base = recorded ?? placeholderLock(config);
  const lock = { ...base, images: { ...placeholderImages(config), ...base.images } };
  return new Map([
    ...stacks.flatMap((stack) => stackFiles(stack, config, lock)),
    ...releaseFiles({
      config,
      lock,
      secrets: placeholderSecrets,
      generated: placeholderGenerated,
      storage: placeholderStorage(config),
      cluster: placeholderCluster(config, lock),
      ...placeholderCertificate(config, lock),
    }),
  ]);
}

function stackFiles(stack: StackName, config: HubConfig, lock: HubLock): [string, string][] {
  const from = join(templates, stack);
  const folder = `terraform/${stack}`;
  const sources = readdirSync(from).filter((file) => file.endsWith(".tf"));
  const required_providers = { aws: { source: "hashicorp/aws", version: `= ${lock.provider}` } };
  return [
    ...sources.sort().map((file): [string, string] => [`${folder}/${file}`, readFileSync(join(from, file), "utf8")]),
    // The provider's version of this deployment. Where its state is, is left out: this is no place to run Terraform in.
    [`${folder}/deployment_override.tf.json`, toJson({ terraform: { required_providers } })],
    [`${folder}/terraform.tfvars.json`, toJson(terraformVariables(stack, config, lock))],
  ];
}

const releases: readonly Release[] = [karpenterCrd, karpenter, platform, devicePlugin, hub];

function releaseFiles(inputs: ReleaseInputs): [string, string][] {
  const needed = releases.filter((release) => release.isNeeded?.(inputs.config) ?? true);
  return needed.map((release) => {
    const { chart, version } = wantedChart(release, inputs.lock.charts);
    const header = `# Release ${release.name} in namespace ${release.namespace}: chart ${chart}, version ${version}\n`;
    const values = stringify(release.values(inputs), { lineWidth: 0, aliasDuplicateObjects: false });
    return [`values/${chart}.yaml`, header + values];
  });
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
