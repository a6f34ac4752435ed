import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanTfvars } from "../../../src/config/scan-tfvars.ts";

const namesAndLines = (source: string) => scanTfvars(source).map(({ name, line }) => [name, line]);

describe("scanning a variables file", () => {
  it("finds each name with its line and what is written on it", () => {
    expect(scanTfvars('a = 1\n\n  b="x" # why\nc   =   1.30   // not = this\n')).toEqual([
      { name: "a", line: 1, written: "1" },
      { name: "b", line: 3, written: '"x"' },
      { name: "c", line: 4, written: "1.30" },
    ]);
  });

  it("skips what stands inside values and comments", () => {
    const source = `# no = 1
/* no = 2
no = 3 */
list = [
  "a", # no = 4
  { no = 5 },
]
map = {
  no = "}"
}
text = "no = \\"6\\" # [ {"
here = <<-EOT
  no = 7
  EOT
last = true`;
    expect(namesAndLines(source)).toEqual([
      ["list", 4],
      ["map", 8],
      ["text", 11],
      ["here", 12],
      ["last", 15],
    ]);
  });

  it("takes Windows line ends and a byte order mark", () => {
    expect(
      scanTfvars("\uFEFFa = 1\r\nb = <<E\r\nb2 = 1\r\nE\r\nc = 2\r\n").map(({ name, written }) => [name, written]),
    ).toEqual([
      ["a", "1"],
      ["b", "<<E"],
      ["c", "2"],
    ]);
  });

  it("finds the names behind an unclosed quote, so that they are not called missing", () => {
    expect(namesAndLines('a = "x\nb = 1\n')).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  it("ends for any text", () => {
    const pieces = fc.array(
      fc.constantFrom("a", "=", '"', "\\", "\n", "<<E", "E", "[", "]", "{", "#", "/*", "*/", " ", "é"),
    );
    fc.assert(fc.property(pieces, (text) => scanTfvars(text.join("")).length <= text.length));
  });

  it("finds exactly the names that were written", () => {
    const name = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,12}$/);
    const text = fc.string().map((value) => JSON.stringify(value).replaceAll("${", "$${").replaceAll("%{", "%%{"));
    const value = fc.oneof(
      text,
      fc.integer().map(String),
      fc.array(text).map((items) => `[\n${items.map((item) => `  ${item}, # x = 1\n`).join("")}]`),
      fc.tuple(name, text).map(([key, item]) => `{\n  ${key} = ${item}\n}`),
      name.map((line) => `<<END\n${line} = 1\nEND`),
    );
    const between = fc.constantFrom("", "\n", "# other = 1\n", "// other = 1\n", "/* other = 1\nother = 2 */\n");
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value, between)), (entries) => {
        const source = entries.map(([key, content, comment]) => `${comment}${key} = ${content}\n`).join("");
        const found = scanTfvars(source);
        expect(found.map((assignment) => assignment.name)).toEqual(entries.map(([key]) => key));
        const lines = source.split("\n");
        for (const { name: key, line } of found) expect(lines[line - 1]).toMatch(new RegExp(`^${key} = `));
      }),
    );
  });
});
