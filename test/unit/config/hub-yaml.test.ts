import { describe, expect, it } from "vitest";
import { formatProblem } from "../../../src/config/problem.ts";
import { certificate, hubFolder, smallest } from "./hub-folder.ts";

const { read, problemsOf } = hubFolder();

/** The smallest file with one piece of its text replaced. */
function edited(piece: string, replacement: string): string {
  expect(smallest).toContain(piece);
  return smallest.replace(piece, replacement);
}

describe("a hub.yaml", () => {
  it("needs six entries; the rest has defaults for a small group", () => {
    const { config, problems, method } = read(smallest);
    expect(problems).toEqual([]);
    expect(method).toBe("github");
    expect(config).toEqual({
      name: "field",
      aws: { region: "us-east-2", rolePath: "/", namePrefix: "" },
      domain: "hub.example.org",
      certificate,
      tags: {},
      network: {
        vpc: { cidr: "10.0.0.0/16", zones: 3, nat: "one" },
        allowFrom: ["0.0.0.0/0"],
        internal: false,
        apiAccess: ["0.0.0.0/0"],
      },
      cluster: {
        supportPolicy: "STANDARD",
        coreNodes: { instanceType: "m6i.large", min: 2, max: 3, desired: 2, volumeSizeGiB: 50 },
      },
      storage: {
        home: { type: "efs" },
        sharedFolders: [{ name: "shared", mountPath: "/shared", writers: "everyone" }],
        buckets: [],
        backups: { enabled: true, keepDays: 30 },
        encryptionKey: "aws",
      },
      users: {
        maxVcpus: 64,
        cpu: { guarantee: 0.5, limit: 2 },
        memoryGiB: { guarantee: 2, limit: 4 },
        environment: {},
        pullRepositories: [],
        files: [],
      },
      auth: {
        method: "github",
        admins: ["ada"],
        allowedUsers: [],
        allowedOrganizations: [],
        allowAll: false,
        allowAddedUsers: false,
      },
      image: {
        repository: "quay.io/jupyter/scipy-notebook",
        tag: "2026-11-03",
        freeze: false,
        pullPolicy: "auto",
      },
      profiles: [],
      culling: { enabled: true, idleMinutes: 60 },
      hub: { values: {}, extraConfig: {} },
    });
  });

  it("may use anchors, aliases and merge keys", () => {
    const source =
      smallest + "users:\n  cpu: &size\n    guarantee: 1\n    limit: 4\n  memoryGiB:\n    <<: *size\n    limit: 8\n";
    expect(read(source).config?.users).toMatchObject({
      cpu: { guarantee: 1, limit: 4 },
      memoryGiB: { guarantee: 1, limit: 8 },
    });
  });

  it("points at the place that a merged or aliased value was written at", () => {
    const source =
      smallest +
      "cluster:\n  coreNodes:\n    <<: [{max: 2.5}, &more {min: 0}]\nusers:\n  cpu: &size\n    guarantee: many\n  memoryGiB: *size\n";
    expect(problemsOf(source)).toEqual([
      "hub.yaml:12:16: cluster.coreNodes.max must be a whole number, not 2.5",
      "hub.yaml:12:34: cluster.coreNodes.min must be at least 1, not 0",
      'hub.yaml:15:16: users.cpu.guarantee must be a number, not "many"',
      'hub.yaml:15:16: users.memoryGiB.guarantee must be a number, not "many"',
    ]);
  });

  it("may have 35 tags", () => {
    const tags = (count: number) =>
      `tags: {${Array.from({ length: count }, (_, n) => `t${n}: x`).join(", ")}}\ndomain:`;
    expect(problemsOf(edited("domain:", tags(35)))).toEqual([]);
    expect(problemsOf(edited("domain:", tags(36)))).toEqual([
      "hub.yaml:3:7: tags has 36 tags; at most 35 fit beside hubctl's own",
    ]);
  });

  it("may leave the certificate to the environment, and wins over it", () => {
    const without = edited(`certificate: ${certificate}\n`, "");
    expect(read(without, { env: { TF_VAR_aws_certificate_arn: certificate } }).config?.certificate).toBe(certificate);
    expect(read(smallest, { env: { HUBCTL_CERTIFICATE_ARN: "other" } }).config?.certificate).toBe(certificate);
    const wrong = read(without, { env: { HUBCTL_CERTIFICATE_ARN: certificate.replace("us-east-2", "us-west-2") } });
    expect(wrong.problems.map(formatProblem)).toEqual([
      "HUBCTL_CERTIFICATE_ARN is in us-west-2; a load balancer in us-east-2 can't use it: certificates belong to one region",
    ]);
  });

  it("gets one of AWS's without a word about a certificate", () => {
    expect(read(edited(`certificate: ${certificate}\n`, "")).config?.certificate).toBe("auto");
  });

  it("may have a certificate of its own, in a secret or in files beside it", () => {
    const own = (text: string) => read(edited(`certificate: ${certificate}\n`, `certificate: ${text}\n`)).config;
    expect(own("{secret: hub-tls}")?.certificate).toEqual({ secret: "hub-tls" });
    const files = { keyFile: "tls.key", chainFile: "tls.pem" };
    expect(own("{keyFile: tls.key, chainFile: tls.pem}")?.certificate).toEqual(files);
  });

  it.each([
    ["{secret: a, keyFile: b}", "certificate.keyFile has no meaning beside secret: remove one of the two"],
    ["{keyFile: b}", "certificate.chainFile is required beside keyFile"],
    ["{chainFile: b}", "certificate.keyFile is required beside chainFile"],
    ["{}", "certificate needs secret, or keyFile and chainFile"],
    ["{secret: Hub_TLS}", expect.stringMatching(/certificate.secret "Hub_TLS"/)],
    ["{secret: a, file: b}", "certificate.file is unknown: known in certificate are secret, keyFile, chainFile"],
    ["[auto]", "certificate must be text, not a list"],
  ])("refuses the certificate %s", (text, message) => {
    const problems = problemsOf(edited(`certificate: ${certificate}\n`, `certificate: ${text}\n`));
    expect(problems.map((problem) => problem.replace(/^hub\.yaml:\d+:\d+: /, ""))).toEqual([message]);
  });

  it("is judged as a whole: all problems at once, each with its place, in the file's order", () => {
    expect(
      problemsOf(`aws:
  region: Ohio
  acountId: "123456789012"
certificate: ${certificate}
network:
  vpc: {cidr: 10.0.0.0/8}
  allowFrom: [10.0.0.1/8, nonsense]
cluster:
  kubernetesVersion: 1.30
auth:
  admins: [ada lovelace]
  allowAll: yes
image:
  repository: quay.io/jupyter/scipy-notebook:latest
  tag:
`),
    ).toEqual([
      "hub.yaml:1:1: domain is required",
      'hub.yaml:2:11: aws.region "Ohio" is not an AWS region like us-east-2',
      "hub.yaml:3:3: aws.acountId is unknown: did you mean accountId?",
      'hub.yaml:6:15: network.vpc.cidr "10.0.0.0/8" is larger than AWS allows for a VPC (/16)',
      `hub.yaml:7:15: network.allowFrom[0] "10.0.0.1/8" does not start at the range's first address; write 10.0.0.0/8`,
      'hub.yaml:7:27: network.allowFrom[1] "nonsense" is not an IPv4 range like 10.0.0.0/16',
      'hub.yaml:9:22: cluster.kubernetesVersion must be text: put it in quotes, "1.30"',
      'hub.yaml:11:12: auth.admins[0] "ada lovelace" is not a GitHub user name (without @, letters, digits and single hyphens, at most 39)',
      'hub.yaml:12:13: auth.allowAll must be true or false, not "yes"',
      'hub.yaml:14:15: image.repository "quay.io/jupyter/scipy-notebook:latest" must not hold a tag: "latest" has a place of its own',
      "hub.yaml:15:7: image.tag is empty: fill it in or remove it",
    ]);
  });

  const arn = (region: string, account = "123456789012") =>
    certificate.replace("us-east-2", region).replace(/\d{12}/, account);
  /** What is put in, in place of what; the problem that it makes. */
  const wrong: [replaced: string, by: string, problem: string][] = [
    // YAML's own traps
    ["  region: us-east-2", "\tregion: us-east-2", "hub.yaml:2:1: tabs are not allowed as indentation"],
    ["domain: hub", "domain: a.example.org\ndomain: hub", "hub.yaml:4:1: map keys must be unique"],
    ["[ada]", "[ada", "hub.yaml:7:1: flow sequence in block collection must be sufficiently indented and end with a ]"],
    ["[ada]", "*admins", "hub.yaml: unresolved alias (the anchor must be set before the alias): admins"],
    ["[ada]", "!secret ada", "hub.yaml:6:11: unresolved tag: !secret"],
    [
      "us-east-2\n",
      "us-east-2\n  accountId: 012345678901\n",
      'hub.yaml:3:14: aws.accountId must be text: put it in quotes, "012345678901"',
    ],
    ['"2026-11-03"', "1e3", 'hub.yaml:9:8: image.tag must be text: put it in quotes, "1e3"'],
    ["[ada]", "[ada, true]", 'hub.yaml:6:17: auth.admins[1] must be text: put it in quotes, "true"'],
    ["[ada]", "ada", 'hub.yaml:6:11: auth.admins must be a list: ["ada"]'],
    ["[ada]", "{ada: true}", "hub.yaml:6:11: auth.admins must be a list, not a group of settings"],
    // Unknown keys
    ["domain:", "region: us-east-2\ndomain:", "hub.yaml:3:1: region is unknown here: did you mean aws.region?"],
    [
      "  tag:",
      "  digest: x\n  tag:",
      'hub.yaml:9:11: image.digest "x" is not an image digest: sha256: and 64 hexadecimal digits',
    ],
    [
      "image:",
      "lab: {}\nimage:",
      "hub.yaml:7:1: lab is unknown: known at the top are aws, domain, hostedZone, certificate, tags, network, cluster, storage, users, auth, image, profiles, culling, banner, hub",
    ],
    // Values
    [
      "us-east-2\n",
      "us-east-2\n  accountId: '1234'\n",
      'hub.yaml:3:14: aws.accountId "1234" is not an AWS account id: 12 digits',
    ],
    [
      "us-east-2\n",
      "us-east-2\n  accountId: '210987654321'\n",
      "hub.yaml:5:14: certificate belongs to account 123456789012, not to 210987654321",
    ],
    [
      "us-east-2\n",
      "us-east-2\n  rolePath: hubs\n",
      'hub.yaml:3:13: aws.rolePath "hubs" is not an IAM path: it starts and ends with a slash, like /hubs/',
    ],
    [
      "us-east-2\n",
      "us-east-2\n  permissionsBoundary: arn:aws:iam::123456789012:role/x\n",
      'hub.yaml:3:24: aws.permissionsBoundary "arn:aws:iam::123456789012:role/x" is not the ARN of an IAM policy like arn:aws:iam::123456789012:policy/boundary',
    ],
    ["domain:", "tags: {Year: 2026}\ndomain:", 'hub.yaml:3:14: tags.Year must be text: put it in quotes, "2026"'],
    ["domain:", "tags: {aws:x: y}\ndomain:", 'hub.yaml:3:15: tags.aws:x "aws:x" is no tag of yours: aws: is reserved'],
    [
      "domain: hub.example.org",
      "domain: https://hub.example.org/",
      'hub.yaml:3:9: domain "https://hub.example.org/" must be a name alone, without https://',
    ],
    ["domain: hub.example.org", "domain: ''", "hub.yaml:3:9: domain must not be empty"],
    ["domain: hub.example.org", "domain: hub", 'hub.yaml:3:9: domain "hub" is not a domain name like hub.example.org'],
    [
      "domain: hub.example.org",
      "domain: Hub.Example.org",
      'hub.yaml:3:9: domain "Hub.Example.org" must be written in lower case: hub.example.org',
    ],
    [
      "domain: hub.example.org",
      "domain: hub_1.example.org",
      'hub.yaml:3:9: domain "hub_1.example.org" is not a domain name like hub.example.org',
    ],
    [
      certificate,
      arn("us-west-2"),
      "hub.yaml:4:14: certificate is in us-west-2; a load balancer in us-east-2 can't use it: certificates belong to one region",
    ],
    [
      certificate,
      "arn:aws:iam::123456789012:server-certificate/x",
      'hub.yaml:4:14: certificate "arn:aws:iam::123456789012:server-certificate/x" is neither auto nor the ARN of an ACM certificate like arn:aws:acm:us-east-2:123456789012:certificate/1234abcd-…',
    ],
    ["[ada]", "[]", "hub.yaml:6:11: auth.admins must list at least one"],
    ["[ada]", "[ada, Ada]", 'hub.yaml:6:17: auth.admins[1] "Ada" is listed twice'],
    [
      "[ada]",
      "['@ada']",
      'hub.yaml:6:12: auth.admins[0] "@ada" is not a GitHub user name (without @, letters, digits and single hyphens, at most 39)',
    ],
    [
      "[ada]",
      "[ada]\n  allowedOrganizations: [jupyter:a team]",
      'hub.yaml:7:26: auth.allowedOrganizations[0] "jupyter:a team" is neither a GitHub organisation nor "organisation:team-slug"',
    ],
    [
      "[ada]",
      "[ada]\n  method: shared-password\n  allowedOrganizations: [jupyter]",
      "hub.yaml:8:3: auth.allowedOrganizations has no meaning with method shared-password, only with github",
    ],
    [
      "[ada]",
      "[ada]\n  method: dummy",
      'hub.yaml:7:11: auth.method must be github, generic-oauth, google, cilogon, globus, auth0, azuread, gitlab, ldap or shared-password, not "dummy"',
    ],
    [
      "image:",
      "network: {vpc: {cidr: 10.0.0.0/24}}\nimage:",
      'hub.yaml:7:23: network.vpc.cidr "10.0.0.0/24" is too small: each pod takes an address of the VPC, so at least a /21 is needed',
    ],
    [
      "image:",
      "network: {vpc: {cidr: 8.8.0.0/16}}\nimage:",
      'hub.yaml:7:23: network.vpc.cidr "8.8.0.0/16" is not a private range (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10)',
    ],
    ["image:", "network: {allowFrom: []}\nimage:", "hub.yaml:7:22: network.allowFrom must list at least one"],
    [
      "image:",
      "network: {allowFrom: ['2001:db8::/32']}\nimage:",
      'hub.yaml:7:23: network.allowFrom[0] "2001:db8::/32" is IPv6; only IPv4 ranges are supported',
    ],
    [
      "image:",
      "network: {allowFrom: [203.0.113.7]}\nimage:",
      'hub.yaml:7:23: network.allowFrom[0] "203.0.113.7" lacks its size; for this one address write 203.0.113.7/32',
    ],
    [
      "image:",
      "network: {allowFrom: [203.0.113.0/33]}\nimage:",
      'hub.yaml:7:23: network.allowFrom[0] "203.0.113.0/33" is not an IPv4 range: its size goes up to /32',
    ],
    [
      "image:",
      "network: {allowFrom: [203.0.256.0/24]}\nimage:",
      'hub.yaml:7:23: network.allowFrom[0] "203.0.256.0/24" is not an IPv4 range: its parts go up to 255',
    ],
    [
      "quay.io/jupyter/scipy-notebook",
      "quay.io/x@sha256:0123",
      'hub.yaml:8:15: image.repository "quay.io/x@sha256:0123" must not hold a digest',
    ],
    [
      "image:",
      "network: {apiAccess: [10.0.0.0/8]}\nimage:",
      'hub.yaml:7:23: network.apiAccess[0] "10.0.0.0/8" is a private range, which EKS refuses for its public API endpoint',
    ],
    [
      "image:",
      "cluster: {kubernetesVersion: 1.36.3}\nimage:",
      'hub.yaml:7:30: cluster.kubernetesVersion "1.36.3" is not a Kubernetes version like "1.36" (minor version, no patch)',
    ],
    [
      "image:",
      "cluster: {supportPolicy: standard}\nimage:",
      'hub.yaml:7:26: cluster.supportPolicy must be STANDARD or EXTENDED, not "standard"',
    ],
    [
      "image:",
      "cluster: {coreNodes: {min: 4}}\nimage:",
      "hub.yaml:7:11: cluster.coreNodes.max (3) must not be less than min (4); that is its default",
    ],
    [
      "image:",
      "cluster: {coreNodes: {min: 3}}\nimage:",
      "hub.yaml:7:11: cluster.coreNodes.desired (2) must not be less than min (3); that is its default",
    ],
    [
      "image:",
      "cluster: {coreNodes: {desired: 4}}\nimage:",
      "hub.yaml:7:32: cluster.coreNodes.desired (4) must not be more than max (3)",
    ],
    [
      "image:",
      "cluster: {coreNodes: {max: 2.5}}\nimage:",
      "hub.yaml:7:28: cluster.coreNodes.max must be a whole number, not 2.5",
    ],
    [
      "image:",
      "cluster: {coreNodes: {instanceType: m7g.large}}\nimage:",
      'hub.yaml:7:37: cluster.coreNodes.instanceType "m7g.large" is an ARM type; the nodes run x86-64 software',
    ],
    [
      "image:",
      "cluster: {coreNodes: {volumeSizeGiB: 8}}\nimage:",
      "hub.yaml:7:38: cluster.coreNodes.volumeSizeGiB must be at least 30, not 8",
    ],
    [
      "image:",
      "users: {memoryGiB: {guarantee: 8}}\nimage:",
      "hub.yaml:7:9: users.memoryGiB.limit (4) must not be less than guarantee (8); that is its default",
    ],
    ["image:", "users: {maxVcpus: 64 cores}\nimage:", 'hub.yaml:7:19: users.maxVcpus must be a number, not "64 cores"'],
    ["image:", "network:\nimage:", "hub.yaml:7:9: network is empty: fill it in or remove it"],
    [
      "quay.io/jupyter/scipy-notebook",
      "https://quay.io/x",
      'hub.yaml:8:15: image.repository "https://quay.io/x" must be written without https://',
    ],
    ['"2026-11-03"', "'a tag'", 'hub.yaml:9:8: image.tag "a tag" is not an image tag like 2026-11-03'],
  ];
  it.each(wrong)("with %j replaced by %j is refused", (replaced, by, problem) => {
    expect(problemsOf(edited(replaced, by))).toEqual([problem]);
  });

  it("with a misspelt required key lacks that key as well", () => {
    expect(problemsOf(edited("domain:", "domian:"))).toEqual([
      "hub.yaml:1:1: domain is required",
      "hub.yaml:3:1: domian is unknown: did you mean domain?",
    ]);
  });

  it("may be empty or not a map at all, which is said", () => {
    expect(problemsOf("# nothing yet\n")).toEqual(["hub.yaml: the file is empty"]);
    expect(problemsOf("- domain\n")).toEqual(["hub.yaml:1:1: must be a group of settings, not a list"]);
  });

  it("tells the login method even if other things are wrong", () => {
    expect(read("auth: {method: shared-password}").method).toBe("shared-password");
    expect(read("auth: {method: dummy}").method).toBeUndefined();
    expect(read("auth: [").method).toBeUndefined();
  });
});
