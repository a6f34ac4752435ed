import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { createClients } from "../../src/aws/clients.ts";
import { checkHealth } from "../../src/health/check-health.ts";
import type { Health } from "../../src/health/layer.ts";
import { createExec } from "../../src/tools/exec.ts";
import { subject } from "../helpers/health-scene.ts";
import { temporaryFolder, writeTool } from "../helpers/tools.ts";

const { deployment, config, lock, files } = subject();

/** An AWS that answers as the listener does; this process's SDK is pointed at it. */
async function startAws(listener: RequestListener) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    vi.unstubAllEnvs();
    server.close();
    server.closeAllConnections();
  });
  vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${port}`);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "example");
  return server;
}

function look(folder: string, deadlineSeconds: number): Promise<Health> {
  const env = { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` };
  return checkHealth({
    deployment,
    config,
    lock,
    files,
    aws: createClients(lock.region),
    program: ["node", "hubctl.js"],
    deadlineSeconds,
    createTools: (running) => createExec({ running, env }),
  });
}

const stateOf = ({ layers }: Health, name: string) => layers.find(({ layer }) => layer === name);

test("a look at an AWS that never answers ends in time and keeps no connection", async () => {
  let requests = 0;
  const server = await startAws(() => void (requests += 1));
  const health = await look(temporaryFolder(), 1);
  expect(requests).toBeGreaterThan(5);
  expect(stateOf(health, "login")?.state).toBe("problem");
  expect(stateOf(health, "storage")).toMatchObject({ state: "unknown", finding: "no answer within 1 s" });
  await vi.waitFor(async () => {
    const open = await new Promise<number>((resolve, reject) =>
      server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
    expect(open).toBe(0);
  });
});

test("a look leaves no kubectl behind that hangs", async () => {
  const folder = temporaryFolder();
  const pidFile = join(folder, "pid");
  writeTool(
    folder,
    "kubectl",
    `import { writeFileSync } from "node:fs";
     writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
     setInterval(() => undefined, 1000);`,
  );
  writeTool(folder, "helm", `console.log("[]");`);
  const cluster = {
    name: config.name,
    status: "ACTIVE",
    version: "1.36",
    endpoint: "https://127.0.0.1:1",
    certificateAuthority: { data: "Y2E=" },
    tags: { "hubctl:id": lock.id },
  };
  const identity =
    "<GetCallerIdentityResponse><GetCallerIdentityResult>" +
    `<Arn>arn:aws:iam::${lock.account}:user/operator</Arn><Account>${lock.account}</Account>` +
    "</GetCallerIdentityResult></GetCallerIdentityResponse>";
  await startAws((request, response) => {
    if (request.url === `/clusters/${config.name}`) response.end(JSON.stringify({ cluster }));
    else if (request.headers.authorization?.includes("/sts/")) response.end(identity);
    else response.writeHead(400).end();
  });
  const health = await look(folder, 5);
  expect(stateOf(health, "login")?.state).toBe("ok");
  expect(stateOf(health, "releases")?.state).toBe("problem");
  expect(stateOf(health, "hub")).toMatchObject({ state: "unknown", finding: "no answer within 5 s" });
  expect(existsSync(pidFile)).toBe(true);
  const pid = Number(readFileSync(pidFile, "utf8"));
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"));
});
