import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  addMapping,
  mappingInForce,
  mappingsFor,
  readAwsAuth,
  removeMappings,
  type AwsAuthData,
} from "../../../src/admins/aws-auth.ts";
import { mapArn, readPrincipal } from "../../../src/admins/principal.ts";
import { UserError } from "../../../src/errors.ts";

const masters = ["system:masters"];
const alice = readPrincipal("arn:aws:iam::123456789012:user/alice");
const ops = readPrincipal("arn:aws:iam::123456789012:role/teams/ops");

const ofOldScripts = `# Nodes: without these lines no node joins. Ask Pat before you touch them!
- rolearn: arn:aws:iam::123456789012:role/NodeInstanceRole
  username: system:node:{{EC2PrivateDNSName}}   # as in the docs
  groups:
    - system:bootstrappers
    - system:nodes

# CI
- "groups": ["system:masters"]
  "rolearn": "arn:aws:iam::123456789012:role/deploy"
  "username": 'deploy'
# end of the list
`;

describe("adding", () => {
  it("puts an entry behind the last one, in its indentation, and touches nothing else", () => {
    const { mapRoles } = addMapping({ mapRoles: ofOldScripts }, ops, masters);
    expect(mapRoles).toBe(
      ofOldScripts.replace(
        "# end of the list\n",
        `- rolearn: arn:aws:iam::123456789012:role/ops
  username: ops:{{SessionName}}
  groups:
    - system:masters
# end of the list
`,
      ),
    );
  });

  it.each([
    ["a map that is missing", undefined],
    ["an empty text", ""],
    ["an empty list", "[]\n"],
    ["null", "null\n"],
    ["an empty string, which EKS passes over", '""'],
    ["comments only", "# nobody yet\n"],
  ])("begins with %s", (_, mapUsers) => {
    const data = addMapping(
      { mapRoles: ofOldScripts, ...(mapUsers === undefined ? {} : { mapUsers }) },
      alice,
      masters,
    );
    expect(data["mapRoles"]).toBe(ofOldScripts);
    expect(parse(data["mapUsers"]!)).toEqual([{ userarn: alice.arn, username: "alice", groups: masters }]);
    if (mapUsers?.startsWith("#")) expect(data["mapUsers"]).toContain("# nobody yet\n");
  });

  it("writes JSON into a list that is JSON", () => {
    const mapUsers = '[{"userarn": "arn:aws:iam::123456789012:user/bob", "groups": ["view"]}]';
    const data = addMapping({ mapUsers }, alice, masters);
    expect(data["mapUsers"]).toBe(
      '[{"userarn": "arn:aws:iam::123456789012:user/bob", "groups": ["view"]}, {"userarn":"arn:aws:iam::123456789012:user/alice","username":"alice","groups":["system:masters"]}]',
    );
  });

  it("adds a group to the entry that is there, whatever its form", () => {
    const entry = (groups: string) => `- userarn: ${alice.arn} # since 2019\n  username: al\n${groups}# bob was here\n`;
    for (const [before, after] of [
      ["  groups: [view]\n", '  groups: [view, "system:masters"]\n'],
      ["  groups:\n  - view # only\n", "  groups:\n  - view # only\n  - system:masters\n"],
      ["  groups: [] # none\n", "  groups:  # none\n  - system:masters\n"],
      ["  groups:\n", "  groups:\n  - system:masters\n"],
      ["", "  groups:\n  - system:masters\n"],
    ] as const) {
      expect(addMapping({ mapUsers: entry(before) }, alice, masters)).toEqual({ mapUsers: entry(after) });
    }
  });

  it("merges the entries of one ARN: the last counts, as it did, and the others go", () => {
    const mapRoles = `- rolearn: arn:aws:iam::123456789012:role/teams/ops # never worked
  groups: [system:masters]
- rolearn: arn:aws:iam::123456789012:role/OPS
  groups: [old]
# other people
- rolearn: arn:aws:iam::123456789012:role/other
- rolearn: arn:aws:iam::123456789012:role/ops
  username: operations
  groups: [view]
`;
    const data = addMapping({ mapRoles }, ops, ["hubctl:edit"]);
    expect(data["mapRoles"]).toBe(`# other people
- rolearn: arn:aws:iam::123456789012:role/other
- rolearn: arn:aws:iam::123456789012:role/ops
  username: operations
  groups: [view, "hubctl:edit"]
`);
  });

  it("keeps line ends as they are", () => {
    const mapUsers = "- userarn: arn:aws:iam::123456789012:user/bob\r\n  groups: [view]\r\n";
    const { mapUsers: edited = "" } = addMapping({ mapUsers }, alice, masters);
    expect(edited.startsWith(mapUsers)).toBe(true);
    expect(edited.replaceAll("\r\n", "")).not.toContain("\n");
  });

  it("gives up where an edit would change something else", () => {
    // The alias would lose its anchor.
    const mapUsers = `- userarn: ${alice.arn}\n  groups: &all [system:masters]\n- userarn: ${alice.arn}x\n  groups: *all\n`;
    expect(() => removeMappings({ mapUsers }, alice.arn)).toThrow(UserError);
  });
});

