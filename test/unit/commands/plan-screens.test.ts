import { describe, expect, it } from "vitest";
import { describeEnd, describePreview, previewAsMarkdown } from "../../../src/commands/plan-screens.ts";
import type { ObjectChange } from "../../../src/engine/object-change.ts";
import type { Preview } from "../../../src/plan/preview.ts";

const plain = { style: (_: string, text: string) => text };
const change = (action: ObjectChange["action"], what: string, more: Partial<ObjectChange> = {}): ObjectChange => ({
  action,
  type: what.split(/[./]/)[0] ?? "",
  what,
  attributes: [],
  forcedBy: [],
  ...more,
});

const same: Preview = {
  deployment: "waves",
  domain: "hub.example.org",
  account: "123456789012",
  region: "us-east-2",
  isInstalled: true,
  hasChanges: false,
  steps: [],
  drift: [],
  consequences: [],
  losses: [],
  servers: { servers: 3, users: 2 },
};

const changed: Preview = {
  ...same,
  hasChanges: true,
  steps: [
    {
      id: "cluster-stack",
      title: "Create the cluster",
      summary: "2 to create, 1 to change, 1 to replace",
      kind: "change",
      objects: [
        change("create", 'aws_subnet.private["a"]'),
        change("create", 'aws_subnet.private["b"]'),
        change("change", "aws_eks_node_group.core", {
          attributes: [
            { path: "scaling_config.0.max_size", before: 3, after: 4 },
            { path: "launch_template.0.version", before: "1", isUnknown: true },
            { path: "labels.a", after: "x" },
            { path: "labels.b", before: "y" },
          ],
        }),
        change("replace", "aws_vpc.this[0]", { forcedBy: ["cidr_block"] }),
      ],
    },
    {
      id: "hub",
      title: "Update the hub",
      summary: "values of hub",
      kind: "change",
      objects: [
        change("change", "Secret/jupyterhub/hub", { attributes: [{ path: "data.token", isSecret: true }] }),
        change("change", "Deployment/jupyterhub/hub", {
          attributes: [{ path: "spec.template.metadata.annotations.checksum/secret", before: "1f", after: "2e" }],
        }),
      ],
    },
    { id: "load-balancer", title: "Wait for the balancer", summary: "it is new", kind: "wait", objects: [] },
    { id: "alias-record", title: "Lead the domain", summary: "known later", kind: "unknown", objects: [] },
  ],
  drift: [
    {
      step: "storage-stack",
      type: "aws_efs_file_system",
      what: "aws_efs_file_system.homes",
      kind: "changed",
      attributes: [{ path: "throughput_mode", before: "elastic", after: "bursting" }],
      isPutBack: true,
    },
    { step: "hub", type: "ConfigMap", what: "ConfigMap/j/x", kind: "gone", attributes: [], isPutBack: false },
  ],
  consequences: [
    { effect: "hub-down", text: "the hub is down", because: ["Deployment/jupyterhub/hub", "aws_eks_node_group.core"] },
  ],
  losses: [
    {
      address: "aws_efs_file_system.homes",
      verb: "replace",
      kind: "file system",
      carriesData: true,
      why: "encrypted cannot be changed in place",
      forcedBy: ["encrypted"],
    },
  ],
};

