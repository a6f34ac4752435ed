import { PutObjectCommand } from "@aws-sdk/client-s3";
import { beforeEach, describe, expect, it } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import {
  compareWithCopy,
  differingFiles,
  hashOf,
  listCopies,
  readCopiedFiles,
  readCopyManifest,
  writeConfigCopy,
} from "../../../src/aws/config-copy.ts";
import { fakeBucket, type FakeBucket } from "../../helpers/fake-s3.ts";
import { account, mockAws } from "../../helpers/installation.ts";

const { s3 } = mockAws();
const aws = createClients("us-east-2");
const where = { account, deployment: "field" };
const author = {
  hubctl: "0.1.0",
  form: "hub.yaml" as const,
  name: "field",
  id: "0123456789abcdef",
  by: "ada@laptop",
  principal: "arn:aws:iam::123456789012:user/ada",
};
const hub = "deployments/field/hub.yaml";
const common = "deployments/common.yaml";
const first = new Map([
  [hub, "domain: a\n"],
  [common, "tags: {}\n"],
]);
const second = new Map([...first, [hub, "domain: b\n"]]);
let bucket: FakeBucket;
beforeEach(() => {
  bucket = fakeBucket(s3);
});

it("brings back exactly what was kept, whatever has been written since", async () => {
  await writeConfigCopy(aws, where, first, author, undefined);
  const manifest = (await readCopyManifest(aws, account, "field"))!;
  // A later copy that was stopped half way.
  bucket.objects.delete(`deployments/field/config/files/${common}`);
  expect(await readCopiedFiles(aws, where, manifest)).toEqual(first);
});

it("writes only what has changed, the manifest last, and remembers what came before", async () => {
  const one = await writeConfigCopy(aws, where, first, author, undefined);
  s3.resetHistory();
  const two = await writeConfigCopy(aws, where, second, author, one);
  expect(s3.commandCalls(PutObjectCommand).map(({ args }) => args[0].input.Key)).toEqual([
    `deployments/field/config/files/${hub}`,
    "deployments/field/config/manifest.json",
  ]);
  expect(two.earlier).toEqual([hashOf(first)]);
  expect(await readCopiedFiles(aws, where, two)).toEqual(second);
  const back = await writeConfigCopy(aws, where, first, author, two);
  expect(back).toMatchObject({ hash: hashOf(first), earlier: [hashOf(second)] });
});

it("names a file that is not what was kept", async () => {
  const manifest = await writeConfigCopy(aws, where, first, author, undefined);
  manifest.files[hub]!.sha256 = "another";
  await expect(readCopiedFiles(aws, where, manifest)).rejects.toMatchObject({
    code: "ConfigCopyBroken",
    message: expect.stringContaining(hub) as string,
  });
});

it("lists the deployments that were kept, and reads nothing of others", async () => {
  await writeConfigCopy(aws, where, first, author, undefined);
  bucket.objects.set("deployments/other/cluster/terraform.tfstate", { text: "", etag: "", modified: new Date() });
  expect(await listCopies(aws, account)).toEqual(["field"]);
  expect(await readCopyManifest(aws, account, "other")).toBeUndefined();
});

it("asks for a newer hubctl when it does not know the format", async () => {
  const text = JSON.stringify({ format: 2 });
  bucket.objects.set("deployments/field/config/manifest.json", { text, etag: "", modified: new Date() });
  await expect(readCopyManifest(aws, account, "field")).rejects.toMatchObject({
    code: "ConfigCopyUnreadable",
    exitCode: 2,
    hint: expect.stringContaining("upgrade hubctl") as string,
  });
});

describe("a configuration here", () => {
  const copy = { hash: "now", earlier: ["before", "at first"] };
  it.each([
    ["is the same", "now", undefined, "same"],
    ["that was kept once is older, on any machine", "before", undefined, "older"],
    ["that was kept once is older, even where the newest copy was seen", "at first", "now", "older"],
    ["that has not changed since this machine's copy is older", "mine", "mine", "older"],
    ["that has changed since the newest copy is newer", "mine", "now", "newer"],
    ["that has changed since an older copy lacks the newer one", "mine", "before", "diverged"],
    ["of a machine that knows no copy may be either", "mine", undefined, "unknown"],
  ] as const)("%s", (_, local, lastSeen, standing) => {
    expect(compareWithCopy(copy, local, lastSeen)).toBe(standing);
  });
});

it("tells which files differ, the missing ones too", async () => {
  const manifest = await writeConfigCopy(aws, where, first, author, undefined);
  expect(differingFiles(manifest, new Map([[hub, "domain: a\n"]]))).toEqual([common]);
  expect(differingFiles(manifest, new Map([...second, ["deployments/field/values/x.yaml", ""]]))).toEqual([
    "deployments/field/hub.yaml",
    "deployments/field/values/x.yaml",
  ]);
});
