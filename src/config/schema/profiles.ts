import { z } from "zod";
import { gpuInstanceType, instanceType, roleArn } from "../rules/aws.ts";
import { kubernetesName, slugOf } from "../rules/servers.ts";
import { line, obeying, refuseRepeats, setOf, type Context } from "./fields.ts";
import { otherImageSchema } from "./image.ts";
import { cpuSchema, environmentSchema, memorySchema } from "./users.ts";

/** As far as the checks need it; `slug` may still be missing. */
interface WrittenProfile {
  slug?: string | undefined;
  name: string;
  default: boolean;
  cpu?: unknown;
  memoryGiB?: unknown;
  fitsPerNode?: { instanceType: string };
  gpus: number;
  instanceTypes: string[];
}

const profileSchema = z
  .strictObject({
    name: line().describe("What users see"),
    slug: obeying(kubernetesName)
      .optional()
      .describe("What its nodes are called; made of the name if it is not given. Another one means other nodes"),
    description: z.string().default("").describe("What users see below the name"),
    default: z.boolean().default(false).describe("Chosen at first; without any, the first profile is"),
    image: otherImageSchema.describe("Instead of `image`"),
    cpu: cpuSchema,
    memoryGiB: memorySchema,
    fitsPerNode: z
      .strictObject({
        count: z.int().min(1).max(100).describe("So many servers share a node equally,"),
        instanceType: obeying(instanceType).describe("if the node is of this type"),
      })
      .exactOptional()
      .describe("Instead of `cpu` and `memoryGiB`: computed from what the node really offers"),
    gpus: z.int().min(0).max(16).default(0).describe("NVIDIA GPUs of each server"),
    spot: z.boolean().default(false).describe("Take spot instances: cheaper, but AWS may end them within two minutes"),
    instanceTypes: setOf(instanceType)
      .default([])
      .describe("EC2 instance types of its nodes; any that fit if it is empty"),
    environment: environmentSchema.default({}).describe("Environment variables beside `users.environment`"),
    roleArn: obeying(roleArn)
      .exactOptional()
      .describe("ARN of the IAM role that its servers have, instead of the one that reaches `storage.buckets`"),
  })
  .superRefine(checkSize)
  .superRefine(checkInstanceTypes);

export const profilesSchema = z
  .array(profileSchema)
  .superRefine(checkProfiles)
  .transform(completeProfiles)
  .prefault([])
  .describe("Choices that users have when they start a server; without any, all servers are as in `users` and `image`");

function checkSize({ fitsPerNode, cpu, memoryGiB }: WrittenProfile, context: Context): void {
  if (fitsPerNode === undefined) return;
  for (const [key, value] of Object.entries({ cpu, memoryGiB })) {
    const message = "has no meaning beside fitsPerNode: remove one of the two";
    if (value !== undefined) context.addIssue({ code: "custom", path: [key], message });
  }
}

function checkInstanceTypes({ fitsPerNode, gpus, instanceTypes }: WrittenProfile, context: Context): void {
  const fit = fitsPerNode?.instanceType;
  const add = (path: (string | number)[], message: string | undefined) => {
    if (message !== undefined) context.addIssue({ code: "custom", path, message });
  };
  if (fit !== undefined && instanceTypes.length > 0 && !instanceTypes.includes(fit)) {
    add(["fitsPerNode", "instanceType"], `"${fit}" is none of the profile's instanceTypes`);
  }
  if (gpus === 0) return;
  if (fit !== undefined) add(["fitsPerNode", "instanceType"], gpuInstanceType(fit));
  for (const [index, type] of instanceTypes.entries()) add(["instanceTypes", index], gpuInstanceType(type));
}

const slugOfProfile = ({ slug, name }: WrittenProfile) => slug ?? slugOf(name);

function checkProfiles(profiles: readonly WrittenProfile[], context: Context): void {
  const pathOf = (index: number) => [index, profiles[index]?.slug === undefined ? "name" : "slug"];
  refuseRepeats(
    profiles.map(slugOfProfile),
    pathOf,
    (index) => `makes a second profile "${profiles[index] === undefined ? "" : slugOfProfile(profiles[index])}"`,
    context,
  );
  for (const [index, profile] of profiles.entries()) {
    if (slugOfProfile(profile) !== "") continue;
    const message = "has no Latin letter or digit that a slug could be made of: give it a slug";
    context.addIssue({ code: "custom", path: [index, "name"], message });
  }
  const [, ...others] = [...profiles.keys()].filter((index) => profiles[index]?.default);
  for (const index of others) {
    context.addIssue({ code: "custom", path: [index, "default"], message: "is true for an earlier profile already" });
  }
}

function completeProfiles<Written extends WrittenProfile>(profiles: readonly Written[]) {
  const hasDefault = profiles.some((profile) => profile.default);
  return profiles.map((profile, index) => ({
    ...profile,
    slug: slugOfProfile(profile),
    default: hasDefault ? profile.default : index === 0,
  }));
}
