import { GetRoleCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, type GetCallerIdentityCommandOutput } from "@aws-sdk/client-sts";
import { asLoginError, ToolError, UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";

export interface Caller {
  account: string;
  /** As sts:GetCallerIdentity answers; a session ARN for roles. */
  arn: string;
}

/** Who the current credentials belong to. UserError NotLoggedIn when there are none, or they are unknown or expired. */
export async function getCaller(aws: AwsClients): Promise<Caller> {
  const { Account, Arn } = await askCaller(aws);
  if (Account && Arn) return { account: Account, arn: Arn };
  throw new ToolError("NoCallerIdentity", "AWS answered sts:GetCallerIdentity without an account");
}

async function askCaller(aws: AwsClients): Promise<GetCallerIdentityCommandOutput> {
  try {
    return await aws.sts.send(new GetCallerIdentityCommand({}));
  } catch (error) {
    throw (
      asLoginError(error) ??
      new ToolError("CallerUnknown", "could not ask AWS who is logged in", {
        output: error instanceof Error ? error.message : String(error),
        hint: `check the network connection to AWS in ${aws.region}`,
        cause: error,
      })
    );
  }
}

/**
 * The IAM user or role behind a caller's ARN: EKS access entries take no session ARNs
 * (https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html), and a session ARN lacks the role's path.
 */
export async function principalArn(aws: AwsClients, callerArn: string): Promise<string> {
  const session = /^arn:[^:]+:sts::\d+:assumed-role\/([^/]+)\//.exec(callerArn);
  if (!session?.[1]) {
    if (/^arn:[^:]+:iam::\d+:user\//.test(callerArn)) return callerArn;
    throw new UserError("PrincipalUnusable", `a cluster can't be administered by ${callerArn}`, {
      hint: "log in as an IAM user or a role, not as the account's root user",
    });
  }
  const { Role } = await aws.iam.send(new GetRoleCommand({ RoleName: session[1] }));
  if (!Role?.Arn) throw new ToolError("RoleUnknown", `IAM has no ARN for the role ${session[1]}`);
  return Role.Arn;
}
