import { z } from "zod";
import * as rules from "../rules/aws.ts";
import { dictionary, obeying, type Context } from "./fields.ts";

export const awsSchema = z
  .strictObject({
    region: obeying(rules.region).describe("The AWS region of everything, like `us-east-2`"),
    accountId: obeying(rules.accountId)
      .exactOptional()
      .describe("The only account that may be used. Without it, the lock file pins the account of the first install"),
    profile: obeying(rules.profileName)
      .exactOptional()
      .describe("Profile of `~/.aws/config`; a login in the environment (`AWS_PROFILE`, `AWS_ACCESS_KEY_ID`) wins"),
    assumeRole: obeying(rules.roleArn)
      .exactOptional()
      .describe("ARN of the IAM role that everything is done as, whoever of the operators is logged in"),
    permissionsBoundary: obeying(rules.policyArn)
      .exactOptional()
      .describe("ARN of the policy that must bound every IAM role"),
    rolePath: obeying(rules.rolePath).default("/").describe("IAM path of every role, like `/hubs/`"),
    namePrefix: obeying(rules.namePrefix, { mayBeEmpty: true })
      .default("")
      .describe(
        "What the names of all IAM roles and of what stands beside them begin with, like `obs-`. Together with the deployment's name at most 32 characters",
      ),
  })
  .describe("Where in AWS, and as whom");

/** Of the 50 tags that AWS allows, the rest is hubctl's, Kubernetes' and Karpenter's. */
const mostTags = 35;

export const tagsSchema = dictionary(rules.tagKey, obeying(rules.tagValue, { mayBeEmpty: true }))
  .superRefine(checkTagCount)
  .default({})
  .describe(`Further tags on everything, at most ${mostTags}`);

function checkTagCount(tags: Record<string, string>, context: Context): void {
  const count = Object.keys(tags).length;
  if (count > mostTags) context.addIssue(`has ${count} tags; at most ${mostTags} fit beside hubctl's own`);
}
