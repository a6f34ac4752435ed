import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { writeRendered } from "../../../src/render/write-rendered.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

const first = new Map([
  ["terraform/cluster/main.tf", "main"],
  ["values/karpenter.yaml", "a: 1"],
]);
let folder: string;
beforeEach(() => {
  folder = join(temporaryFolder(), "rendered");
});

describe("the folder of a render", () => {
  it("is made if it is not there, or used if it is empty", async () => {
    await writeRendered(folder, first);
    expect(readFileSync(join(folder, "terraform", "cluster", "main.tf"), "utf8")).toBe("main");
    const empty = temporaryFolder();
    await writeRendered(empty, first);
    expect(readFileSync(join(empty, "values", "karpenter.yaml"), "utf8")).toBe("a: 1");
  });

  it("loses what the next render does not have, and nothing else", async () => {
    await writeRendered(folder, first);
    writeFileSync(join(folder, "notes.txt"), "mine");
    mkdirSync(join(folder, "terraform", "cluster", ".terraform"));
    await writeRendered(folder, new Map([["values/hub.yaml", "b: 2"]]));
    expect(existsSync(join(folder, "terraform/cluster/main.tf"))).toBe(false);
    expect(readdirSync(join(folder, "values"))).toEqual(["hub.yaml"]);
    expect(existsSync(join(folder, "notes.txt"))).toBe(true);
    expect(existsSync(join(folder, "terraform/cluster/.terraform"))).toBe(true);
  });

  it("is refused if somebody else's files are in it, and stays as it is", async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, "thesis.tex"), "");
    await expect(writeRendered(folder, first)).rejects.toMatchObject({ code: "OutputNotEmpty", exitCode: 2 });
    expect(readdirSync(folder)).toEqual(["thesis.tex"]);
  });

  it("is refused if it is a file", async () => {
    writeFileSync(folder, "");
    await expect(writeRendered(folder, first)).rejects.toMatchObject({ code: "OutputNotAFolder" });
  });

  it("never loses a file outside of it, whatever its list of files says", async () => {
    await writeRendered(folder, first);
    const outside = join(folder, "..", "precious.tf");
    writeFileSync(outside, "");
    writeFileSync(join(folder, "values", "mine.txt"), "");
    writeFileSync(join(folder, ".hubctl-render"), "../precious.tf\nvalues/../../precious.tf\n/etc/hostname\nnotes\n");
    await writeRendered(folder, first);
    expect(existsSync(outside)).toBe(true);
    expect(existsSync(join(folder, "values", "mine.txt"))).toBe(true);
  });
});
