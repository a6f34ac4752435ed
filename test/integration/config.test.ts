import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadDeployment } from "../../src/config/load-deployment.ts";
import type { RunTerraform } from "../../src/config/read-tfvars.ts";
import { UserError } from "../../src/errors.ts";

const projectRoot = join(import.meta.dirname, "../..");
/** Both must read the files alike; which of them are on PATH depends on the machine. */
const programs = ["terraform", "tofu"].filter((name) => spawnSync(name, ["version"]).status === 0);

const clientSecret = "0123456789abcdef0123456789abcdef01234567";
const env = {
  TF_VAR_github_client_id: "Iv1.0123456789abcdef",
  TF_VAR_github_client_secret: clientSecret,
  TF_VAR_aws_certificate_arn: "arn:aws:acm:us-east-2:123456789012:certificate/11111111-2222-4333-8444-555555555555",
};

/** What every call printed; no secret may be in it. */
let printed: string;

const runWith =
  (program: string): RunTerraform =>
  (args, { cwd, input }) =>
    new Promise((resolve, reject) => {
      const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TF_VAR_")));
      const options = { cwd, env: { ...clean, CHECKPOINT_DISABLE: "1" } };
      const child = execFile(program, args, options, (error, stdout, stderr) => {
        printed += stdout + stderr;
        if (typeof child.exitCode !== "number") reject(error ?? new Error(`${program} did not run`));
        else resolve({ stdout, stderr, exitCode: child.exitCode });
      });
      child.stdin?.end(input);
    });

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hubctl-test-"));
  printed = "";
});
afterEach(() => rmSync(root, { recursive: true }));

const smallest = `singleuser_image_repo = "dandiarchive/dandihub"
singleuser_image_tag = "2026-11-03"
jupyterhub_domain = "hub.example.org"
admin_users = ["asmacdo", "satra"]
`;

function loadWith(program: string, source: string, variables: NodeJS.ProcessEnv = env) {
  writeFileSync(join(root, "field.tfvars"), source);
  return loadDeployment({ cwd: root, env: variables, runTerraform: runWith(program) });
}

async function problemsWith(program: string, source: string, variables?: NodeJS.ProcessEnv): Promise<string[]> {
  const error = await loadWith(program, source, variables).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  const { code, message } = error as UserError;
  expect(code).toBe("ConfigInvalid");
  const [first, ...problems] = message.split("\n");
  expect(first).toMatch(/^The configuration of field has (a problem|\d+ problems):$/);
  return problems.map((line) => line.trim());
}

it("has a program to read variables files with", () => {
  expect(programs).not.toEqual([]);
});

