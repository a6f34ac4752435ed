import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2Client, DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SSMClient, GetParameterCommand } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { optimizedAmis } from "../../../sandbox/aws/eks/versions.ts";
import { startFront, type CallRecord, type Front } from "../../../sandbox/aws/front.ts";
import type { IssuedCredentials } from "../../../sandbox/aws/identities.ts";

const account = "123456789012";
const operatorArn = `arn:aws:iam::${account}:user/operator`;

interface Seen {
  account: string | undefined;
  path: string;
  body: string;
  encoding: string | undefined;
}

/** Stands in for moto: answers what a test tells it to, and remembers what it got. */
class FakeMoto {
  readonly seen: Seen[] = [];
  answer: (request: IncomingMessage, body: string) => { status: number; body: string; type?: string } = () => ({
    status: 200,
    body: "<x/>",
  });
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const { "x-moto-account-id": forAccount, "content-encoding": encoding } = request.headers;
      this.seen.push({ account: forAccount as string | undefined, path: request.url ?? "", body, encoding });
      const { status, body: text, type = "text/xml" } = this.answer(request, body);
      response.writeHead(status, { "content-type": type });
      response.end(text);
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let dir: string;
let moto: FakeMoto;
let front: Front;
let operator: IssuedCredentials;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "front-"));
  moto = new FakeMoto();
  front = await startFront({ moto: await moto.start(), account, region: "us-east-2", callLog: join(dir, "calls") });
  operator = front.identities.issue({ account, arn: operatorArn });
});

afterEach(async () => {
  await front.stop();
  await moto.stop();
  rmSync(dir, { recursive: true });
});

function settings(credentials: IssuedCredentials = operator) {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return {
    endpoint: front.url,
    region: "us-east-2",
    maxAttempts: 1,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  };
}

async function failure(call: Promise<unknown>): Promise<{ name: string; message: string; status: number | undefined }> {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { name, message, status: $metadata?.httpStatusCode };
  }
  throw new Error("the call did not fail");
}

async function callLog(): Promise<CallRecord[]> {
  await front.stop();
  const lines = readFileSync(join(dir, "calls"), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as CallRecord);
}

describe("the front", () => {
  it("passes a call on with the caller's account, and records it", async () => {
    await new EC2Client(settings()).send(new DescribeVpcsCommand({}));
    expect(moto.seen).toHaveLength(1);
    expect(moto.seen[0]).toMatchObject({ account, path: "/" });
    expect(moto.seen[0]?.body).toContain("Action=DescribeVpcs");
    expect(await callLog()).toMatchObject([
      { service: "ec2", action: "DescribeVpcs", caller: operatorArn, account, status: 200, internal: false },
    ]);
  });

  it("keeps the accounts of its callers apart", async () => {
    const other = front.identities.issue({ account: "210987654321", arn: "arn:aws:iam::210987654321:user/other" });
    await new EC2Client(settings(other)).send(new DescribeVpcsCommand({}));
    expect(moto.seen[0]?.account).toBe("210987654321");
    const identity = await new STSClient(settings(other)).send(new GetCallerIdentityCommand({}));
    expect(identity).toMatchObject({ Account: "210987654321", Arn: "arn:aws:iam::210987654321:user/other" });
  });

  it("passes chunked and signed S3 bodies through unharmed", async () => {
    await new S3Client(settings()).send(new PutObjectCommand({ Bucket: "b", Key: "a b/c+d", Body: "hello" }));
    expect(moto.seen[0]).toMatchObject({ path: "/b/a%20b/c%2Bd?x-id=PutObject" });
    expect(moto.seen[0]?.body).toContain("hello");
  });

  it("refuses an unknown key in the words of each protocol, and asks moto nothing", async () => {
    const unknown = { accessKeyId: "AKIAUNKNOWNUNKNOWN22", secretAccessKey: "x" };
    expect(await failure(new EC2Client(settings(unknown)).send(new DescribeVpcsCommand({})))).toMatchObject({
      name: "AuthFailure",
      status: 401,
    });
    expect(await failure(new STSClient(settings(unknown)).send(new GetCallerIdentityCommand({})))).toMatchObject({
      name: "InvalidClientTokenId",
      status: 403,
    });
    expect(await failure(new EKSClient(settings(unknown)).send(new ListClustersCommand({})))).toMatchObject({
      name: "UnrecognizedClientException",
      status: 403,
    });
    const read = new GetObjectCommand({ Bucket: "b", Key: "k" });
    expect(await failure(new S3Client(settings(unknown)).send(read))).toMatchObject({
      name: "InvalidAccessKeyId",
      status: 403,
    });
    const parameter = new GetParameterCommand({ Name: "x" });
    expect(await failure(new SSMClient(settings(unknown)).send(parameter))).toMatchObject({
      name: "UnrecognizedClientException",
      status: 400,
    });
    expect(moto.seen).toEqual([]);
  });

  it("refuses an expired session and a wrong secret", async () => {
    const expired = front.identities.assumeRole(`arn:aws:iam::${account}:role/x`, "s", -1);
    expect((await failure(new EKSClient(settings(expired)).send(new ListClustersCommand({})))).name).toBe(
      "ExpiredTokenException",
    );
    expect((await failure(new STSClient(settings(expired)).send(new GetCallerIdentityCommand({})))).name).toMatch(
      /^ExpiredToken/,
    );
    const wrong = { ...operator, secretAccessKey: "wrong" };
    expect((await failure(new STSClient(settings(wrong)).send(new GetCallerIdentityCommand({})))).name).toBe(
      "SignatureDoesNotMatch",
    );
  });

  it("refuses a call that nobody signed", async () => {
    const answer = await fetch(`${front.url}/clusters`);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("MissingAuthenticationToken");
  });

  it("turns what moto does not know into a refusal that names the operation and is not retried", async () => {
    moto.answer = () => ({ status: 404, body: "<html>Not Found</html>", type: "text/html; charset=utf-8" });
    const unknown = await failure(new EKSClient({ ...settings(), maxAttempts: 5 }).send(new ListClustersCommand({})));
    expect(unknown).toMatchObject({ name: "UnknownOperationException", status: 400 });
    expect(unknown.message).toContain("eks:");
    moto.answer = () => ({ status: 500, body: "<title>500 Internal Server Error</title>", type: "text/html" });
    const broken = await failure(new EC2Client({ ...settings(), maxAttempts: 5 }).send(new DescribeVpcsCommand({})));
    expect(broken).toMatchObject({ name: "UnknownOperationException", status: 400 });
    expect(broken.message).toContain("ec2:DescribeVpcs");
    expect(moto.seen).toHaveLength(2);
  });

  it("gives a routed service's calls to its handler, with the caller", async () => {
    front.route("eks", (request) =>
      Promise.resolve({
        status: 200,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ clusters: [request.caller.arn] }),
      }),
    );
    const { clusters } = await new EKSClient(settings()).send(new ListClustersCommand({}));
    expect(clusters).toEqual([operatorArn]);
    expect(moto.seen).toEqual([]);
  });

  it("marks calls of the sandbox's own parts in the record", async () => {
    await new EC2Client(settings(front.internal)).send(new DescribeVpcsCommand({}));
    expect(await callLog()).toMatchObject([{ internal: true, action: "DescribeVpcs" }]);
  });
});

