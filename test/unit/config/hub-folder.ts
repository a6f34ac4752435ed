import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { Deployment } from "../../../src/config/deployment.ts";
import { readHubYaml } from "../../../src/config/hub-yaml.ts";
import { formatProblem } from "../../../src/config/problem.ts";

export const certificate = "arn:aws:acm:us-east-2:123456789012:certificate/11111111-2222-4333-8444-555555555555";

export const smallest = `aws:
  region: us-east-2
domain: hub.example.org
certificate: ${certificate}
auth:
  admins: [ada]
image:
  repository: quay.io/jupyter/scipy-notebook
  tag: "2026-11-03"
`;

interface Options {
  env?: NodeJS.ProcessEnv;
  set?: string[];
  /** Further files, by their path from the config root. */
  files?: Record<string, string | Uint8Array>;
  name?: string;
}

/** Reads a hub.yaml in a folder of its own, with whatever stands beside it; each test has its own root. */
export function hubFolder() {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "hubctl-test-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const read = (source: string, { env = {}, set, files = {}, name = "field" }: Options = {}) => {
    const home = join(root, "deployments", name);
    for (const [path, content] of Object.entries({ [`deployments/${name}/hub.yaml`]: source, ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    const deployment: Deployment = {
      name,
      root,
      form: "hub.yaml",
      configFile: join(home, "hub.yaml"),
      lockFile: join(home, "hub.lock.yaml"),
      workDir: join(root, ".hubctl", name),
    };
    return readHubYaml(deployment, { cwd: home, env, set });
  };
  return {
    read,
    problemsOf: (source: string, options: Options = {}) =>
      read(source, options).problems.map((problem) => formatProblem(problem).replaceAll(root, "ROOT")),
  };
}