describe.each(programs)("a Dandihub variables file, read by %s", (program) => {
  const load = (source: string, variables?: NodeJS.ProcessEnv) => loadWith(program, source, variables);
  const problemsOf = (source: string, variables?: NodeJS.ProcessEnv) => problemsWith(program, source, variables);

  it("needs four variables beside those of the environment", async () => {
    const { config, secrets, warnings } = await load(smallest);
    expect(config).toMatchObject({
      name: "field",
      aws: { region: "us-east-2" },
      domain: "hub.example.org",
      certificate: env.TF_VAR_aws_certificate_arn,
      auth: { method: "github", admins: ["asmacdo", "satra"], allowAll: false },
      image: { repository: "dandiarchive/dandihub", tag: "2026-11-03" },
    });
    expect(secrets).toEqual({ clientId: env.TF_VAR_github_client_id, clientSecret });
    expect(warnings).toEqual([
      expect.stringMatching(/^Only admins can log in: JupyterHub lets nobody else in by default/),
    ]);
    expect(readdirSync(root)).toEqual(["field.tfvars"]);
  });

  it("may use all that Terraform allows in such a file", async () => {
    const source = `# a comment with = in it
singleuser_image_repo = "dandiarchive/dandihub" // why
singleuser_image_tag = <<-EOT
  2026-11-03
EOT
jupyterhub_domain = "hub.\\u0065xample.org"
admin_users = [
  "asmacdo", # first
  "satra",
]
/* region = "nowhere" */
`;
    // The heredoc's line break is part of the value, as in Terraform.
    expect(await problemsOf(source)).toEqual([
      "field.tfvars:3: singleuser_image_tag must be one line, without control characters",
    ]);
    const { config } = await load(source.replace(/<<-EOT\n {2}(.*)\nEOT/, '"$1"'));
    expect(config.domain).toBe("hub.example.org");
    expect(config.auth.admins).toEqual(["asmacdo", "satra"]);
  });

  it("honours the blueprint's variables that have a meaning, and says which have none", async () => {
    const { config, warnings } = await load(`${smallest}
name = "eks-dandihub"
region = "us-east-2"
eks_cluster_version = "1.35"
vpc_cidr = "10.1.0.0/21"
secondary_cidr_blocks = ["100.64.0.0/16"]
jupyter_hub_auth_mechanism = "oauth"
acm_certificate_domain = "*.example.org"
dandi_api_domain = "https://api.dandiarchive.org"
profile_list_path = "profiles.yaml"
enable_kubecost = true
allowed_organizations = ["dandi"]
something_else_entirely = { a = [1] }
`);
    expect(config).toMatchObject({
      name: "eks-dandihub",
      network: { vpc: { cidr: "10.1.0.0/21" } },
      cluster: { kubernetesVersion: "1.35" },
      auth: { allowedOrganizations: ["dandi"] },
    });
    expect(warnings).toEqual([
      "field.tfvars:10: secondary_cidr_blocks has no effect: pods get their addresses from vpc_cidr",
      "field.tfvars:12: acm_certificate_domain has no effect: the certificate is named by aws_certificate_arn",
      "field.tfvars:13: dandi_api_domain has no effect: DANDI is not asked who is registered; allowed_users, allowed_organizations and allow_all say who may log in",
      "field.tfvars:14: profile_list_path has no effect: choices of servers are written as profiles in a hub.yaml",
      "field.tfvars:15: enable_kubecost has no effect: what is installed beside the hub is fixed",
      "field.tfvars:17: something_else_entirely is unknown and has no effect",
    ]);
  });

  it("takes any variable from the environment, and prefers the file as Terraform does", async () => {
    const { config, warnings } = await load('jupyterhub_domain = "hub.example.org"\n', {
      ...env,
      TF_VAR_jupyterhub_domain: "other.example.org",
      TF_VAR_singleuser_image_repo: "dandiarchive/dandihub",
      TF_VAR_singleuser_image_tag: "latest",
      TF_VAR_admin_users: '["asmacdo",]',
      TF_VAR_allow_all: "true",
      TF_VAR_region: "",
      TF_VAR_danditoken: "token-of-dandi",
      TF_VAR_vpc_cdir: "10.1.0.0/16",
      TF_VAR_of_another_project: "x",
    });
    expect(config.domain).toBe("hub.example.org");
    expect(config.auth).toMatchObject({ admins: ["asmacdo"], allowAll: true });
    expect(warnings).toEqual([
      "TF_VAR_danditoken has no effect: DANDI is not asked who is registered; allowed_users, allowed_organizations and allow_all say who may log in",
      "TF_VAR_vpc_cdir is unknown: did you mean TF_VAR_vpc_cidr?",
      "Everybody with a GitHub account can log in and start servers",
      "The image dandiarchive/dandihub:latest can change from one server start to the next; a fixed tag can't",
    ]);
  });

  it("lists all that is missing, in the file and in the environment", async () => {
    expect(await problemsOf('region = "us-east-2"\n', {})).toEqual([
      "field.tfvars: jupyterhub_domain is required",
      "field.tfvars: admin_users is required",
      "field.tfvars: singleuser_image_repo is required",
      "field.tfvars: singleuser_image_tag is required, or a digest",
      "TF_VAR_github_client_id or HUBCTL_GITHUB_CLIENT_ID or HUBCTL_OAUTH_CLIENT_ID is not set: the client id of the hub's GitHub OAuth app",
      "TF_VAR_github_client_secret or HUBCTL_GITHUB_CLIENT_SECRET or HUBCTL_OAUTH_CLIENT_SECRET is not set: the client secret of the hub's GitHub OAuth app",
    ]);
  });

  it("lists all that is wrong, each with file and line", async () => {
    const source = `singleuser_image_repo = "dandiarchive/dandihub"
singleuser_image_tag = 1.30
jupyterhub_domain = ""
admin_users = "asmacdo"
regoin = "us-east-2"
vpc_cidr = "10.1.0.0/28"
name = "Dandi Hub"
jupyter_hub_auth_mechanism = "dummy"
eks_cluster_version = null
github_client_secret = "${clientSecret}"
danditoken = "token-of-dandi"
allow_all = "yes"
`;
    expect(await problemsOf(source)).toEqual([
      "field.tfvars:5: regoin is unknown: did you mean region?",
      "field.tfvars:10: github_client_secret is a secret, which must not stand in a file: set TF_VAR_github_client_secret in the environment instead",
      "field.tfvars:11: danditoken is a secret, which must not stand in a file: remove it; it has no use here",
      'field.tfvars:7: name "Dandi Hub" must start with a lower-case letter',
      'field.tfvars:8: jupyter_hub_auth_mechanism "dummy" lets in everybody without a password; remove it to log in with GitHub, or write a hub.yaml with auth.method shared-password',
      "field.tfvars:3: jupyterhub_domain must not be empty",
      'field.tfvars:6: vpc_cidr "10.1.0.0/28" is too small: each pod takes an address of the VPC, so at least a /21 is needed',
      'field.tfvars:4: admin_users must be a list: ["asmacdo"]',
      'field.tfvars:12: allow_all must be true or false, not "yes"',
      'field.tfvars:2: singleuser_image_tag must be text: put it in quotes, "1.30"',
    ]);
    expect(printed).not.toContain(clientSecret);
    expect(printed).not.toContain("token-of-dandi");
  });

  it("names the variable of the environment that is wrong", async () => {
    const wrong = { ...env, TF_VAR_aws_certificate_arn: "hub.example.org", TF_VAR_admin_users: "asmacdo" };
    expect(await problemsOf(smallest.replace(/^admin_users.*\n/m, ""), wrong)).toEqual([
      'TF_VAR_aws_certificate_arn "hub.example.org" is neither auto nor the ARN of an ACM certificate like arn:aws:acm:us-east-2:123456789012:certificate/1234abcd-…',
      'TF_VAR_admin_users must be a list: ["asmacdo"]',
    ]);
    expect(await problemsOf(`${smallest}region = "us-west-2"\n`)).toEqual([
      "TF_VAR_aws_certificate_arn is in us-east-2; a load balancer in us-west-2 can't use it: certificates belong to one region",
    ]);
  });

  it("may be overridden for one run, which is named if it is wrong", async () => {
    writeFileSync(join(root, "field.tfvars"), smallest);
    const loadSet = (...set: string[]) => loadDeployment({ cwd: root, env, runTerraform: runWith(program), set });
    const { config } = await loadSet("auth.admins=[grace]", "network.internal=true");
    expect(config).toMatchObject({
      auth: { admins: ["grace"] },
      network: { internal: true },
      domain: "hub.example.org",
    });
    await expect(loadSet("auth.admins=[]", "netwrok.internal=true")).rejects.toMatchObject({
      message: `The configuration of field has 2 problems:
  --set auth.admins=[]: auth.admins must list at least one
  --set netwrok.internal=true: netwrok is unknown: did you mean network?`,
    });
  });

  it("that is no variables file is refused in Terraform's words, without the line at fault", async () => {
    const secret = `github_client_secret = "${clientSecret}\n`;
    expect(await problemsOf(`${smallest}${secret}`)).toEqual([
      expect.stringMatching(
        /^field\.tfvars:5:\d+: Invalid multi-line string: Quoted strings may not be split over multiple lines\./,
      ),
      "field.tfvars:5:65: Unterminated template string: No closing marker was found for the string.",
      expect.stringMatching(/^field\.tfvars:5: github_client_secret is a secret, which must not stand in a file/),
    ]);
    expect(await problemsOf(`${smallest}admin_users = []\n`)).toEqual([
      'field.tfvars:5:1: Attribute redefined: The argument "admin_users" was already set at field.tfvars:4,1-12. Each argument may be set only once.',
    ]);
    expect(await problemsOf(`${smallest}region = file("/etc/hostname")\n`)).toEqual([
      "field.tfvars:5:10: Function calls not allowed: Functions may not be called here.",
    ]);
    expect(await problemsOf(`${smallest}provider "aws" {}\n`)).toEqual([
      'field.tfvars:5:1: Unexpected "provider" block: Blocks are not allowed here.',
    ]);
  });
});

describe("the examples", () => {
  it("describe the same hub in both forms", async () => {
    const [dandihub, dandi] = await Promise.all(
      ["dandihub", "dandi"].map((name) =>
        loadDeployment({
          cwd: join(projectRoot, "examples", name),
          env,
          runTerraform: runWith(programs[0] ?? "terraform"),
        }),
      ),
    );
    expect(dandihub?.deployment.form).toBe("tfvars");
    expect(dandi?.deployment.form).toBe("hub.yaml");
    expect(dandihub?.config.name).toBe("dandihub");
    expect({ ...dandihub?.config, name: "dandi" }).toEqual(dandi?.config);
    expect(dandihub?.secrets).toEqual(dandi?.secrets);
    expect([...(dandihub?.warnings ?? []), ...(dandi?.warnings ?? [])]).toEqual([]);
  });

  it("hold no account, certificate or secret", () => {
    for (const file of ["dandihub/dandihub.tfvars", "dandi/deployments/dandi/hub.yaml"]) {
      const set = readFileSync(join(projectRoot, "examples", file), "utf8").replace(/^#.*$/gm, "");
      expect(set).not.toMatch(/arn:aws|\d{12}|secret/);
    }
  });
});