describe("sts:AssumeRole", () => {
  const roleArn = `arn:aws:iam::${account}:role/hubs/deployer`;
  const assume = new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: "ci" });

  function role(principal: unknown) {
    const policy = { Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: principal }] };
    return () => ({
      status: 200,
      body:
        `<GetRoleResponse><GetRoleResult><Role><RoleId>AROAAAAAAAAAAAAAAAAA</RoleId><Arn>${roleArn}</Arn>` +
        `<AssumeRolePolicyDocument>${encodeURIComponent(JSON.stringify(policy))}</AssumeRolePolicyDocument>` +
        `</Role></GetRoleResult></GetRoleResponse>`,
    });
  }

  it("issues a session of a role that trusts the caller", async () => {
    moto.answer = role({ AWS: operatorArn });
    const { Credentials: credentials, AssumedRoleUser: user } = await new STSClient(settings()).send(assume);
    expect(user?.Arn).toBe(`arn:aws:sts::${account}:assumed-role/deployer/ci`);
    const session = {
      accessKeyId: credentials?.AccessKeyId ?? "",
      secretAccessKey: credentials?.SecretAccessKey ?? "",
      sessionToken: credentials?.SessionToken ?? "",
    };
    const identity = await new STSClient(settings(session)).send(new GetCallerIdentityCommand({}));
    expect(identity).toMatchObject({ Arn: user?.Arn, UserId: "AROAAAAAAAAAAAAAAAAA:ci" });
  });

  it("refuses a role that trusts others only, or does not exist", async () => {
    moto.answer = role({ Service: "ec2.amazonaws.com" });
    expect(await failure(new STSClient(settings()).send(assume))).toMatchObject({ name: "AccessDenied", status: 403 });
    moto.answer = () => ({ status: 404, body: "<ErrorResponse/>" });
    expect(await failure(new STSClient(settings()).send(assume))).toMatchObject({ name: "AccessDenied", status: 403 });
  });
});

describe("the parameters of EKS' node images", () => {
  it("are answered for every image that EKS has, and for no other", async () => {
    const ssm = new SSMClient(settings());
    const [image] = optimizedAmis();
    const base = `/aws/service/eks/optimized-ami/${image!.minor}/amazon-linux-2023/x86_64/standard`;
    for (const folder of ["recommended", image!.name]) {
      const { Parameter: parameter } = await ssm.send(new GetParameterCommand({ Name: `${base}/${folder}/image_id` }));
      expect(parameter?.Value).toBe(image!.imageId);
    }
    const missing = new GetParameterCommand({ Name: base.replace(image!.minor, "1.12") });
    expect((await failure(ssm.send(missing))).name).toBe("ParameterNotFound");
    expect(moto.seen).toEqual([]);
  });
});
