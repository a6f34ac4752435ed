import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/errors.ts";
import { findLosses, refuseLosses } from "../../../src/tools/plan-guard.ts";
import { parsePlan } from "../../../src/tools/terraform-plan.ts";

interface Change {
  type: string;
  actions: string[];
  address?: string;
  previous?: string;
  deposed?: string;
  paths?: (string | number)[][];
  reason?: string;
  mode?: string;
}

const planOf = (...changes: Change[]) =>
  parsePlan(
    JSON.stringify({
      format_version: "1.2",
      resource_changes: changes.map(
        ({ type, actions, paths, reason, previous, deposed, address = `${type}.this`, mode = "managed" }) => ({
          address,
          type,
          mode,
          deposed,
          previous_address: previous,
          action_reason: reason,
          change: { actions, replace_paths: paths },
        }),
      ),
    }),
  );
const guarded =
  (plan: ReturnType<typeof planOf>, ...allowed: string[]) =>
  () =>
    refuseLosses(findLosses(plan), allowed);

const data = [
  "aws_efs_file_system",
  "aws_fsx_openzfs_file_system",
  "aws_ebs_volume",
  "aws_s3_bucket",
  "aws_secretsmanager_secret",
  "aws_backup_vault",
  "aws_ecr_repository",
  "aws_db_instance",
  "aws_kms_key",
];
const noData = [
  "aws_eks_cluster",
  "aws_eks_node_group",
  "aws_vpc",
  "aws_subnet",
  "aws_efs_access_point",
  "aws_efs_mount_target",
];
const ways = [["delete"], ["delete", "create"], ["create", "delete"], ["forget"], ["create", "forget"]];

describe("the guard", () => {
  it.each([...data, ...noData].flatMap((type) => ways.map((actions) => [type, actions] as const)))(
    "refuses %s with %j, unless it is named",
    (type, actions) => {
      const plan = planOf({ type, actions: [...actions] });
      expect(guarded(plan)).toThrow(UserError);
      expect(guarded(plan)).toThrow(`${type}.this`);
      expect(guarded(plan, `${type}.other`)).toThrow(UserError);
      expect(guarded(plan, `${type}.this`)).not.toThrow();
    },
  );

  it("knows what carries data", () => {
    const carriesData = (type: string) => findLosses(planOf({ type, actions: ["delete"] }))[0]?.carriesData;
    expect(data.map(carriesData)).toEqual(data.map(() => true));
    expect(noData.map(carriesData)).toEqual(noData.map(() => false));
  });

  it("names what forces a replacement, how to avoid it, and how to agree to it", () => {
    const plan = planOf({
      type: "aws_subnet",
      address: 'aws_subnet.private["us-east-2a"]',
      actions: ["delete", "create"],
      paths: [["cidr_block"]],
    });
    expect(guarded(plan)).toThrow(
      expect.objectContaining({
        code: "PlanWouldDestroy",
        exitCode: 2,
        message:
          'the plan would replace the subnet aws_subnet.private["us-east-2a"] (cidr_block cannot be changed in place); nothing was touched',
        hint: `set cidr_block back to what it was, in the configuration or in AWS; or, if it may be lost, add to hubctl update: --allow-replace 'aws_subnet.private["us-east-2a"]'`,
      }) as Error,
    );
  });

  it("refuses what is not named beside what is", () => {
    const plan = planOf({ type: "aws_vpc", actions: ["delete"] }, { type: "aws_eks_cluster", actions: ["delete"] });
    expect(guarded(plan, "aws_vpc.this")).toThrow("would delete the cluster aws_eks_cluster.this; nothing");
  });

  it("says why without an attribute", () => {
    const plan = planOf({ type: "aws_vpc", actions: ["delete"], reason: "delete_because_no_resource_config" });
    expect(guarded(plan)).toThrow("delete the VPC aws_vpc.this (delete because no resource config)");
  });

  it("holds for a renamed resource, and in a module", () => {
    const renamed = planOf(
      { type: "aws_vpc", address: "aws_vpc.old", actions: ["delete"] },
      { type: "aws_vpc", address: "aws_vpc.new", actions: ["create"] },
    );
    expect(guarded(renamed)).toThrow("delete the VPC aws_vpc.old");
    expect(guarded(renamed, "aws_vpc.new")).toThrow(UserError);
    const inModule = planOf({ type: "aws_vpc", address: "module.network.aws_vpc.this[0]", actions: ["delete"] });
    expect(guarded(inModule)).toThrow("module.network.aws_vpc.this[0]");
  });

  it("holds for a moved resource, which either address names", () => {
    const change = { type: "aws_vpc", address: "aws_vpc.this[0]", previous: "aws_vpc.this" };
    const replaced = planOf({ ...change, actions: ["delete", "create"] });
    expect(guarded(replaced)).toThrow("aws_vpc.this[0]");
    expect(guarded(replaced, "aws_vpc.this[0]")).not.toThrow();
    expect(guarded(replaced, "aws_vpc.this")).not.toThrow();
    expect(guarded(planOf({ ...change, actions: ["no-op"] }))).not.toThrow();
  });

  it("lets an interrupted replacement of a node group come to its end, but of nothing else", () => {
    const left = { actions: ["delete"], deposed: "1a2b3c4d" };
    expect(guarded(planOf({ type: "aws_eks_node_group", ...left }))).not.toThrow();
    expect(guarded(planOf({ type: "aws_efs_file_system", ...left }))).toThrow(UserError);
  });

  it("lets everything else pass", () => {
    const plan = planOf(
      { type: "aws_eks_cluster", actions: ["update"] },
      { type: "aws_vpc", actions: ["create"] },
      { type: "aws_security_group_rule", actions: ["delete", "create"] },
      { type: "aws_iam_role_policy", actions: ["delete"] },
    );
    expect(guarded(plan)).not.toThrow();
  });

  it("lets a half-made resource be made again when the caller knows that it is one", () => {
    const half = { type: "aws_eks_cluster", actions: ["delete", "create"] };
    const plan = planOf({ ...half, reason: "replace_because_tainted" });
    expect(guarded(plan)).toThrow("its creation was interrupted");
    expect(findLosses(plan, ({ address }) => address === "aws_eks_cluster.this")).toEqual([]);
    const forced = planOf({ ...half, reason: "replace_because_cannot_update" });
    expect(findLosses(forced, () => true)).toHaveLength(1);
  });
});
