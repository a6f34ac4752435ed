import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describePlan, parsePlan } from "../../../src/tools/terraform-plan.ts";

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

  it("has another fingerprint if a single attribute differs, and no value in it", () => {
    const change = (value: string) =>
      parsePlan(
        JSON.stringify({
          timestamp: Math.random(),
          resource_changes: [{ address: "a.b", type: "a", change: { actions: ["update"], after: { value } } }],
        }),
      );
    expect(change("one").fingerprint).toBe(change("one").fingerprint);
    expect(change("one").fingerprint).not.toBe(change("two").fingerprint);
    expect(JSON.stringify(change("sesame"))).not.toContain("sesame");
  });

  it("has the same fingerprint whatever AWS counts meanwhile", () => {
    const plan = (bytes: number, tags: string) => {
      const [before, after] = ["old", tags].map((Project) => ({
        size_in_bytes: [{ value: bytes }],
        tags: { Project },
      }));
      return parsePlan(
        JSON.stringify({
          resource_changes: [
            { address: "aws_x.same", type: "aws_x", change: { actions: ["no-op"], before, after: before } },
            { address: "aws_x.y", type: "aws_x", change: { actions: ["update"], before, after } },
          ],
        }),
      ).fingerprint;
    };
    expect(plan(1, "new")).toBe(plan(2, "new"));
    expect(plan(1, "new")).not.toBe(plan(1, "newer"));
  });

  it("knows what has moved, and what is left of a replacement", () => {
    const plan = parsePlan(
      JSON.stringify({
        resource_changes: [
          {
            address: "aws_vpc.this[0]",
            previous_address: "aws_vpc.this",
            type: "aws_vpc",
            change: { actions: ["delete", "create"] },
          },
          { address: "aws_x.y", deposed: "1a2b3c4d", type: "aws_x", change: { actions: ["delete"] } },
        ],
      }),
    );
    expect(plan.replace).toMatchObject([{ address: "aws_vpc.this[0]", formerAddress: "aws_vpc.this" }]);
    expect(plan.delete).toMatchObject([{ address: "aws_x.y", isDeposed: true }]);
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
