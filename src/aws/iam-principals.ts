import { GetRoleCommand, GetUserCommand } from "@aws-sdk/client-iam";
import type { AwsClients } from "./clients.ts";

/** What IAM says of a user or role of the caller's account. */
export type Lookup = { arn: string } | { missing: true } | { unknown: true };

/** The ARN tells the path, which people leave out. */
export async function lookUpPrincipal(
  aws: AwsClients,
  { kind, name }: { kind: "user" | "role"; name: string },
): Promise<Lookup> {
  try {
    const arn =
      kind === "role"
        ? (await aws.iam.send(new GetRoleCommand({ RoleName: name }))).Role?.Arn
        : (await aws.iam.send(new GetUserCommand({ UserName: name }))).User?.Arn;
    return arn === undefined ? { unknown: true } : { arn };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name === "NoSuchEntity" || error.name === "NoSuchEntityException") return { missing: true };
    if (error.name === "AccessDenied" || error.name === "AccessDeniedException") return { unknown: true };
    throw error;
  }
}
