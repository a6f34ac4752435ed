import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { render } from "../../../src/commands/render.ts";
import { writeLock } from "../../../src/config/lock-file.ts";
import { addonNames } from "../../../src/config/terraform-variables.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

let root: string;
let printed: string;
const home = () => join(root, "deployments", "field");

beforeEach(() => {
  root = temporaryFolder();
  mkdirSync(home(), { recursive: true });
  writeFileSync(
    join(home(), "hub.yaml"),
    `aws: {region: us-east-2}
domain: hub.example.org
certificate: arn:aws:acm:us-east-2:123456789012:certificate/11111111-2222-4333-8444-555555555555
auth: {method: github, admins: [ada], allowedUsers: [grace]}
image: {repository: quay.io/jupyter/scipy-notebook, tag: "2026-11-03"}
`,
  );
  vi.spyOn(process, "cwd").mockReturnValue(root);
  printed = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => void vi.unstubAllEnvs());

const out = () => join(root, "rendered");
const variables = () => readFileSync(join(out(), "terraform", "storage", "terraform.tfvars.json"), "utf8");

it("needs no secrets, and says what stands for what is not known yet", async () => {
  await render({ deployment: "field", out: out() });
  expect(variables()).toContain('"deployment_id": "<lock.id>"');
  expect(printed).toMatch(/^\d+ files of field are in \S+; there is no lock file yet: .* stands there as <lock\.…>$/m);
});

it("takes versions from the lock file", async () => {
  const addons = Object.fromEntries(addonNames.map((name) => [name, "v1"]));
  await writeLock(join(home(), "hub.lock.yaml"), { ...releaseInputs().lock, addons });
  await render({ deployment: "field", out: out() });
  expect(variables()).toContain('"deployment_id": "3f1c9a52"');
  expect(printed).toContain("versions are those of deployments/field/hub.lock.yaml");
});

it("writes no secret that happens to be set", async () => {
  vi.stubEnv("HUBCTL_OAUTH_CLIENT_SECRET", "canary-of-the-client-secret");
  await render({ deployment: "field", out: out() });
  expect(readFileSync(join(out(), "values", "jupyterhub.yaml"), "utf8")).toContain("<secret:clientSecret>");
  expect(readFileSync(join(out(), "values", "jupyterhub.yaml"), "utf8")).not.toContain("canary");
});
