import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { baseCredentials, loginCredentials, sessionName, useProfile } from "../../../src/aws/login.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

const role = "arn:aws:iam::123456789012:role/obs-terraform-architect";
const loginVariables = ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

beforeEach(() => {
  for (const name of loginVariables) vi.stubEnv(name, undefined);
  const folder = temporaryFolder();
  const file = join(folder, "credentials");
  writeFileSync(file, "[observatory]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = x\n");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", file);
  vi.stubEnv("AWS_CONFIG_FILE", join(folder, "config"));
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("the profile", () => {
  it("is used, here and by every tool, if the environment has no login", async () => {
    const env: NodeJS.ProcessEnv = {};
    useProfile({ profile: "observatory" }, env);
    expect(env).toEqual({ AWS_PROFILE: "observatory" });
    expect(await baseCredentials({ profile: "observatory" }, env)()).toMatchObject({ accessKeyId: "AKIAPROFILE" });
  });

  it.each([{ AWS_PROFILE: "mine" }, { AWS_ACCESS_KEY_ID: "AKIAMINE" }])("gives way to %j", (own) => {
    const env: NodeJS.ProcessEnv = { ...own };
    useProfile({ profile: "observatory" }, env);
    expect(env).toEqual(own);
  });

  it("is not looked at when the environment has keys", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAMINE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "x");
    expect(await baseCredentials({ profile: "nobody's" })()).toMatchObject({ accessKeyId: "AKIAMINE" });
  });

  it("is named when this machine does not have it", async () => {
    await expect(baseCredentials({ profile: "gone" })()).rejects.toMatchObject({
      code: "ProfileNotFound",
      exitCode: 2,
      message: 'the AWS profile "gone" gives no login on this machine',
      hint: expect.stringContaining("aws configure sso --profile gone") as string,
    });
  });
});

describe("the role", () => {
  let server: Server;
  let asked: URLSearchParams[];
  let answer: () => { status: number; body: string };

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        asked.push(new URLSearchParams(body));
        const { status, body: text } = answer();
        response.writeHead(status, { "content-type": "text/xml" }).end(text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAMINE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "x");
    return () => server.close();
  });

  const session = (minutes: number) => ({
    status: 200,
    body:
      `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>` +
      `<AccessKeyId>ASIA${asked.length}</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>t</SessionToken>` +
      `<Expiration>${new Date(Date.now() + minutes * 60_000).toISOString()}</Expiration>` +
      `</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
  });
  const refusal = (code: string, message: string) => ({
    status: 403,
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  });

  it("is assumed once for everybody who asks, under the operator's name", async () => {
    answer = () => session(60);
    const provide = loginCredentials({ assumeRole: role }, "us-east-2");
    const [first, second] = await Promise.all([provide(), provide()]);
    expect(first).toMatchObject({ accessKeyId: "ASIA1" });
    expect(second).toBe(first);
    expect(await provide()).toBe(first);
    expect(asked).toHaveLength(1);
    expect(asked[0]!.get("RoleArn")).toBe(role);
    expect(asked[0]!.get("RoleSessionName")).toBe(sessionName());
  });

  it("is assumed again before the session ends", async () => {
    answer = () => session(4);
    const provide = loginCredentials({ assumeRole: role }, "us-east-2");
    expect(await provide()).toMatchObject({ accessKeyId: "ASIA1" });
    expect(await provide()).toMatchObject({ accessKeyId: "ASIA2" });
  });

  it("that may not be assumed is a thing to ask an administrator for", async () => {
    const words = `User: arn:aws:iam::123456789012:user/ada is not authorized to perform: sts:AssumeRole on resource: ${role}`;
    answer = () => refusal("AccessDenied", words);
    await expect(loginCredentials({ assumeRole: role }, "us-east-2")()).rejects.toMatchObject({
      code: "RoleNotAssumed",
      exitCode: 2,
      message: `AWS does not let this login assume the role ${role}`,
      output: words,
      hint: expect.stringContaining("trust policy") as string,
    });
  });

  it("is not blamed for a login that has expired; a later try asks again", async () => {
    answer = () => refusal("ExpiredToken", "The security token included in the request is expired");
    const provide = loginCredentials({ assumeRole: role }, "us-east-2");
    await expect(provide()).rejects.toMatchObject({ code: "NotLoggedIn", exitCode: 2 });
    answer = () => session(60);
    expect(await provide()).toMatchObject({ accessKeyId: "ASIA2" });
  });
});

it("names a session so that AWS takes it, whatever the user is called", () => {
  expect(sessionName("ada")).toBe("hubctl-ada");
  expect(sessionName("DOMAIN\\ada müller")).toBe("hubctl-DOMAIN-ada-m-ller");
  expect(sessionName("a".repeat(80))).toHaveLength(64);
});
