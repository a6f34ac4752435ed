import { PutObjectCommand } from "@aws-sdk/client-s3";
import { hostname } from "node:os";
import { beforeEach, expect, it } from "vitest";
import { releaseDeadStateLock } from "../../../src/steps/dead-state-lock.ts";
import { fakeBucket, type FakeBucket } from "../../helpers/fake-s3.ts";
import { fakeInstallation, mockAws } from "../../helpers/installation.ts";

const aws = mockAws();
const stateKey = "deployments/dandihub/cluster/terraform.tfstate";
const earlier = { action: "apply", startedAt: "2026-11-21T09:00:00.120Z" };
const left = { ID: "35b42c56", Operation: "OperationTypeApply", Who: `ada@${hostname()}` };

let bucket: FakeBucket;
beforeEach(() => {
  bucket = fakeBucket(aws.s3);
});

async function lockedBy(lock: object) {
  const installation = fakeInstallation();
  const put = { Bucket: "b", Key: `${stateKey}.tflock`, Body: JSON.stringify(lock) };
  await installation.aws.s3.send(new PutObjectCommand(put));
  return installation;
}

it("of a Terraform that was killed is released, and it is said", async () => {
  const installation = await lockedBy({ ...left, Created: "2026-11-21T09:00:00.884138935Z" });
  await releaseDeadStateLock(earlier, stateKey, installation);
  expect(bucket.text(`${stateKey}.tflock`)).toBeUndefined();
  expect(installation.notes).toEqual([
    "released the state lock that terraform apply of an earlier run left when it was killed",
  ]);
});

it.each([
  ["from before that run", { ...left, Created: "2026-11-21T08:59:59Z" }],
  ["of another machine", { ...left, Who: "ada@elsewhere", Created: "2026-11-21T09:00:01Z" }],
  ["of something else", { ...left, Operation: "OperationTypePlan", Created: "2026-11-21T09:00:01Z" }],
])("%s stays", async (_, lock) => {
  const installation = await lockedBy(lock);
  await releaseDeadStateLock(earlier, stateKey, installation);
  expect(bucket.text(`${stateKey}.tflock`)).toBeDefined();
  expect(installation.notes).toEqual([]);
});

it("is not there after a run that ended well", async () => {
  const installation = fakeInstallation();
  await releaseDeadStateLock(earlier, stateKey, installation);
  expect(installation.notes).toEqual([]);
});
