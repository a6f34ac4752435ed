import { z } from "zod";
import { coreInstanceType, kubernetesVersion } from "../rules/aws.ts";
import { obeying, section, type Context } from "./fields.ts";

export const clusterSchema = section({
  kubernetesVersion: obeying(kubernetesVersion)
    .exactOptional()
    .describe(
      'Minor version, like `"1.36"`. Without it, the newest that is supported at the first install; the lock file keeps it',
    ),
  supportPolicy: z
    .enum(["STANDARD", "EXTENDED"])
    .default("STANDARD")
    .describe(
      "At the end of standard support AWS upgrades the cluster (`STANDARD`), or keeps the version for six times the price (`EXTENDED`)",
    ),
  coreNodes: section(
    {
      instanceType: obeying(coreInstanceType).default("m6i.large").describe("Their EC2 instance type, x86-64"),
      min: z.int().min(1).max(10).default(2).describe("How many of them at least,"),
      max: z.int().min(1).max(20).default(3).describe("at most,"),
      desired: z.int().min(1).max(20).default(2).describe("and at first"),
      volumeSizeGiB: z.int().min(30).max(1000).default(50).describe("Size of each one's disk"),
    },
    checkNodeCounts,
  ).describe("Nodes of the hub itself and of the cluster's controllers"),
}).describe("The EKS cluster");

function checkNodeCounts(nodes: { min: number; max: number; desired: number }, context: Context): void {
  const { min, max, desired } = nodes;
  const add = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
  if (max < min) add("max", `(${max}) must not be less than min (${min})`);
  else if (desired < min) add("desired", `(${desired}) must not be less than min (${min})`);
  else if (desired > max) add("desired", `(${desired}) must not be more than max (${max})`);
}
