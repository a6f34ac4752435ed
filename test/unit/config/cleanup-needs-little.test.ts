import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadDeployment } from "../../../src/config/load-deployment.ts";
import { writeLock } from "../../../src/config/lock-file.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

const hubYaml = `
aws: { region: us-east-2 }
domain: hub.example.org
auth: { method: shared-password, admins: [ada], allowAll: true }
image: { repository: quay.io/jupyter/scipy-notebook, tag: "1" }
`;

async function load(needsCertificate: boolean) {
  const root = temporaryFolder();
  const home = join(root, "deployments", "small");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "hub.yaml"), hubYaml);
  await writeLock(join(home, "hub.lock.yaml"), releaseInputs().lock);
  const runTerraform = () => Promise.reject(new Error("not needed for a hub.yaml"));
  return loadDeployment({
    cwd: root,
    env: {},
    deployment: undefined,
    runTerraform,
    needsSecrets: false,
    needsCertificate,
  });
}

test("what was installed can be taken away without naming its certificate again", async () => {
  await expect(load(true)).rejects.toThrow("has a problem");
  await expect(load(false)).resolves.toMatchObject({ config: { name: "small" } });
});
