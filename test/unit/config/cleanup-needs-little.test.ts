import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadDeployment } from "../../../src/config/load-deployment.ts";
import { writeLock } from "../../../src/config/lock-file.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

const variables = {
  jupyterhub_domain: "hub.example.org",
  admin_users: ["ada"],
  singleuser_image_repo: "quay.io/jupyter/scipy-notebook",
  singleuser_image_tag: "1",
};

/** Of a variables file that leaves its region to the certificate. */
async function load(env: NodeJS.ProcessEnv, { needsCertificate = false, isInstalled = true } = {}) {
  const root = temporaryFolder();
  writeFileSync(
    join(root, "small.tfvars"),
    Object.entries(variables)
      .map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
      .join(""),
  );
  if (isInstalled) await writeLock(join(root, "small.hub.lock.yaml"), releaseInputs().lock);
  const stdout = `"${Buffer.from(JSON.stringify(variables)).toString("base64")}"\n`;
  return loadDeployment({
    cwd: root,
    env,
    deployment: "small",
    runTerraform: () => Promise.resolve({ stdout, stderr: "", exitCode: 0 }),
    needsSecrets: false,
    needsCertificate,
  });
}

test("what was installed can be taken away without naming its certificate again", async () => {
  await expect(load({}, { needsCertificate: true })).rejects.toThrow("has a problem");
  await expect(load({})).resolves.toMatchObject({ config: { aws: { region: releaseInputs().lock.region } } });
});

test("without a lock file the login tells the region, unless a certificate does", async () => {
  const isInstalled = false;
  const env = { AWS_REGION: "eu-west-1" };
  await expect(load(env, { isInstalled })).resolves.toMatchObject({ config: { aws: { region: "eu-west-1" } } });
  const certificate = "arn:aws:acm:us-west-2:123456789012:certificate/1234abcd";
  const named = { ...env, TF_VAR_aws_certificate_arn: certificate };
  await expect(load(named, { isInstalled })).resolves.toMatchObject({ config: { aws: { region: "us-west-2" } } });
});
