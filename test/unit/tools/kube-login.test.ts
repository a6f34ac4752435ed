import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { tokenFromEnvironment, withToken, withTokens } from "../../../src/tools/kube-login.ts";
import { fakeExec } from "../../helpers/fake-exec.ts";

const get = { file: "kubectl", args: ["get", "pods"], env: { KUBECONFIG: "/work/kubeconfig" } };

test("the login program prints the credential that its command carries", () => {
  const { env, args } = withToken(get, "k8s-aws-v1.abc");
  const [program, ...rest] = tokenFromEnvironment;
  const printed = execFileSync(program, rest, { encoding: "utf8", env: { ...process.env, ...env } });
  expect(JSON.parse(printed)).toEqual({
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: {},
    status: { token: "k8s-aws-v1.abc" },
  });
  expect(args).toEqual(get.args);
});

test("each call that goes to a cluster gets a token of its own, and no other call does", async () => {
  const version = { file: "terraform", args: ["version"] };
  const exec = fakeExec([{ command: { ...get, secrets: ["token 1"] } }, { command: version }, { command: get }]);
  let signed = 0;
  const signingIn = withTokens(exec, () => Promise.resolve({ token: `token ${++signed}` }));
  for (const command of [get, version, get]) await signingIn(command);
  expect(exec.calls[1]).toEqual(version);
  expect(exec.calls[2]?.secrets).toEqual(["token 2"]);
});
