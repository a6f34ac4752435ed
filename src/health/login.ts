import { getCaller, type Caller } from "../aws/caller.ts";
import { HubctlError, UserError } from "../errors.ts";
import { describeReason, type Finding } from "./layer.ts";
import type { Scene } from "./scene.ts";

/** UserError when there is no login, or one to another account: then nothing else that was asked means anything. */
export async function checkLogin(scene: Pick<Scene, "aws" | "config" | "deployment" | "lock">): Promise<Finding> {
  const { config, deployment, lock, aws } = scene;
  let caller: Caller;
  try {
    caller = await getCaller(aws, config.aws);
  } catch (error) {
    if (!(error instanceof HubctlError) || error instanceof UserError) throw error;
    // Not "unknown": whoever watches must hear of it when nothing can be seen.
    const finding = `AWS can't be asked: ${describeReason(error)}`;
    return { state: "problem", finding, ...(error.hint !== undefined && { todo: error.hint }) };
  }
  const { account, arn, login } = caller;
  if (account !== lock.account) {
    throw new UserError(
      "WrongAccount",
      `${config.name} belongs to AWS account ${lock.account} (${deployment.lockFile}), but the login is for ${account} (${arn})`,
      { hint: `log in to account ${lock.account}, for example with AWS_PROFILE` },
    );
  }
  const who = login === undefined ? nameOf(arn) : `${nameOf(login)} as ${nameOf(arn)}`;
  return {
    state: "ok",
    finding: `${who}, account ${account}, region ${lock.region}`,
    details: { account, region: lock.region, arn, ...(login !== undefined && { login }) },
  };
}

/** "user/operator" of "arn:aws:iam::123456789012:user/operator" */
function nameOf(arn: string): string {
  return arn.split(":").slice(5).join(":");
}
