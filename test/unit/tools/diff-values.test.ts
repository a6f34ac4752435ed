import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffValues } from "../../../src/tools/diff-values.ts";

describe("diffValues", () => {
  it.each([
    ["a value", { a: 1 }, { a: 2 }, [{ path: "a", before: 1, after: 2 }]],
    ["what is new", {}, { a: "x" }, [{ path: "a", after: "x" }]],
    ["what is gone", { a: "x" }, {}, [{ path: "a", before: "x" }]],
    ["a list as a whole", { a: ["x"] }, { a: ["x", "y"] }, [{ path: "a", before: ["x"], after: ["x", "y"] }]],
    [
      "groups in a list by their place",
      { a: [{ b: 1 }, { b: 2 }] },
      { a: [{ b: 1 }, { b: 3 }] },
      [{ path: "a.1.b", before: 2, after: 3 }],
    ],
    [
      "named groups in a list by their name, wherever they are",
      { a: [{ name: "x", b: 1 }, { name: "y" }] },
      { a: [{ name: "y" }, { name: "x", b: 2 }] },
      [{ path: "a[x].b", before: 1, after: 2 }],
    ],
    [
      "a document in a text",
      { policy: '{"Version":"1","Statement":[{"Effect":"Allow"}]}' },
      { policy: '{"Statement":[{"Effect":"Deny"}],"Version":"1"}' },
      [{ path: "policy.Statement.0.Effect", before: "Allow", after: "Deny" }],
    ],
    ["what is empty in two ways as the same", { a: null, b: [], c: "" }, { b: {}, c: null }, []],
    ["another type", { a: "1" }, { a: 1 }, [{ path: "a", before: "1", after: 1 }]],
  ])("tells %s", (_, before, after, expected) => {
    expect(diffValues(before, after)).toEqual(expected);
  });

  it("tells of secrets only that they change, and nothing of those that do not", () => {
    const masks = { secretBefore: { a: true, b: true }, secretAfter: { a: true, b: true, deep: [{ c: true }] } };
    const before = { a: "old", b: "same", deep: [{ c: "x" }] };
    const after = { a: "new", b: "same", deep: [{ c: "y" }] };
    expect(diffValues(before, after, masks)).toEqual([
      { path: "a", isSecret: true },
      { path: "deep.0.c", isSecret: true },
    ]);
  });

  it("tells what is known only afterwards, also where there was nothing", () => {
    expect(diffValues({ a: "1" }, {}, { unknown: { a: true, b: { c: true } } })).toEqual([
      { path: "a", before: "1", isUnknown: true },
      { path: "b.c", isUnknown: true },
    ]);
  });

  it("hides a list of which one part is a secret, and does not guess at one of which a part is not known", () => {
    expect(diffValues({ a: ["x", "old"] }, { a: ["x", "new"] }, { secretAfter: { a: [false, true] } })).toEqual([
      { path: "a", isSecret: true },
    ]);
    expect(diffValues({ a: ["sg-1"] }, { a: [null] }, { unknown: { a: [true] }, secretAfter: {} })).toEqual([
      { path: "a", before: ["sg-1"], isUnknown: true },
    ]);
    expect(diffValues({ a: ["x"] }, { a: ["x"] }, { secretAfter: { a: [true] } })).toEqual([]);
  });

  it("finds nothing between a value and itself, and something as soon as one text differs", () => {
    const values = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue());
    fc.assert(
      fc.property(values, (value) => {
        expect(diffValues(value, structuredClone(value))).toEqual([]);
        expect(diffValues({ ...value, Added: "was" }, { ...value, Added: "is" })).toHaveLength(1);
      }),
    );
  });

  it("never shows what a mask hides", () => {
    const masked = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue(), { minKeys: 1 });
    fc.assert(
      fc.property(masked, masked, (one, other) => {
        const mask = (value: object) => Object.fromEntries(Object.keys(value).map((key) => [key, true]));
        const found = diffValues(one, other, { secretBefore: mask(one), secretAfter: mask(other) });
        expect(found.every((change) => change.isSecret && !("before" in change) && !("after" in change))).toBe(true);
      }),
    );
  });
});
