import { expect, it } from "vitest";
import { writeLock } from "../../../src/config/lock-file.ts";
import { checkLogin } from "../../../src/steps/check-login.ts";
import { memo } from "../../../src/steps/memo.ts";
import { fakeInstallation } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const { lock, config } = releaseInputs();
const pinned = (accountId: string) => ({ ...config, aws: { ...config.aws, accountId } });

it("tells who is logged in, and where", async () => {
  expect(await checkLogin.check(fakeInstallation())).toEqual({
    done: "arn:aws:iam::123456789012:user/operator, account 123456789012, region us-east-2",
  });
});

it("accepts the account that the configuration names", async () => {
  expect(await checkLogin.check(fakeInstallation({ config: pinned("123456789012") }))).toHaveProperty("done");
});

it("refuses another account than the configuration's before that account is asked for anything", async () => {
  const asked: string[] = [];
  const installation = {
    ...fakeInstallation({ config: pinned("999999999999") }),
    lock: memo(() => {
      asked.push("lock");
      return Promise.resolve({ lock, recorded: false });
    }),
  };
  await expect(checkLogin.check(installation)).rejects.toMatchObject({
    code: "WrongAccount",
    exitCode: 2,
    message: expect.stringMatching(
      /^dandihub belongs to AWS account 999999999999 \(.*dandihub\.tfvars\), but the login is for 123456789012/,
    ) as string,
    hint: "log in to account 999999999999, for example with AWS_PROFILE",
  });
  expect(asked).toEqual([]);
});

it("refuses another account than the certificate's, which a load balancer there could not use", async () => {
  const certificate = "arn:aws:acm:us-east-2:999999999999:certificate/1234abcd";
  const installation = fakeInstallation({ config: { ...config, certificate } });
  await expect(checkLogin.check(installation)).rejects.toMatchObject({
    code: "WrongAccount",
    exitCode: 2,
    message: expect.stringContaining(
      "belongs to AWS account 999999999999, but the login is for 123456789012",
    ) as string,
  });
});

it("refuses another account than that of the first install", async () => {
  const installation = fakeInstallation();
  await writeLock(installation.deployment.lockFile, { ...lock, account: "999999999999" });
  await expect(checkLogin.check(installation)).rejects.toMatchObject({
    code: "WrongAccount",
    message: expect.stringContaining("hub.lock.yaml") as string,
  });
});

it("refuses to move a hub to another region", async () => {
  const recorded = { lock: { ...lock, region: "eu-central-1" }, recorded: true };
  await expect(checkLogin.check(fakeInstallation({ answers: { lock: recorded } }))).rejects.toMatchObject({
    code: "RegionChanged",
    exitCode: 2,
    message: expect.stringMatching(/installed in eu-central-1 .*but the configuration says us-east-2/) as string,
    hint: expect.stringContaining("set the region back to eu-central-1") as string,
  });
});

it("refuses a lock file that was copied with the configuration of another hub", async () => {
  const recorded = { lock: { ...lock, deployment: "otherhub" }, recorded: true };
  await expect(checkLogin.check(fakeInstallation({ answers: { lock: recorded } }))).rejects.toMatchObject({
    code: "NameChanged",
    exitCode: 2,
    message: expect.stringMatching(/belongs to the deployment otherhub, but .* that of dandihub/) as string,
  });
  const own = { lock: { ...lock, deployment: "dandihub" }, recorded: true };
  expect(await checkLogin.check(fakeInstallation({ answers: { lock: own } }))).toHaveProperty("done");
});
