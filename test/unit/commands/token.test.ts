import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { token } from "../../../src/commands/token.ts";

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const options = { cluster: "dandihub", region: "us-east-2" };

test.each(["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"])(
  "answers in the version that kubectl asked for: %s",
  async (apiVersion) => {
    const info = JSON.stringify({ kind: "ExecCredential", apiVersion, spec: { interactive: false } });
    const answer = JSON.parse(await token(options, { KUBERNETES_EXEC_INFO: info })) as Record<string, unknown>;
    expect(answer).toMatchObject({ kind: "ExecCredential", apiVersion, spec: {} });
    const status = answer["status"] as { token: string; expirationTimestamp: string };
    expect(status.token).toMatch(/^k8s-aws-v1\.[\w-]+$/);
    expect(status.expirationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  },
);

test.each([
  JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1alpha1" }),
  JSON.stringify({ kind: "ExecCredential" }),
  "null",
  "{",
])("refuses to guess the version when asked with %s", async (info) => {
  await expect(token(options, { KUBERNETES_EXEC_INFO: info })).rejects.toMatchObject({ code: "ExecInfoInvalid" });
});
