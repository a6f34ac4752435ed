import { UserError } from "../errors.ts";
import { defineStep } from "../engine/step.ts";
import type { Installation } from "./installation.ts";

export const checkLogin = defineStep<Installation, never>({
  id: "check-login",
  title: "Check login and account",
  async check(installation) {
    const caller = await installation.caller();
    const { lock } = await installation.lock();
    const { aws, name } = installation.config;
    const pins = [
      { account: aws.accountId, where: installation.deployment.configFile },
      { account: lock.account, where: installation.deployment.lockFile },
    ];
    for (const { account, where } of pins) {
      if (account === undefined || account === caller.account) continue;
      throw new UserError(
        "WrongAccount",
        `${name} belongs to AWS account ${account} (${where}), but the login is for ${caller.account} (${caller.arn})`,
        { hint: `log in to account ${account}, for example with AWS_PROFILE` },
      );
    }
    if (lock.region !== aws.region) {
      throw new UserError(
        "RegionChanged",
        `${name} was installed in ${lock.region} (${installation.deployment.lockFile}), but the configuration says ${aws.region}`,
        { hint: `set the region back to ${lock.region}; a hub in another region is another deployment` },
      );
    }
    return { done: `${caller.arn}, account ${caller.account}, region ${aws.region}` };
  },
  run: () => Promise.resolve(),
});