describe("a plan on the terminal", () => {
  it("says in one sentence that there is nothing to change", () => {
    expect(describePreview(same, plain)).toEqual([
      "waves: https://hub.example.org, AWS account 123456789012, region us-east-2",
    ]);
    expect(describeEnd(same)).toBe("Nothing to change: waves is as its configuration says");
    expect(describeEnd({ ...same, drift: changed.drift.slice(1) })).toMatch(/says, but for what others have changed$/);
  });

  it("tells what changes, what others changed, what is refused, and what it means", () => {
    expect(describePreview(changed, plain).join("\n")).toMatchInlineSnapshot(`
      "waves: https://hub.example.org, AWS account 123456789012, region us-east-2

      What changes:
        Create the cluster: 2 to create, 1 to change, 1 to replace
          + aws_subnet.private (2)
          ~ aws_eks_node_group.core
              scaling_config.0.max_size: 3 → 4
              launch_template.0.version: "1" → known afterwards
              labels.a: added "x"
              labels.b: removed "y"
          ± aws_vpc.this[0] is made anew (cidr_block cannot be changed in place)
        Update the hub: values of hub
          ~ Secret/jupyterhub/hub
              data.token: changed (secret)
          ~ Deployment/jupyterhub/hub
              spec.template.metadata.annotations.checksum/secret: changed
        Then, as far as needed:
          Wait for the balancer (it is new)
          Lead the domain (known later)

      What others have changed:
        aws_efs_file_system.homes (put back)
            throughput_mode: "elastic" → "bursting"
        ConfigMap/j/x is gone (left as it is)

      Refused unless it is named:
        replace the file system, with all that it holds (encrypted cannot be changed in place): --allow-replace aws_efs_file_system.homes

      What it means:
        • the hub is down (Deployment/jupyterhub/hub and 1 more)
        3 servers of 2 users run now"
    `);
  });

  it("tells once what changes in the same way in many places, and names whatever is to go", () => {
    const attributes = [{ path: "tags.Grant", before: "OCE-1", after: "OCE-2" }];
    const tagged = ["aws_vpc.a", "aws_subnet.b", "aws_eip.c", "aws_route.d", "aws_kms_key.e"];
    const [step] = changed.steps;
    const objects = [
      ...tagged.map((what) => change("change", what, { attributes })),
      change("change", "aws_iam_role.f", { attributes: [{ ...attributes[0]!, after: "other" }] }),
      change("delete", "aws_instance.g"),
      change("delete", "aws_instance.h"),
    ];
    const lines = describePreview({ ...changed, steps: [{ ...step!, objects }] }, plain);
    expect(lines.slice(4, 10)).toEqual([
      "    ~ aws_vpc.a, aws_subnet.b, aws_eip.c, aws_route.d and 1 more, which --json shows",
      '        tags.Grant: "OCE-1" → "OCE-2"',
      "    ~ aws_iam_role.f",
      '        tags.Grant: "OCE-1" → "other"',
      "    - aws_instance.g is deleted",
      "    - aws_instance.h is deleted",
    ]);
  });

  it("shortens what is long, and says where all of it is", () => {
    const attributes = Array.from({ length: 20 }, (_, index) => ({ path: `a${index}`, before: 1, after: 2 }));
    attributes[0] = { path: "long", before: "x".repeat(500), after: "a\nb\n" } as never;
    const [step] = changed.steps;
    const objects = [change("change", "aws_x.y", { attributes })];
    const lines = describePreview({ ...changed, steps: [{ ...step!, objects }] }, plain);
    expect(lines).toContain("        and 8 more, which --json shows");
    const long = lines.find((line) => line.includes("long:"));
    expect(long).toMatch(/x…  ?→ \(2 lines\)$|x… → \(2 lines\)$/);
    expect(long!.length).toBeLessThan(130);
  });

  it("says what is only waited for, which is no change", () => {
    const lines = describePreview({ ...same, steps: changed.steps.filter(({ kind }) => kind === "wait") }, plain);
    expect(lines.slice(1)).toEqual(["", "What is waited for:", "    Wait for the balancer (it is new)"]);
  });

  it("says so where both sides look the same because they are shortened", () => {
    const start = "x".repeat(100);
    const attributes = [{ path: "user_data", before: `${start}1`, after: `${start}2` }];
    const objects = [change("change", "aws_x.y", { attributes, remark: "was aws_x.z" })];
    const lines = describePreview({ ...changed, steps: [{ ...changed.steps[0]!, objects }] }, plain);
    expect(lines).toContain("    ~ aws_x.y (was aws_x.z)");
    expect(lines).toContain("        user_data: changed");
  });

  it("does not say of each step before the first install that it waits for the cluster", () => {
    const steps = changed.steps.filter(({ kind }) => kind === "unknown");
    expect(describePreview({ ...changed, isInstalled: false, steps }, plain)).toContain("    Lead the domain");
  });

  it("ends with the command that does it", () => {
    expect(describeEnd(changed)).toContain("hubctl update --deployment waves");
    expect(describeEnd({ ...changed, isInstalled: false })).toContain("hubctl install --deployment waves");
  });
});

describe("a plan under a pull request", () => {
  it("begins with what counts, and folds the rest", () => {
    expect(previewAsMarkdown(changed)).toMatchInlineSnapshot(`
      "### \`hubctl plan\`: waves
      https://hub.example.org · account 123456789012 · us-east-2

      **2 to create, 3 to change, 1 to replace.** Others have changed 2 things.

      **Refused unless it is named:**
      - replace the file system, with all that it holds (encrypted cannot be changed in place): --allow-replace aws_efs_file_system.homes

      **What it means:**
      - the hub is down (Deployment/jupyterhub/hub and 1 more)

      3 servers of 2 users run now

      <details><summary>Create the cluster: 2 to create, 1 to change, 1 to replace</summary>

      ~~~~diff
      + aws_subnet.private (2)
      ! aws_eks_node_group.core
          scaling_config.0.max_size: 3 → 4
          launch_template.0.version: "1" → known afterwards
          labels.a: added "x"
          labels.b: removed "y"
      ! aws_vpc.this[0] is made anew (cidr_block cannot be changed in place)
      ~~~~
      </details>

      <details><summary>Update the hub: values of hub</summary>

      ~~~~diff
      ! Secret/jupyterhub/hub
          data.token: changed (secret)
      ! Deployment/jupyterhub/hub
          spec.template.metadata.annotations.checksum/secret: changed
      ~~~~
      </details>

      Lead the domain: known later

      <details><summary>What others have changed</summary>

      ~~~~diff
      aws_efs_file_system.homes (put back)
          throughput_mode: "elastic" → "bursting"
      ConfigMap/j/x is gone (left as it is)
      ~~~~
      </details>"
    `);
  });

  it("says that there is nothing to change, and still what others have changed", () => {
    const text = previewAsMarkdown({ ...same, drift: changed.drift });
    expect(text).toContain("**Nothing to change.** Others have changed 2 things.");
    expect(text).toContain("aws_efs_file_system.homes (put back)");
  });

  it("lets no text of others out of its block, nor into the page", () => {
    const [step] = changed.steps;
    const nasty = { path: "description", before: "", after: "</details>\n~~~~\n<b>" };
    const objects = [change("change", "aws_x.y", { attributes: [nasty, { path: "tag", after: "~~~~" }] })];
    const text = previewAsMarkdown({ ...changed, steps: [{ ...step!, title: "<b>", objects }] });
    expect(text).toContain("&lt;b&gt;");
    const block = text.split("~~~~diff\n")[1]!.split("\n~~~~\n")[0]!;
    expect(block).toContain("tag: added");
  });
});
