import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { askMfaCode } from "../../src/aws/mfa-code.ts";
import { token } from "../../src/commands/token.ts";
import { account, region, startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";

let aws: SimulatedAws;
/** Another for each test: the SDK reads a file once. */
let home: string;
const servers: Server[] = [];

beforeAll(async () => {
  aws = await startSimulatedAws();
  const { accessKeyId, secretAccessKey } = aws.seeded.operator;
  const credentials = { accessKeyId, secretAccessKey };
  const iam = new IAMClient({ region, endpoint: aws.front.url, credentials });
  const trusted = { first: `arn:aws:iam::${account}:user/operator`, second: `arn:aws:iam::${account}:role/first` };
  for (const [RoleName, AWS] of Object.entries(trusted)) {
    const statement = { Effect: "Allow", Principal: { AWS }, Action: "sts:AssumeRole" };
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policy }));
  }
  iam.destroy();
}, 120_000);
afterAll(() => aws.stop());

beforeEach(() => {
  for (const name of Object.keys(process.env).filter((one) => one.startsWith("AWS_"))) vi.stubEnv(name, undefined);
  home = mkdtempSync(join(aws.dir, "home-"));
  vi.stubEnv("HOME", home);
  vi.stubEnv("AWS_ENDPOINT_URL", aws.front.url);
  vi.stubEnv("AWS_CONFIG_FILE", join(home, "config"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(home, "credentials"));
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) server.close();
});

/** Whose token it is, by the check that the API server's webhook makes. */
async function whoLogsIn(): Promise<string> {
  const answer = JSON.parse(await token({ cluster: "demo", region }, {})) as { status: { token: string } };
  const url = Buffer.from(answer.status.token.replace("k8s-aws-v1.", ""), "base64url").toString();
  return aws.front.identities.verifyPresigned(url, { "x-k8s-aws-id": "demo" }).arn;
}

const operatorProfile = () => `[default]
aws_access_key_id = ${aws.seeded.operator.accessKeyId}
aws_secret_access_key = ${aws.seeded.operator.secretAccessKey}
`;

it("follows a chain of roles that AWS_PROFILE names", async () => {
  writeFileSync(join(home, "credentials"), operatorProfile());
  writeFileSync(
    join(home, "config"),
    `[profile first]
role_arn = arn:aws:iam::${account}:role/first
source_profile = default
[profile second]
role_arn = arn:aws:iam::${account}:role/second
source_profile = first
role_session_name = me
region = ${region}
`,
  );
  vi.stubEnv("AWS_PROFILE", "second");
  expect(await whoLogsIn()).toBe(`arn:aws:sts::${account}:assumed-role/second/me`);
});

it("takes the keys of the machine's instance profile", async () => {
  const keys = aws.front.identities.assumeRole(`arn:aws:iam::${account}:role/ci`, "i-0123", 3600);
  const server = await listen((path) => {
    if (path === "/latest/api/token") return "metadata-token";
    if (path.endsWith("/security-credentials/")) return "ci";
    return JSON.stringify({
      Code: "Success",
      AccessKeyId: keys.accessKeyId,
      SecretAccessKey: keys.secretAccessKey,
      Token: keys.sessionToken,
      Expiration: new Date(Date.now() + 3_600_000).toISOString(),
    });
  });
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", undefined);
  vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server);
  writeFileSync(join(home, "credentials"), "");
  writeFileSync(join(home, "config"), "");
  expect(await whoLogsIn()).toBe(`arn:aws:sts::${account}:assumed-role/ci/i-0123`);
});

it("takes the keys of a login with IAM Identity Center", async () => {
  const role = "AWSReservedSSO_Admin_0123456789abcdef";
  const { principal, ...keys } = aws.front.identities.assumeRole(`arn:aws:iam::${account}:role/${role}`, "me", 3600);
  const server = await listen(() =>
    JSON.stringify({
      roleCredentials: { ...keys, expiration: Date.now() + 3_600_000 },
    }),
  );
  writeFileSync(
    join(home, "config"),
    `[sso-session institute]
sso_start_url = https://institute.example/start
sso_region = ${region}
[profile institute]
sso_session = institute
sso_account_id = ${account}
sso_role_name = Admin
region = ${region}
`,
  );
  const cache = join(home, ".aws", "sso", "cache");
  mkdirSync(cache, { recursive: true });
  writeFileSync(
    join(cache, `${createHash("sha1").update("institute").digest("hex")}.json`),
    JSON.stringify({ accessToken: "of-the-browser", expiresAt: new Date(Date.now() + 3_600_000).toISOString() }),
  );
  vi.stubEnv("AWS_PROFILE", "institute");
  vi.stubEnv("AWS_ENDPOINT_URL", server);
  expect(await whoLogsIn()).toBe(principal.arn);
});

async function listen(answer: (path: string) => string): Promise<string> {
  const server = createServer((request, response) => response.end(answer(request.url ?? "")));
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Opens a terminal, tells its name, types the code when it is asked for, and tells what was shown. */
const person = `
import os, pty, sys, tty
master, slave = pty.openpty()
print(os.ttyname(slave), flush=True)
shown = b""
while b": " not in shown: shown += os.read(master, 100)
os.write(master, b"123456\\n")
print(shown.decode(), flush=True)
sys.stdin.read()
`;

it("asks for an MFA code on the terminal, whatever standard output is", async () => {
  const child = spawn("python3", ["-c", person], { stdio: ["pipe", "pipe", "inherit"] });
  const lines: string[] = [];
  const heard = new Promise<string>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      lines.push(...text.split("\n").filter((line) => line.startsWith("/dev/")));
      if (lines[0] !== undefined) resolve(lines[0]);
    });
  });
  const stdout = vi.spyOn(process.stdout, "write");
  const code = await askMfaCode("arn:aws:iam::123456789012:mfa/me", await heard);
  expect(code).toBe("123456");
  expect(stdout).not.toHaveBeenCalled();
  stdout.mockRestore();
  child.stdin.end();
  await once(child, "exit");
}, 20_000);

it("says what to do where there is no terminal", async () => {
  await expect(askMfaCode("arn:aws:iam::123456789012:mfa/me", "/nonexistent/tty")).rejects.toMatchObject({
    code: "MfaNeedsTerminal",
    exitCode: 2,
  });
});
