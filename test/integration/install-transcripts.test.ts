import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { projectRoot } from "../helpers/sandbox.ts";
import { eventually } from "../helpers/eventually.ts";
import { hubctl, startHubctl, type Ended } from "../helpers/hubctl.ts";
import { temporaryFolder, writeTool } from "../helpers/tools.ts";

type Answer = { status: number; body: string; type?: string };

/** An AWS that answers as the test says: by action of a query, or by method and path. */
let aws: Server;
let answers: Record<string, Answer>;
let asked: string[];
let root: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  aws = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const action = new URLSearchParams(body).get("Action") ?? `${request.method ?? ""} ${request.url ?? ""}`;
      asked.push(action);
      const { status, body: text, type = "text/xml" } = answers[action] ?? refusal("InvalidAction", action);
      response.writeHead(status, { "content-type": type, ...(type.endsWith("json") ? jsonError : {}) }).end(text);
    });
  });
  await new Promise<void>((resolve) => aws.listen(0, "127.0.0.1", resolve));
});
afterAll(() => void aws.close());

const jsonError = { "x-amzn-errortype": "ResourceNotFoundException" };

function refusal(code: string, message: string, status = 403): Answer {
  return {
    status,
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`,
  };
}

const noCluster: Answer = { status: 404, type: "application/json", body: '{"message":"No cluster found"}' };

function callerOf(account: string): Answer {
  const result = `<Arn>arn:aws:iam::${account}:user/operator</Arn><Account>${account}</Account>`;
  return {
    status: 200,
    body: `<GetCallerIdentityResponse><GetCallerIdentityResult>${result}</GetCallerIdentityResult></GetCallerIdentityResponse>`,
  };
}
const stranger = callerOf("999999999999");

beforeEach(() => {
  answers = { GetCallerIdentity: callerOf("123456789012") };
  asked = [];
  root = temporaryFolder();
  const bin = join(root, "bin");
  mkdirSync(bin);
  terraform("1.11.4");
  writeTool(bin, "helm", `console.log("v4.3.0");`);
  writeTool(bin, "kubectl", `console.log(JSON.stringify({ clientVersion: { gitVersion: "v1.36.3" } }));`);
  env = {
    PATH: bin,
    HOME: root,
    TMPDIR: root,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(aws.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_EC2_METADATA_DISABLED: "true",
    HUBCTL_USER_PASSWORD: "a-user-password",
    HUBCTL_ADMIN_PASSWORD: "an-admin-password-of-forty-characters-xx",
  };
});

/** A stand-in that knows its version and reads a variables file that holds nothing. */
function terraform(version: string): void {
  writeTool(
    join(root, "bin"),
    "terraform",
    `const [command, ...options] = process.argv.slice(2);
     if (command === "version") console.log("Terraform v${version}");
     if (command === "console") console.log(JSON.stringify(Buffer.from("{}").toString("base64")));`,
  );
}

function deploy(name: string, more = ""): void {
  const file = join(root, "deployments", name, "hub.yaml");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    `aws: {region: us-east-2${more}}
domain: hub.example.org
certificate: arn:aws:acm:us-east-2:123456789012:certificate/11111111-2222-4333-8444-555555555555
auth: {method: shared-password, admins: [ada], allowAll: true}
image: {repository: quay.io/jupyter/scipy-notebook, tag: "2026-11-03"}
`,
  );
}

const run = (...args: string[]) => hubctl(args, { cwd: root, env });

/** What the operator sees, in the same words everywhere. */
function screen({ stdout, stderr, exitCode }: Ended): string {
  const text = [stdout, stderr].filter((part) => part !== "").join("--- stderr\n");
  const plain = text
    .replaceAll(root, "<root>")
    .replaceAll(projectRoot, "<hubctl>")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ/g, "<time>");
  return `${plain}exit ${exitCode ?? "by signal"}`;
}

describe("the command line", () => {
  it("tells its version, and nothing else", async () => {
    expect(screen(await run("--version"))).toMatch(/^\d+\.\d+\.\d+\nexit 0$/);
  });

  it("lists commands in groups, options and exit codes", async () => {
    expect(screen(await run("--help"))).toMatchInlineSnapshot(`
      "Usage: hubctl [options] [command]

      Takes an AWS account and a domain name to a working JupyterHub on EKS, and keeps
      it current.

      Options:
        -V, --version                 output the version number
        -d, --deployment <name>       which deployment (default: $HUB_DEPLOYMENT_NAME,
                                      else the only one there is)
        --set <path=value>            override a field of the configuration for this
                                      run, e.g. culling.idleMinutes=30; repeatable
        --debug                       print stack traces with errors
        -h, --help                    display help for command

      Set up:
        install [options]             create the cluster and the hub, or go on from
                                      wherever the last run stopped
        init [options]                bring a deployment that others installed to this
                                      machine

      Run:
        plan [options]                show what update, or the first install, would
                                      do, what that means for users, and what others
                                      changed
        update [options]              make a running deployment what its configuration
                                      says, and nothing else
        status [options]              tell how the deployment is, layer by layer; exit
                                      code 1 if there is a problem
        versions [options]            list what runs, what is recorded, the newest
                                      there is, and how long Kubernetes is supported
        route-dns [options]           lead the domain to the hub's load balancer, and
                                      check that the hub answers there
        certificate [options]         show the domain's certificate: state, names,
                                      expiry, and where it is used
        add-admin [options] <arn...>  let IAM users and roles into the cluster
        admins [options]              list who can get into the cluster, and how
        backup                        copies of accounts, homes and configuration:
                                      make one, list them, go back to one
        pause [options]               stop users' servers, the hub and all nodes;
                                      data, DNS and certificate stay
        resume [options]              bring back what was paused: same homes, same
                                      accounts
        logs [options] [run]          list the runs of the deployment, or tell the
                                      steps of one of them: times, attempts, failures

      Take away:
        cleanup [options]             take the deployment away, in an order in which
                                      nothing is left behind
        audit [options]               list what deployments own and what they left in
                                      the account; exit code 3 if they left something

      Plumbing:
        render [options]              write what an install would give to Terraform
                                      and Helm, without asking AWS
        kubeconfig [options]          print a kubeconfig of the deployment's cluster
        token [options]               print a login token for kubectl (what the
                                      kubeconfig calls)

      Exit codes:
        0 done · 1 a tool or AWS failed · 2 you must change something, or a guard refused
        3 something was left behind · 130 interrupted or declined · 70 a bug in hubctl

      hubctl COMMAND --help tells more of a command.
      exit 0"
    `);
  });

  it("explains install: options, deployments, environment", async () => {
    expect(screen(await run("install", "--help"))).toMatchInlineSnapshot(`
      "Usage: hubctl install [options]

      create the cluster and the hub, or go on from wherever the last run stopped

      Options:
        -y, --yes                do not ask for confirmation
        --certificate-arn <arn>  use this ACM certificate; short for --set
                                 certificate=ARN
        --wait                   wait while somebody else works on the deployment
        --take-lock              take over the run lock of a run that gives no sign of
                                 life
        --use-local-config       go on with the configuration that is here, even if
                                 the state bucket has a newer one
        -h, --help               display help for command

      Global Options:
        -V, --version            output the version number
        -d, --deployment <name>  which deployment (default: $HUB_DEPLOYMENT_NAME, else
                                 the only one there is)
        --set <path=value>       override a field of the configuration for this run,
                                 e.g. culling.idleMinutes=30; repeatable
        --debug                  print stack traces with errors

      A deployment is deployments/NAME/hub.yaml or NAME.tfvars, in this folder or one above it.
      Running it again is the way to resume: what is there already is left alone.

      Environment:
        HUB_DEPLOYMENT_NAME     the deployment, if --deployment does not name one
        AWS_PROFILE, AWS_…      the AWS login, as for the aws CLI
        HUBCTL_GITHUB_CLIENT_ID, HUBCTL_GITHUB_CLIENT_SECRET
                                needed for a login with GitHub; for others that need
                                them: HUBCTL_OAUTH_CLIENT_ID, HUBCTL_OAUTH_CLIENT_SECRET
        HUBCTL_USER_PASSWORD, HUBCTL_ADMIN_PASSWORD
                                needed for a login with shared passwords
        HUBCTL_CERTIFICATE_ARN  the certificate, if the configuration does not name it
        TF_VAR_…                the same and other variables of NAME.tfvars:
                                TF_VAR_github_client_id, TF_VAR_github_client_secret,
                                TF_VAR_aws_certificate_arn
        HUBCTL_TERRAFORM        the terraform or tofu to use instead of the one on PATH
        HUBCTL_CHART_MIRROR     folder, URL or oci:// registry to take Helm charts from
      exit 0"
    `);
  });

  it("shows its help when it is called with nothing", async () => {
    const { stdout, stderr, exitCode } = await run();
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toMatch(/^Usage: hubctl/);
  });

  it.each([
    [
      ["instal"],
      "✖ unknown command 'instal'\n(Did you mean install?)\n→ hubctl --help lists commands and options\nexit 2",
    ],
    [
      ["install", "--ye"],
      "✖ unknown option '--ye'\n(Did you mean --yes?)\n→ hubctl --help lists commands and options\nexit 2",
    ],
    [
      ["install", "-d"],
      "✖ option '-d, --deployment <name>' argument missing\n→ hubctl --help lists commands and options\nexit 2",
    ],
    [
      ["token"],
      "✖ required option '--cluster <name>' not specified\n→ hubctl --help lists commands and options\nexit 2",
    ],
  ])("refuses %j", async (args, text) => {
    expect(screen(await run(...args))).toBe(text);
  });

  it("bears a reader who has seen enough", async () => {
    const { process: child, ended } = startHubctl(["--help"], { cwd: root, env });
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ stderr: "", signal: null });
  });
});

describe("the choice of a deployment", () => {
  it("says what to write when there is none", async () => {
    expect(screen(await run("install"))).toMatchInlineSnapshot(`
      "✖ There is no deployment in <root> or a folder above it
      → go to the folder that holds deployments/ or NAME.tfvars, or write deployments/NAME/hub.yaml here
      exit 2"
    `);
  });

  it("lists them when there are several", async () => {
    deploy("field");
    deploy("winter");
    expect(screen(await run("install"))).toMatchInlineSnapshot(`
      "✖ There are several deployments in <root>: field, winter
      → choose one: --deployment field
      exit 2"
    `);
  });

  it("takes an empty HUB_DEPLOYMENT_NAME for none", async () => {
    deploy("field");
    env["HUB_DEPLOYMENT_NAME"] = "";
    answers["GET /clusters/field"] = noCluster;
    expect((await run("kubeconfig")).stderr).toContain("no EKS cluster named field");
  });

  it("tells a misspelt name and where it came from", async () => {
    deploy("field");
    env["HUB_DEPLOYMENT_NAME"] = "feild";
    expect(screen(await run("install"))).toMatchInlineSnapshot(`
      "✖ There is no deployment "feild" (HUB_DEPLOYMENT_NAME) in <root>, only field
      → did you mean --deployment field?
      exit 2"
    `);
  });
});

describe("before anything is touched", () => {
  it("all that is wrong with a variables file and the environment is one error", async () => {
    writeFileSync(join(root, "field.tfvars"), "");
    expect(screen(await run("install", "--yes"))).toMatchInlineSnapshot(`
      "✖ The configuration of field has 7 problems:
        field.tfvars: region is required, unless TF_VAR_aws_certificate_arn names a certificate in it
        field.tfvars: jupyterhub_domain is required
        field.tfvars: admin_users is required
        field.tfvars: singleuser_image_repo is required
        field.tfvars: singleuser_image_tag is required, or a digest
        TF_VAR_github_client_id or HUBCTL_GITHUB_CLIENT_ID or HUBCTL_OAUTH_CLIENT_ID is not set: the client id of the hub's GitHub OAuth app
        TF_VAR_github_client_secret or HUBCTL_GITHUB_CLIENT_SECRET or HUBCTL_OAUTH_CLIENT_SECRET is not set: the client secret of the hub's GitHub OAuth app
      → correct what is listed and run the same command again; nothing was touched
      exit 2"
    `);
    expect(existsSync(join(root, ".hubctl"))).toBe(false);
  });

  it("missing secrets are named", async () => {
    deploy("field");
    delete env["HUBCTL_USER_PASSWORD"];
    env["HUBCTL_ADMIN_PASSWORD"] = "short";
    expect(screen(await run("install"))).toMatchInlineSnapshot(`
      "✖ The configuration of field has 2 problems:
        HUBCTL_USER_PASSWORD is not set: the password that all users share (at least 8 characters)
        HUBCTL_ADMIN_PASSWORD has 5 characters; at least 32 are needed
      → correct what is listed and run the same command again; nothing was touched
      exit 2"
    `);
  });

  it("without an AWS login it says how to log in", async () => {
    deploy("field");
    delete env["AWS_ACCESS_KEY_ID"];
    expect(screen(await run("install", "--yes"))).toMatchInlineSnapshot(`
      "✖ there is no AWS login
        Could not load credentials from any providers
      → log in (for example: aws sso login), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
      → go on with: hubctl install --deployment field
      log: <root>/.hubctl/field/logs/<time>-install.log
      exit 2"
    `);
  });

  it("an expired login is told in AWS's words", async () => {
    deploy("field");
    answers["GetCallerIdentity"] = refusal("ExpiredToken", "The security token included in the request is expired");
    expect(screen(await run("install", "--yes"))).toMatchInlineSnapshot(`
      "✖ AWS does not accept the login
        The security token included in the request is expired
      → log in (for example: aws sso login), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
      → go on with: hubctl install --deployment field
      log: <root>/.hubctl/field/logs/<time>-install.log
      exit 2"
    `);
  });

  it("a login for another account than the configuration's is refused", async () => {
    deploy("field", ', accountId: "123456789012"');
    answers["GetCallerIdentity"] = stranger;
    expect(screen(await run("install", "--yes"))).toMatchInlineSnapshot(`
      "✖ field belongs to AWS account 123456789012 (<root>/deployments/field/hub.yaml), but the login is for 999999999999 (arn:aws:iam::999999999999:user/operator)
      → log in to account 123456789012, for example with AWS_PROFILE
      → go on with: hubctl install --deployment field
      log: <root>/.hubctl/field/logs/<time>-install.log
      exit 2"
    `);
  });

  it("a login for another account than that of the first install is refused, and nothing is asked of it", async () => {
    deploy("field");
    writeFileSync(join(root, "deployments", "field", "hub.lock.yaml"), lockFile);
    answers["GetCallerIdentity"] = stranger;
    expect(screen(await run("install", "--yes"))).toMatchInlineSnapshot(`
      "✖ field belongs to AWS account 123456789012 (<root>/deployments/field/hub.lock.yaml), but the login is for 999999999999 (arn:aws:iam::999999999999:user/operator)
      → log in to account 123456789012, for example with AWS_PROFILE
      → go on with: hubctl install --deployment field
      log: <root>/.hubctl/field/logs/<time>-install.log
      exit 2"
    `);
    expect(asked).toEqual(["GetCallerIdentity"]);
  });

  it("a missing permission is told in AWS's words", async () => {
    deploy("field");
    const words = "You are not authorized to perform this operation.";
    answers["DescribeAvailabilityZones"] = {
      status: 403,
      body: `<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>${words}</Message></Error></Errors><RequestID>r-1</RequestID></Response>`,
    };
    answers["DescribeInstanceTypeOfferings"] = { status: 200, body: "<DescribeInstanceTypeOfferingsResponse/>" };
    answers["GET /cluster-versions"] = {
      status: 200,
      type: "application/json",
      body: '{"clusterVersions":[{"clusterVersion":"1.36","versionStatus":"STANDARD_SUPPORT"}]}',
    };
    expect(screen(await run("install", "--yes"))).toMatchInlineSnapshot(`
      "✖ AWS refused the call EC2 DescribeAvailabilityZones: UnauthorizedOperation (HTTP 403): this login lacks a permission
        You are not authorized to perform this operation.
      → have the permission granted that AWS names above, then run it again
      → go on with: hubctl install --deployment field
      log: <root>/.hubctl/field/logs/<time>-install.log
      exit 1"
    `);
  });

  it("a network without AWS is not called a refusal", async () => {
    deploy("field");
    env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1";
    expect(screen(await run("kubeconfig"))).toMatchInlineSnapshot(`
      "✖ could not reach AWS
        connect ECONNREFUSED 127.0.0.1:1
      → check the network connection, then run it again
      exit 1"
    `);
  });
});

describe("tools", () => {
  beforeEach(() => {
    deploy("field");
  });

  it("that are missing are all named at once", async () => {
    env["PATH"] = join(root, "empty");
    expect(screen(await run("install", "--yes"))).toMatchInlineSnapshot(`
      "✖ neither of these is installed or on PATH: terraform, tofu
      → install Terraform 1.10 or newer, or OpenTofu 1.10 or newer, or point HUBCTL_TERRAFORM at one
      ✖ helm is not installed or not on PATH
      → install Helm 4 (https://helm.sh/docs/intro/install/)
      ✖ kubectl is not installed or not on PATH
      → install kubectl (https://kubernetes.io/docs/tasks/tools/)
      → go on with: hubctl install --deployment field
      log: <root>/.hubctl/field/logs/<time>-install.log
      exit 2"
    `);
  });

  it("that are too old are named with what is needed", async () => {
    terraform("1.9.8");
    writeTool(join(root, "bin"), "helm", `console.log("v3.19.2");`);
    expect(screen(await run("install", "--yes"))).toMatchInlineSnapshot(`
      "✖ terraform 1.9.8 is older than 1.10
      → install Terraform 1.10 or newer, or OpenTofu 1.10 or newer, or point HUBCTL_TERRAFORM at one
      ✖ hubctl needs Helm 4; this is v3.19.2
      → install Helm 4 (https://helm.sh/docs/intro/install/)
      → go on with: hubctl install --deployment field
      log: <root>/.hubctl/field/logs/<time>-install.log
      exit 2"
    `);
  });

  it("of the operator's choice are looked for in that place only", async () => {
    env["HUBCTL_TERRAFORM"] = "/opt/tofu";
    expect(screen(await run("install", "--yes"))).toMatchInlineSnapshot(`
      "✖ /opt/tofu, which HUBCTL_TERRAFORM names, is not there
      → install Terraform 1.10 or newer, or OpenTofu 1.10 or newer, or point HUBCTL_TERRAFORM at one
      → go on with: hubctl install --deployment field
      log: <root>/.hubctl/field/logs/<time>-install.log
      exit 2"
    `);
  });
});

describe("an interrupt", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "by %s before anything is done stops at once with 130",
    async (signal) => {
      deploy("field");
      writeTool(
        join(root, "bin"),
        "helm",
        `import { writeFileSync } from "node:fs";
       process.on("SIGINT", () => process.exit(1));
       writeFileSync(${JSON.stringify(join(root, "helm-runs"))}, "");
       setInterval(() => undefined, 1000);`,
      );
      const running = startHubctl(["install", "--yes"], { cwd: root, env });
      await eventually("helm to run", () => existsSync(join(root, "helm-runs")), 30);
      running.process.kill(signal);
      const seen = screen(await running.ended);
      // The other tools may or may not have answered by then.
      expect(seen.replace(/(\w+ and )*helm( and \w+)*/, "helm")).toBe(
        [
          "Interrupted: waiting for helm to stop safely, nothing new will be started",
          '✖ interrupted during "Check tools"',
          "→ go on with: hubctl install --deployment field",
          "log: <root>/.hubctl/field/logs/<time>-install.log",
          "exit 130",
        ].join("\n"),
      );
    },
  );
});

describe("hubctl token", () => {
  const token = () => run("token", "--cluster", "field", "--region", "us-east-2");

  it("prints only what kubectl reads", async () => {
    const { stdout, stderr, exitCode } = await token();
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(JSON.parse(stdout)).toEqual({
      kind: "ExecCredential",
      apiVersion: "client.authentication.k8s.io/v1beta1",
      spec: {},
      status: {
        token: expect.stringMatching(/^k8s-aws-v1\./) as string,
        expirationTimestamp: expect.stringMatching(/Z$/) as string,
      },
    });
    expect(readdirSync(root)).toEqual(["bin"]);
  });

  it("says without a login what to do, and nothing on standard output", async () => {
    delete env["AWS_ACCESS_KEY_ID"];
    expect(screen(await token())).toMatchInlineSnapshot(`
      "✖ there is no AWS login
        Could not load credentials from any providers
      → log in (for example: aws sso login), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
      exit 2"
    `);
  });
});

describe("hubctl kubeconfig", () => {
  const describeCluster = "GET /clusters/field";
  const clusterOf = (tags: Record<string, string>): Answer => ({
    status: 200,
    type: "application/x-amz-json-1.1",
    body: JSON.stringify({
      cluster: { name: "field", endpoint: "https://api", certificateAuthority: { data: "Q0E=" }, tags },
    }),
  });
  beforeEach(() => {
    deploy("field");
    answers[describeCluster] = noCluster;
  });

  it("says without a cluster what to run", async () => {
    expect(screen(await run("kubeconfig"))).toMatchInlineSnapshot(`
      "✖ there is no EKS cluster named field (region us-east-2)
      → hubctl install --deployment field
      exit 2"
    `);
  });

  it("prints none of a cluster that belongs to somebody else", async () => {
    answers[describeCluster] = clusterOf({});
    expect(screen(await run("kubeconfig"))).toMatchInlineSnapshot(`
      "✖ an EKS cluster named field exists already and carries no hubctl:id tag; this deployment has not been installed yet
      → choose another deployment name, or bring the lock file of the deployment that owns the cluster
      exit 2"
    `);
  });

  it("prints the kubeconfig of its own cluster, and touches no file", async () => {
    writeFileSync(join(root, "deployments", "field", "hub.lock.yaml"), lockFile);
    answers[describeCluster] = clusterOf({ "hubctl:id": "0123456789abcdef" });
    const { stdout, stderr, exitCode } = await run("kubeconfig");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toContain("current-context: hubctl-field");
    expect(readdirSync(root).sort()).toEqual(["bin", "deployments"]);
  });
});

const lockFile = `format: 1
hubctl: 0.1.0
id: 0123456789abcdef
account: "123456789012"
region: us-east-2
installer: arn:aws:iam::123456789012:user/operator
kubernetes: "1.36"
addons: {}
nodeImage: {release: 1.36.1-20261110, alias: al2023@v20261110}
zones: [{id: use2-az1, name: us-east-2a}]
charts: {}
provider: 5.100.0
`;
