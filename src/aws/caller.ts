import { GetRoleCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, type GetCallerIdentityCommandOutput } from "@aws-sdk/client-sts";
import { asLoginError, ToolError, UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";
import type { Login } from "./login.ts";

export interface Caller {
  account: string;
  /** As sts:GetCallerIdentity answers; a session ARN for roles. */
  arn: string;
  /** Who logged in, if that one has assumed a role. */
  login?: string;
}

/**
 * Who everything is done as. UserError NotLoggedIn when there are no credentials, or they are unknown or expired;
 * RoleNotAssumed when the login may not be what it should be.
 */
export async function getCaller(aws: AwsClients, { assumeRole }: Pick<Login, "assumeRole"> = {}): Promise<Caller> {
  if (assumeRole === undefined) return askCaller(aws, aws.sts);
  const { arn: login } = await askCaller(aws, aws.loginSts);
  return { ...(await askCaller(aws, aws.sts)), login };
}

async function askCaller(aws: AwsClients, sts: AwsClients["sts"]): Promise<Caller> {
  const { Account, Arn } = await askIdentity(aws, sts);
  if (Account && Arn) return { account: Account, arn: Arn };
  throw new ToolError("NoCallerIdentity", "AWS answered sts:GetCallerIdentity without an account");
}

async function askIdentity(aws: AwsClients, sts: AwsClients["sts"]): Promise<GetCallerIdentityCommandOutput> {
  try {
    return await sts.send(new GetCallerIdentityCommand({}));
  } catch (error) {
    if (error instanceof UserError) throw error;
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
