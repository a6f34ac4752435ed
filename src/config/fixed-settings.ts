import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { UserError } from "../errors.ts";
import type { HubConfig } from "./hub-config.ts";

/** Settings that can't be changed once something has been made with them. */
export const fixedSettingsSchema = z.object({
  namePrefix: z.string(),
  rolePath: z.string(),
  /** Undefined in a VPC that was there before. */
  vpcCidr: z.string().optional(),
  existingVpc: z.string().optional(),
  encryptionKey: z.string(),
});
type FixedSettings = z.infer<typeof fixedSettingsSchema>;

export function fixedSettings({ aws, network, storage }: HubConfig): FixedSettings {
  const { existingVpc, vpc } = network;
  return {
    namePrefix: aws.namePrefix,
    rolePath: aws.rolePath,
    ...(existingVpc ? { existingVpc: existingVpc.id } : { vpcCidr: vpc.cidr }),
    encryptionKey: storage.encryptionKey,
  };
}

interface Fixed {
  /** Where it stands in a hub.yaml. */
  path: string;
  why: string;
  instead: (deployment: string) => string;
}

const rebuild = (deployment: string) =>
  `hubctl cleanup --data keep --deployment ${deployment}, change it, then hubctl install: homes and accounts stay`;
const names: Omit<Fixed, "path"> = { why: "the cluster keeps its roles for life", instead: rebuild };
const network: Omit<Fixed, "path"> = {
  why: "a cluster keeps its VPC for life, and the VPC its range",
  instead: rebuild,
};

const fixed: Readonly<Record<keyof FixedSettings, Fixed>> = {
  namePrefix: { path: "aws.namePrefix", ...names },
  rolePath: { path: "aws.rolePath", ...names },
  vpcCidr: { path: "network.vpc.cidr", ...network },
  existingVpc: { path: "network.existingVpc.id", ...network },
  encryptionKey: {
    path: "storage.encryptionKey",
    why: "a file system keeps its key for life",
    instead: () => "install a second deployment with the new key, and copy the homes over",
  },
};

/** UserError FixedSetting with every setting that is not what was applied and can't be changed. */
export function refuseFixedChanges(applied: FixedSettings, config: HubConfig): void {
  const wanted = fixedSettings(config);
  const keys = (Object.keys(fixed) as (keyof FixedSettings)[]).filter(
    (key) => !isDeepStrictEqual(applied[key], wanted[key]),
  );
  const [first] = keys;
  if (first === undefined) return;
  const lines = keys.map((key) => {
    const { path, why } = fixed[key];
    return `${path} is ${describe(wanted[key])}, but was ${describe(applied[key])}: ${why}`;
  });
  const back = keys.map((key) => fixed[key].path).join(", ");
  const instead = [...new Set(keys.map((key) => fixed[key].instead(config.name)))].join("; ");
  throw new UserError(
    "FixedSetting",
    `${lines.length === 1 ? "a setting" : `${lines.length} settings`} can't be changed any more; nothing was touched`,
    { output: lines.join("\n"), hint: `set ${back} back to what it was; or ${instead}` },
  );
}

function describe(value: string | undefined): string {
  if (value === undefined) return "not given";
  return value === "" ? "empty" : value;
}
