import { readLock } from "../config/lock-file.ts";
import { certificateOwner } from "../config/rules/aws.ts";
import { UserError } from "../errors.ts";
import { defineStep } from "../engine/step.ts";
import type { Caller } from "../aws/caller.ts";
import type { Installation } from "./installation.ts";

export const checkLogin = defineStep<Installation, never>({
  id: "check-login",
  title: "Check login and account",
  async check(installation) {
    const { config, deployment } = installation;
    const caller = await installation.caller();
    refuseOtherAccount(config.name, caller, { account: config.aws.accountId, file: deployment.configFile });
    refuseOtherAccount(config.name, caller, {
      account: readLock(deployment.lockFile)?.account,
      file: deployment.lockFile,
    });
    if (typeof config.certificate === "string") refuseOthersCertificate(config.certificate, caller);
    // Only now: before the first install, the lock's content is asked of the account.
    const { lock } = await installation.lock();
    refuseOtherName(config.name, lock.deployment, deployment.lockFile);
    const { region } = config.aws;
    if (lock.region !== region) {
      throw new UserError(
        "RegionChanged",
        `${config.name} was installed in ${lock.region} (${deployment.lockFile}), but the configuration says ${region}`,
        { hint: `set the region back to ${lock.region}; a hub in another region is another deployment` },
      );
    }
    const who = caller.login === undefined ? caller.arn : `${caller.login} as ${caller.arn}`;
    return { done: `${who}, account ${caller.account}, region ${region}` };
  },
  run: () => Promise.resolve(),
});

function refuseOtherAccount(
  name: string,
  caller: Caller,
  { account, file }: { account: string | undefined; file: string },
): void {
  if (account === undefined || account === caller.account) return;
  throw new UserError(
    "WrongAccount",
    `${name} belongs to AWS account ${account} (${file}), but the login is for ${caller.account} (${caller.arn})`,
    { hint: `log in to account ${account}, for example with AWS_PROFILE` },
  );
}

function refuseOtherName(name: string, recorded: string | undefined, lockFile: string): void {
  if (recorded === undefined || recorded === name) return;
  throw new UserError(
    "NameChanged",
    `${lockFile} belongs to the deployment ${recorded}, but the configuration is that of ${name}`,
    {
      hint: `a deployment keeps its name: call it ${recorded} again; for a second one like it, take its configuration without ${lockFile}`,
    },
  );
}

/** A variables file pins no account; at a first install this is what tells a login to the wrong one. */
function refuseOthersCertificate(arn: string, caller: Caller): void {
  const owner = certificateOwner(arn)?.account;
  if (owner === undefined || owner === caller.account) return;
  throw new UserError(
    "WrongAccount",
    `the certificate ${arn} belongs to AWS account ${owner}, but the login is for ${caller.account} (${caller.arn})`,
    { hint: `log in to account ${owner}, for example with AWS_PROFILE, or name a certificate of ${caller.account}` },
  );
}
