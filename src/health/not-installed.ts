import { getCaller } from "../aws/caller.ts";
import { UserError } from "../errors.ts";
import type { Finding, Health } from "./layer.ts";
import type { Scene } from "./scene.ts";
import { installAgain } from "./scene.ts";
import { listObjects } from "./state.ts";

/** Of a deployment without a lock file: there is none yet, or another machine has it. */
export async function checkNotInstalled(
  { deployment, config, aws }: Pick<Scene, "deployment" | "config" | "aws">,
  now = new Date(),
): Promise<Health> {
  const { account, arn } = await getCaller(aws, config.aws);
  if (config.aws.accountId !== undefined && config.aws.accountId !== account) {
    throw new UserError(
      "WrongAccount",
      `${config.name} belongs to AWS account ${config.aws.accountId} (${deployment.configFile}), but the login is for ${account} (${arn})`,
      { hint: `log in to account ${config.aws.accountId}, for example with AWS_PROFILE` },
    );
  }
  const objects = await listObjects(aws, account, `deployments/${config.name}/`);
  const isElsewhere = [...objects.keys()].some((key) => key.endsWith("/terraform.tfstate"));
  const found: Finding = isElsewhere
    ? {
        state: "problem",
        finding: `there is no ${deployment.lockFile}, but account ${account} has the state of a deployment ${config.name}`,
        todo: `hubctl init --fetch ${config.name} --region ${aws.region}, in an empty folder`,
      }
    : {
        state: "warning",
        finding: `not installed yet: there is no ${deployment.lockFile}`,
        todo: installAgain({ deployment }),
      };
  return { deployment: config.name, checked: now.toISOString(), layers: [{ layer: "configuration", ...found }] };
}
