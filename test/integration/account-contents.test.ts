import { CreateTagsCommand, DescribeSecurityGroupsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { AuthorizeSecurityGroupIngressCommand } from "@aws-sdk/client-ec2";
import { CreateKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from "@aws-sdk/client-kms";
import { CreateSecretCommand, DeleteSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accountDifferences, kinds, readAccount, type AccountContents } from "../helpers/account-contents.ts";
import { plantDeployment, plantOffice, type AwsSettings } from "../helpers/plant-orphans.ts";
import { region, startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";

let aws: SimulatedAws | undefined;
let settings: AwsSettings;

beforeAll(async () => {
  const { front, seeded } = (aws = await startSimulatedAws());
  settings = { endpoint: front.url, region, credentials: seeded.operator };
}, 120_000);

afterAll(() => aws?.stop());

test("one thing planted in each category is named, and nothing else", async () => {
  const before = await readAccount(settings);
  expect(accountDifferences(before, await readAccount(settings))).toEqual([]);
  const office = await plantOffice(settings);
  const planted = await plantDeployment(settings, { name: "demo", id: "0123456789abcdef", office });
  const differences = accountDifferences(before, await readAccount(settings));
  console.log(kinds.join(), differences.join("\n"));
  for (const key of planted) {
    const id = key.slice(key.indexOf(" ") + 1);
    expect(differences.filter((line) => line.includes(id))).not.toEqual([]);
  }
});
