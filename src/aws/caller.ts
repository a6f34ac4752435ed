import { GetRoleCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { ToolError, UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";

export interface Caller {
  account: string;
  /** As sts:GetCallerIdentity answers; a session ARN for roles. */
  arn: string;
}

/** Who the current credentials belong to. UserError NotLoggedIn when there are none, or they are unknown or expired. */
export async function getCaller(aws: AwsClients): Promise<Caller> {
  try {
    const { Account, Arn } = await aws.sts.send(new GetCallerIdentityCommand({}));
    if (!Account || !Arn)
      throw new ToolError("NoCallerIdentity", "AWS answered sts:GetCallerIdentity without an account");
    return { account: Account, arn: Arn };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (credentialErrors.has(error.name)) {
      throw new UserError("NotLoggedIn", `AWS does not accept the login: ${error.message}`, {
        hint: "log in again (for example: aws sso login), or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        cause: error,
      });
    }
    throw new ToolError("CallerUnknown", `could not ask AWS who is logged in: ${error.message}`, {
      hint: `check the network connection to AWS in ${aws.region}`,
      cause: error,
    });
  }
}

const credentialErrors = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidClientTokenId",
  "UnrecognizedClientException",
  "SignatureDoesNotMatch",
  "InvalidSignatureException",
]);

/**
 * The IAM user or role behind a caller's ARN: EKS access entries take no session ARNs
 * (https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html), and a session ARN lacks the role's path.
 */
export async function principalArn(aws: AwsClients, callerArn: string): Promise<string> {
  const session = /^arn:[^:]+:sts::\d+:assumed-role\/([^/]+)\//.exec(callerArn);
  if (!session?.[1]) return callerArn;
  const { Role } = await aws.iam.send(new GetRoleCommand({ RoleName: session[1] }));
  if (!Role?.Arn) throw new ToolError("RoleUnknown", `IAM has no ARN for the role ${session[1]}`);
  return Role.Arn;
}
