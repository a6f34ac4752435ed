import {
  CreateBucketCommand,
  GetBucketVersioningCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { createStateBucket, findStateBucket } from "../../../src/aws/state-bucket.ts";
import { account, awsError, mockAws } from "../../helpers/installation.ts";

const { s3 } = mockAws();
const aws = createClients("us-east-2");
const bucket = "hubctl-123456789012-us-east-2";

describe("findStateBucket", () => {
  it.each([
    ["Enabled", "ready"],
    [undefined, "incomplete"],
    ["Suspended", "incomplete"],
  ] as const)("calls a bucket with versioning %s %s", async (Status, found) => {
    s3.on(GetBucketVersioningCommand).resolves(Status === undefined ? {} : { Status });
    expect(await findStateBucket(aws, account)).toBe(found);
    expect(s3.commandCalls(GetBucketVersioningCommand)[0]!.args[0].input).toEqual({
      Bucket: bucket,
      ExpectedBucketOwner: account,
    });
  });

  it("tells that there is none", async () => {
    s3.on(GetBucketVersioningCommand).rejects(awsError("NoSuchBucket", 404));
    expect(await findStateBucket(aws, account)).toBe("missing");
  });

  it("refuses a bucket of somebody else", async () => {
    s3.on(GetBucketVersioningCommand).rejects(awsError("AccessDenied", 403));
    await expect(findStateBucket(aws, account)).rejects.toMatchObject({
      code: "StateBucketForbidden",
      exitCode: 2,
      message: expect.stringContaining(bucket) as string,
    });
  });

  it("hands on any other failure", async () => {
    s3.on(GetBucketVersioningCommand).rejects(awsError("SlowDown", 503));
    await expect(findStateBucket(aws, account)).rejects.toThrow("SlowDown");
  });
});

describe("createStateBucket", () => {
  it("versions last, since that marks the bucket as complete; everything names the owner", async () => {
    await createStateBucket(aws, account);
    const commands = s3.calls().map(({ args }) => args[0]);
    expect(commands.map(({ constructor }) => constructor)).toEqual([
      CreateBucketCommand,
      PutPublicAccessBlockCommand,
      PutBucketEncryptionCommand,
      PutBucketPolicyCommand,
      PutBucketTaggingCommand,
      PutBucketVersioningCommand,
    ]);
    for (const { input } of commands.slice(1)) expect(input).toMatchObject({ ExpectedBucketOwner: account });
  });

  it("refuses requests without TLS", async () => {
    await createStateBucket(aws, account);
    const { Policy } = s3.commandCalls(PutBucketPolicyCommand)[0]!.args[0].input;
    expect(JSON.parse(Policy!)).toMatchObject({
      Statement: [
        {
          Effect: "Deny",
          Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    });
  });

  it.each([
    ["us-east-2", { LocationConstraint: "us-east-2" }],
    ["us-east-1", undefined],
  ])("names the region %s as S3 wants it", async (region, constraint) => {
    await createStateBucket(createClients(region), account);
    expect(s3.commandCalls(CreateBucketCommand)[0]!.args[0].input.CreateBucketConfiguration).toEqual(constraint);
  });

  it("does not mistake a bucket of somebody else for its own", async () => {
    s3.on(CreateBucketCommand).rejects(awsError("BucketAlreadyExists", 409));
    await expect(createStateBucket(aws, account)).rejects.toThrow("BucketAlreadyExists");
    expect(s3.commandCalls(PutBucketPolicyCommand)).toEqual([]);
  });
});
