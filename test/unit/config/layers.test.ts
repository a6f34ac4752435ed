import { describe, expect, it } from "vitest";
import { listDeployments } from "../../../src/config/deployment.ts";
import { mergeValues } from "../../../src/config/layers.ts";
import { certificate, hubFolder, smallest } from "./hub-folder.ts";

const { read, problemsOf } = hubFolder();
const common = (content: string) => ({ files: { "deployments/common.yaml": content } });

describe("common.yaml", () => {
  const shared = `aws:
  region: us-east-2
  rolePath: /hubs/
tags: {Project: sky, Owner: ops}
auth: {admins: [ada, grace], allowedOrganizations: [stars]}
certificate: ${certificate}
`;
  const own = `domain: hub.example.org
tags: {Owner: us}
auth: {admins: [linus]}
image: {repository: a/b, tag: "1"}
`;

  it("comes below the hub.yaml: groups are merged, lists and single values replaced", () => {
    const { config, problems } = read(own, common(shared));
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      aws: { region: "us-east-2", rolePath: "/hubs/" },
      tags: { Project: "sky", Owner: "us" },
      auth: { admins: ["linus"], allowedOrganizations: ["stars"] },
      domain: "hub.example.org",
    });
  });

  it("is where its own mistakes are shown, after those of the hub.yaml", () => {
    const wrong = shared.replace("/hubs/", "hubs").replace("Owner: ops", "aws:x: 1") + "netwrok: {}\n";
    const problems = problemsOf(own.replace("hub.example.org", "hub"), common(wrong));
    expect(problems.map((text) => text.replace(/^.*\/(?=common)/, ""))).toEqual([
      'hub.yaml:1:9: domain "hub" is not a domain name like hub.example.org',
      'common.yaml:3:13: aws.rolePath "hubs" is not an IAM path: it starts and ends with a slash, like /hubs/',
      expect.stringMatching(/^common\.yaml:4:29: tags\.aws:x must be text/),
      "common.yaml:7:1: netwrok is unknown: did you mean network?",
    ]);
  });

  it("is not looked at for what a list or a value of the hub.yaml replaces", () => {
    const profiles = "profiles: [{name: A, cpu: {guarantee: 1, limit: 2}}, {name: B}]\n";
    expect(problemsOf(`${smallest}profiles: [{cpu: {guarantee: 1}}]\n`, common(profiles))).toEqual([
      "hub.yaml:10:12: profiles[0].name is required",
      "hub.yaml:10:13: profiles[0].cpu.limit is required",
    ]);
  });

  it("asks for what is missing in the hub.yaml", () => {
    const [first] = problemsOf(own.replace("domain: hub.example.org\n", ""), common(shared));
    expect(first).toBe("hub.yaml:1:1: domain is required");
  });

  it("may be empty; that it is broken or no group is said", () => {
    expect(problemsOf(smallest, common("# later\n"))).toEqual([]);
    expect(problemsOf(smallest, common("[]\n"))[0]).toMatch(/common\.yaml: must be a group of settings/);
    expect(problemsOf(smallest, common("a: b: c\n"))[0]).toMatch(/common\.yaml:1:4: nested mappings/);
  });

  it("is no deployment", () => {
    const { files = [] } = read(smallest, common("tags: {}\n"));
    const root = files[0]?.replace(/\/deployments\/.*$/, "") ?? "";
    expect(listDeployments(root)?.deployments.map(({ name }) => name)).toEqual(["field"]);
  });
});

describe("--set", () => {
  it("wins over both files, the last one over the others; its values are YAML", () => {
    const set = [
      "tags.Owner=me",
      "auth.admins=[grace, linus]",
      "tags.Owner=us",
      "network={internal: true}",
      "banner=a=b",
    ];
    const { config } = read(`${smallest}network: {allowFrom: [192.0.2.0/24]}\ntags: {Owner: x, Project: y}\n`, {
      ...common("banner: hello\n"),
      set,
    });
    expect(config).toMatchObject({
      tags: { Owner: "us", Project: "y" },
      auth: { admins: ["grace", "linus"] },
      network: { internal: true, allowFrom: ["192.0.2.0/24"] },
      banner: "a=b",
    });
  });

  it("is named where it is wrong, after what is wrong in files", () => {
    const set = ["cluster.kubernetesVersion=1.30", "auth.admin=x", "profiles=[{}]", "culling.idleMinutes="];
    expect(problemsOf(smallest.replace("hub.example.org", "hub"), { set })).toEqual([
      'hub.yaml:3:9: domain "hub" is not a domain name like hub.example.org',
      '--set cluster.kubernetesVersion=1.30: cluster.kubernetesVersion must be text: put it in quotes, "1.30"',
      "--set auth.admin=x: auth.admin is unknown: did you mean admins?",
      "--set profiles=[{}]: profiles[0].name is required",
      "--set culling.idleMinutes=: culling.idleMinutes is empty: fill it in or remove it",
    ]);
  });

  it.each([
    ["network.internal", "must be path=value, like network.internal=true"],
    ["=x", '"" is not the path of a setting like network.internal'],
    ["a..b=x", '"a..b" is not the path of a setting like network.internal'],
    ["profiles[0].name=x", "a list can be set as a whole only, like 'auth.admins=[ada, grace]'"],
  ])("%s is refused", (option, message) => {
    expect(problemsOf(smallest, { set: [option] })).toEqual([`--set ${option}: ${message}`]);
  });

  it("with broken YAML is refused", () => {
    expect(problemsOf(smallest, { set: ["auth.admins=[ada"] })[0]).toMatch(
      /^--set auth\.admins=\[ada: the value is not YAML: /,
    );
  });
});

it("merging knows no special names", () => {
  const merged = mergeValues(
    JSON.parse('{"__proto__": {"a": 1}, "b": {"c": 1}}'),
    JSON.parse('{"__proto__": {"d": 2}}'),
  );
  expect(JSON.stringify(merged)).toBe('{"__proto__":{"a":1,"d":2},"b":{"c":1}}');
  expect(({} as Record<string, unknown>)["d"]).toBeUndefined();
});
