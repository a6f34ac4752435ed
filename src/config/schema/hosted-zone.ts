import { z } from "zod";
import { hostedZoneId, isHostedZoneId, roleArn } from "../rules/aws.ts";
import { domain } from "../rules/network.ts";
import type { Rule } from "../rules/rule.ts";
import { obeying, type Context } from "./fields.ts";

const idOrName: Rule = (text) => (isHostedZoneId(text) ? undefined : domain(withoutDot(text)));

const groupSchema = z
  .strictObject({
    id: obeying(hostedZoneId).exactOptional().describe("The zone's id, like `Z0123456789ABCDEFGHIJ`"),
    name: obeying((text) => domain(withoutDot(text)))
      .exactOptional()
      .describe("The zone's name, if only one public zone has it"),
    assumeRole: obeying(roleArn)
      .exactOptional()
      .describe("ARN of the IAM role that may change the zone, if another account keeps it"),
  })
  .superRefine(checkOne);

/** Where the hub's record is made. */
export const hostedZoneSchema = z
  .union([obeying(idOrName).transform((text) => (isHostedZoneId(text) ? { id: text } : { name: text })), groupSchema])
  .exactOptional()
  .describe(
    "The Route 53 zone that holds the domain: its id or name, or a group for one of another account. Without it, the longest public zone of the account that DNS leads to",
  );

function withoutDot(name: string): string {
  return name.replace(/\.$/, "");
}

function checkOne({ id, name }: { id?: string; name?: string }, context: Context): void {
  if (id === undefined || name === undefined) return;
  context.addIssue({ code: "custom", path: ["name"], message: "has no meaning beside id: remove one of the two" });
}