describe("reading", () => {
  it.each([
    ["a wrong indent", "- rolearn: a\n  groups:\n  - b\n username: c\n", /mapRoles line 4: .*"username: c"/],
    ["a tab", "- rolearn: a\n\tgroups: []\n", /mapRoles line 2: /],
    ["a duplicate key", "- rolearn: a\n  rolearn: b\n", /mapRoles line 2: .*unique/],
    ["a map in place of a list", "rolearn: a\n", /mapRoles line 1: is no list/],
    ["an entry without an ARN", "- rolearn: a\n- username: b\n", /mapRoles line 2: has no rolearn/],
    ["a text among the entries", "- a\n", /mapRoles line 1: is no entry/],
    ["groups that are no list", "- rolearn: a\n  groups: system:masters\n", /mapRoles line 1: the groups of a/],
    ["a second document", "- rolearn: a\n---\n- rolearn: b\n", /mapRoles line 2: /],
    ["an alias without an anchor", "- rolearn: *a\n", /mapRoles line 1: .*anchor/],
  ])("reports %s with its line, and never edits it", (_, mapRoles, line) => {
    for (const attempt of [
      () => readAwsAuth({ mapRoles }),
      () => addMapping({ mapRoles }, ops, masters),
      () => addMapping({ mapRoles }, alice, masters),
      () => removeMappings({ mapRoles }, ops.arn),
    ]) {
      expect(attempt).toThrow(
        expect.objectContaining({ code: "AwsAuthMalformed", output: expect.stringMatching(line) as string }) as Error,
      );
    }
  });

  it("tells all that is wrong, in both maps and the accounts", () => {
    const data = { mapRoles: "- {}\n- 1\n", mapUsers: "- userarn: [\n", mapAccounts: "a: b" };
    const failure = catchError(() => readAwsAuth(data));
    expect(failure.output?.split("\n")).toHaveLength(4);
  });

  it("reads keys in any case, as the authenticator does", () => {
    const { mappings } = readAwsAuth({ mapRoles: "- roleARN: arn:aws:iam::123456789012:role/ops\n  Groups: [a]\n" });
    expect(mappings).toMatchObject([{ arn: "arn:aws:iam::123456789012:role/ops", groups: ["a"] }]);
  });

  it("says which entries let nobody in, and why", () => {
    const { mappings } = readAwsAuth({
      mapRoles: `- rolearn: ${ops.arn}
- rolearn: arn:aws:sts::123456789012:assumed-role/ops/me
- rolearn: arn:aws:iam::123456789012:role/ops
- rolearn: arn:aws:iam::123456789012:role/Ops
`,
    });
    expect(mappings.map(({ idle }) => idle)).toEqual([
      expect.stringContaining("path"),
      expect.stringContaining("session"),
      expect.stringContaining("line 4"),
      undefined,
    ]);
  });
});

