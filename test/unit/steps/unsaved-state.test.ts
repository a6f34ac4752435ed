import { GetObjectCommand } from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import { saveUnsavedState } from "../../../src/steps/unsaved-state.ts";
import { awsError, fakeInstallation, fakeStack, mockAws } from "../../helpers/installation.ts";

const aws = mockAws();
const key = "deployments/dandihub/cluster/terraform.tfstate";

/** A stack in whose folder Terraform left a state at nine, and what was done to it. */
async function leftAtNine() {
  const fake = fakeStack([]);
  return { log: fake.log, stack: { ...(await fake.prepare()), unsavedSince: () => new Date("2026-11-21T09:00:00Z") } };
}

function lockedSince(Created: string) {
  const text = JSON.stringify({ ID: "35b42c56", Created, Who: "ada@laptop" });
  aws.s3
    .on(GetObjectCommand, { Key: `${key}.tflock` })
    .resolves({ Body: { transformToString: () => Promise.resolve(text) } as never });
}

it("does nothing when Terraform left none", async () => {
  const fake = fakeStack([]);
  await saveUnsavedState(await fake.prepare(), key, fakeInstallation());
  expect(fake.log).toEqual([]);
  expect(aws.s3.calls()).toEqual([]);
});

it("saves what Terraform left, and says so", async () => {
  aws.s3.on(GetObjectCommand).rejects(awsError("NoSuchKey", 404));
  const { stack, log } = await leftAtNine();
  const installation = fakeInstallation();
  await saveUnsavedState(stack, key, installation);
  expect(log).toEqual(["push unsaved state"]);
  expect(installation.notes).toEqual(["saving the Terraform state that an earlier run could not save"]);
});

it("takes away the lock of the Terraform that left it", async () => {
  lockedSince("2026-11-21T08:40:59.184138935Z");
  const { stack, log } = await leftAtNine();
  await saveUnsavedState(stack, key, fakeInstallation());
  expect(log).toEqual(["unlock 35b42c56", "push unsaved state"]);
});

it("leaves a later lock alone: it is somebody else's", async () => {
  lockedSince("2026-11-21T09:00:01Z");
  const { stack, log } = await leftAtNine();
  await saveUnsavedState(stack, key, fakeInstallation());
  expect(log).toEqual(["push unsaved state"]);
});
