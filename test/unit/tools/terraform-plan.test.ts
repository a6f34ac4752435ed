import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/errors.ts";
import { describePlan, parsePlan, refuseDestructive } from "../../../src/tools/terraform-plan.ts";

interface Change {
  type: string;
  actions: string[];
  paths?: (string | number)[][];
  reason?: string;
  mode?: string;
}

const planOf = (...changes: Change[]) =>
  parsePlan(
    JSON.stringify({
      format_version: "1.2",
      resource_changes: changes.map(({ type, actions, paths, reason, mode = "managed" }) => ({
        address: `${type}.this`,
        type,
        mode,
        action_reason: reason,
        change: { actions, replace_paths: paths },
      })),
    }),
  );

describe("parsePlan", () => {
  it("reads a recorded plan with a replacement", () => {
    const text = readFileSync(join(import.meta.dirname, "../../fixtures/terraform/replace-plan.json"), "utf8");
    const plan = parsePlan(text);
    expect(plan.replace).toEqual([
      {
        address: "terraform_data.cluster",
        type: "terraform_data",
        id: "e113c8bc-c43f-14cd-be10-af9e2a64b2dc",
        forcedBy: ["triggers_replace"],
        reason: "replace_because_cannot_update",
      },
    ]);
    expect(plan).toMatchObject({ create: [], update: [], delete: [], isEmpty: false });
  });

  it("is empty when nothing but reading is planned", () => {
    const plan = planOf({ type: "aws_vpc", actions: ["no-op"] }, { type: "aws_ami", actions: ["read"], mode: "data" });
    expect(plan.isEmpty).toBe(true);
    expect(describePlan(plan)).toBe("nothing to change");
  });

  it("is not empty when only an output changes", () => {
    const plan = parsePlan('{"output_changes":{"a":{"actions":["create"]},"b":{"actions":["no-op"]}}}');
    expect(plan).toMatchObject({ outputs: ["a"], isEmpty: false });
    expect(describePlan(plan)).toBe("only outputs change");
  });

  it("takes both orders of a replacement for one", () => {
    const plan = planOf({ type: "a", actions: ["create", "delete"] }, { type: "b", actions: ["delete", "create"] });
    expect(plan.replace.map(({ type }) => type)).toEqual(["a", "b"]);
    expect(describePlan(plan)).toBe("2 to replace");
  });

  it("counts what it describes", () => {
    const plan = planOf(
      { type: "a", actions: ["create"] },
      { type: "b", actions: ["create"] },
      { type: "c", actions: ["update"] },
      { type: "d", actions: ["delete"] },
    );
    expect(describePlan(plan)).toBe("2 to create, 1 to change, 1 to delete");
  });
});

describe("refuseDestructive", () => {
  const precious = [
    "aws_eks_cluster",
    "aws_eks_node_group",
    "aws_vpc",
    "aws_subnet",
    "aws_efs_file_system",
    "aws_efs_access_point",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_backup_vault",
  ];

  it.each(
    precious.flatMap(
      (type) =>
        [
          [type, ["delete"]],
          [type, ["delete", "create"]],
          [type, ["create", "delete"]],
          [type, ["forget"]],
        ] as const,
    ),
  )("refuses %s with %j", (type, actions) => {
    const refuse = () => refuseDestructive(planOf({ type, actions: [...actions] }));
    expect(refuse).toThrow(UserError);
    expect(refuse).toThrow(`${type}.this`);
  });

  it("names what forces a replacement and how to avoid it", () => {
    const plan = planOf({
      type: "aws_eks_cluster",
      actions: ["delete", "create"],
      paths: [["vpc_config", 0, "subnet_ids"]],
    });
    expect(() => refuseDestructive(plan)).toThrow(
      expect.objectContaining({
        code: "PlanWouldDestroy",
        exitCode: 2,
        message:
          "the plan would replace the cluster aws_eks_cluster.this (vpc_config.0.subnet_ids cannot be changed in place); nothing was touched",
        hint: "set vpc_config.0.subnet_ids back to what it was, in the configuration or in AWS",
      }) as Error,
    );
  });

  it("says why without an attribute", () => {
    const plan = planOf({ type: "aws_vpc", actions: ["delete"], reason: "delete_because_no_resource_config" });
    expect(() => refuseDestructive(plan)).toThrow("delete the VPC aws_vpc.this (delete because no resource config)");
  });

  it("lets everything else pass", () => {
    const plan = planOf(
      { type: "aws_eks_cluster", actions: ["update"] },
      { type: "aws_vpc", actions: ["create"] },
      { type: "aws_security_group_rule", actions: ["delete", "create"] },
      { type: "aws_iam_role_policy", actions: ["delete"] },
    );
    expect(() => refuseDestructive(plan)).not.toThrow();
  });

  it("lets a half-made resource be made again when the caller knows that it is one", () => {
    const plan = planOf({ type: "aws_eks_cluster", actions: ["delete", "create"], reason: "replace_because_tainted" });
    expect(() => refuseDestructive(plan)).toThrow("its creation was interrupted");
    expect(() => refuseDestructive(plan, (change) => change.address === "aws_eks_cluster.this")).not.toThrow();
    const forced = planOf({
      type: "aws_eks_cluster",
      actions: ["delete", "create"],
      reason: "replace_because_cannot_update",
    });
    expect(() => refuseDestructive(forced, () => true)).toThrow(UserError);
  });
});