function catchError(run: () => unknown): UserError {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Entries of others in the forms that people and programs write them in. */
const foreignEntry = fc
  .record({
    name: fc.constantFrom("pat", "kim", "team/sam", "Node", "deploy-1"),
    groups: fc.uniqueArray(fc.constantFrom("system:masters", "system:nodes", "view", "a:b"), { maxLength: 3 }),
    form: fc.constantFrom("block", "quoted", "flow", "folded"),
    above: fc.constantFrom("", "# who is this?\n", "\n", "   # indented\n\n"),
    behind: fc.constantFrom("", "  # until June"),
  })
  .map(({ name, groups, form, above, behind }) => ({ name, groups, form, above, behind }));

const foreignText = fc
  .record({
    entries: fc.array(foreignEntry, { maxLength: 5 }),
    isIndented: fc.boolean(),
    end: fc.constantFrom("", "# the end\n", "\n\n"),
    isCut: fc.boolean(),
    lineEnd: fc.constantFrom("\n", "\r\n"),
  })
  .map(({ entries, isIndented, end, isCut, lineEnd }) => {
    const indent = isIndented ? "  " : "";
    const text = entries.map((entry, index) => entry.above + writeEntry(entry, index, indent)).join("") + end;
    const whole = text.replaceAll("\n", lineEnd);
    return isCut && end === "" ? whole.trimEnd() : whole;
  });

function writeEntry(
  { name, groups, form, behind }: { name: string; groups: string[]; form: string; behind: string },
  index: number,
  indent: string,
): string {
  const arn = `arn:aws:iam::999999999999:role/${name}${index}`;
  const inner = `${indent}  `;
  switch (form) {
    case "flow":
      return `${indent}- {rolearn: "${arn}", groups: ${JSON.stringify(groups)}}${behind}\n`;
    case "quoted":
      return `${indent}- "groups": ${JSON.stringify(groups)}${behind}\n${inner}"rolearn": '${arn}'\n${inner}# inside\n${inner}username: x\n`;
    case "folded":
      return `${indent}- username: |-${behind}\n${inner}  some: thing # no comment\n${inner}rolearn: ${arn}\n`;
    default:
      return `${indent}- rolearn: ${arn}${behind}\n${inner}groups:${groups.length === 0 ? " []" : ""}\n${groups.map((group) => `${inner}- ${group}\n`).join("")}`;
  }
}

const ownArns = ["alice", "Alice", "al/ice"].flatMap((name) => [
  `arn:aws:iam::123456789012:user/${name}`,
  `arn:aws:iam::123456789012:role/${name}`,
  `arn:aws:sts::123456789012:assumed-role/${name.replace("/", "-")}/session`,
]);
const operation = fc.record({
  kind: fc.constantFrom("add", "remove"),
  arn: fc.constantFrom(...ownArns),
  groups: fc.uniqueArray(fc.constantFrom("system:masters", "hubctl:view", "hubctl:edit:demo"), { minLength: 1 }),
});

it("whatever is added and removed, others' entries, comments and order survive, and all of it stays YAML", () => {
  fc.assert(
    fc.property(foreignText, fc.array(operation, { maxLength: 8 }), (mapRoles, operations) => {
      const before: AwsAuthData = { mapRoles, mapAccounts: '- "111111111111"\n', other: "{not: read" };
      let data = before;
      const present = new Set<string>();
      for (const { kind, arn, groups } of operations) {
        const principal = readPrincipal(arn);
        data = kind === "add" ? addMapping(data, principal, groups) : removeMappings(data, arn);
        const key = mapArn(principal).toLowerCase();
        if (kind === "add") present.add(key);
        else present.delete(key);
        const auth = readAwsAuth(data);
        expect(mappingsFor(auth, arn)).toHaveLength(kind === "add" ? 1 : 0);
        if (kind === "add") expect(mappingInForce(auth, arn)?.groups).toEqual(expect.arrayContaining(groups));
      }
      expect(foreign(data)).toEqual(foreign(before));
      expect(readAwsAuth(data).mappings).toHaveLength(readAwsAuth(before).mappings.length + present.size);
      // Line by line: all that was there is there, in its order.
      const lines = (data["mapRoles"] ?? "").split(/\r?\n/);
      let from = 0;
      for (const line of mapRoles.split(/\r?\n/).filter((one) => one.trim() !== "")) {
        const at = lines.indexOf(line, from);
        expect(at, `lost: ${line}`).toBeGreaterThanOrEqual(from);
        from = at + 1;
      }
      expect(data).toMatchObject({ mapAccounts: before["mapAccounts"], other: "{not: read" });
    }),
    { numRuns: 120 },
  );
}, 60_000);

function foreign(data: AwsAuthData): unknown[] {
  const items = (parse(data["mapRoles"] ?? "") ?? []) as { rolearn: string }[];
  return items.filter(({ rolearn }) => rolearn.includes(":999999999999:"));
}

it("removing what was added leaves the very text that was there", () => {
  fc.assert(
    fc.property(foreignText, (mapRoles) => {
      const text = mapRoles === "" || mapRoles.endsWith("\n") ? mapRoles : `${mapRoles}\n`;
      const added = addMapping({ mapRoles: text }, ops, masters);
      expect(removeMappings(added, ops.arn)).toEqual({ mapRoles: text.trim() === "" ? "" : text });
    }),
  );
});
