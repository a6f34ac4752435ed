import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../helpers/eventually.ts";
import { projectRoot } from "../helpers/sandbox.ts";
import { temporaryFolder } from "../helpers/tools.ts";

const program = join(projectRoot, "templates/charts/platform/files/hub-database.py");
const hubTables = join(projectRoot, "sandbox/kubelet/hub-database.py");

let hub: string;
let copies: string;
let database: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  const folder = temporaryFolder();
  [hub, copies] = [join(folder, "hub"), join(folder, "copies")];
  database = join(hub, "jupyterhub.sqlite");
  const scratch = join(folder, "scratch");
  for (const path of [hub, copies, scratch]) await mkdir(path);
  env = {
    ...process.env,
    ...{ DATABASE: database, COPIES: copies, SCRATCH: scratch, CHART_VERSION: "4.4.0", KEEP: "3" },
  };
});

interface Ended {
  code: number | null;
  output: string;
}

async function python(args: string[], cwd = hub): Promise<Ended> {
  const child = spawn("python3", args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, output: output.trim() };
}

const copy = (...flags: string[]) => python([program, "copy", ...flags]);
const restore = () => python([program, "restore"]);

/** Runs SQL on a file; gives the rows. */
async function sql(file: string, statement: string): Promise<unknown[][]> {
  const code =
    "import json, sqlite3, sys\n" +
    "with sqlite3.connect(sys.argv[1], timeout=60) as c: print(json.dumps(c.execute(sys.argv[2]).fetchall()))";
  const { code: exitCode, output } = await python(["-c", code, file, statement]);
  expect(exitCode, output).toBe(0);
  return JSON.parse(output) as unknown[][];
}

async function makeHub(...users: string[]): Promise<void> {
  expect(await python([hubTables])).toEqual({ code: 0, output: "" });
  for (const name of users) await addUser(name);
}

async function addUser(name: string): Promise<void> {
  await sql(database, `INSERT INTO users (name, admin, cookie_id) VALUES ('${name}', 0, 'cookie-of-${name}')`);
}

const usersIn = async (file: string) => (await sql(file, "SELECT name FROM users ORDER BY name")).flat();
const listCopies = async () => (await readdir(copies)).sort();

/** A good copy, as of then. */
async function makeCopy(time: string, user: string): Promise<string> {
  await python([hubTables], copies);
  const name = `jupyterhub-${time}-4.4.0.sqlite`;
  await python(["-c", "import os, sys; os.rename(*sys.argv[1:])", "jupyterhub.sqlite", name], copies);
  await sql(join(copies, name), `INSERT INTO users (name, cookie_id) VALUES ('${user}', 'x')`);
  return name;
}

describe("a copy", () => {
  test("has the rows, its time in UTC and the chart's version in its name, and is for the hub alone", async () => {
    await makeHub("ada", "grace");
    const before = new Date();
    const { code, output } = await copy();
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^copied to jupyterhub-/) as string });
    const [name = ""] = await listCopies();
    const [, time = ""] = /^jupyterhub-(\d{8}T\d{6}Z)-4\.4\.0\.sqlite$/.exec(name) ?? [];
    const made = Date.parse(time.replace(/(....)(..)(..T..)(..)(..Z)/, "$1-$2-$3:$4:$5"));
    expect(Math.abs(made - before.getTime())).toBeLessThan(60_000);
    expect(await usersIn(join(copies, name))).toEqual(["ada", "grace"]);
    expect((await stat(join(copies, name))).mode & 0o077).toBe(0);
  });

  test("is a state that the database was in, while the hub goes on writing", async () => {
    await makeHub();
    const writer = spawn("python3", ["-c", writerOfPairs, database], { stdio: "ignore" });
    const ended = new Promise((resolve) => writer.once("close", resolve));
    try {
      await eventually("the writer to write", async () => (await usersIn(database)).length > 0);
      const counts = new Set<number>();
      for (let round = 0; round < 5; round += 1) {
        expect(await copy()).toMatchObject({ code: 0 });
        const name = (await listCopies()).at(-1) ?? "";
        expect(await sql(join(copies, name), "PRAGMA integrity_check")).toEqual([["ok"]]);
        // Users come in pairs, so half a transaction would be an odd number of them.
        const [[count = 0] = []] = (await sql(join(copies, name), "SELECT count(*) FROM users")) as number[][];
        expect(count % 2).toBe(0);
        counts.add(count);
      }
      expect(counts.size).toBeGreaterThan(1);
    } finally {
      writer.kill("SIGKILL");
      await ended;
    }
  });

  test("first takes back what a killed hub left half done", async () => {
    await makeHub("ada");
    await python(["-c", halfATransaction, database]);
    expect(await readdir(hub)).toContain("jupyterhub.sqlite-journal");
    expect(await copy()).toMatchObject({ code: 0 });
    const [name = ""] = await listCopies();
    expect(await usersIn(join(copies, name))).toEqual(["ada"]);
  });

  test("of a damaged database is none, and those before it stay", async () => {
    const good = await makeCopy("20261101T060000Z", "ada");
    await makeHub("ada");
    const bytes = await readFile(database);
    await writeFile(database, Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096, 0x5a)]));
    const { code, output } = await copy();
    expect(code).toBe(1);
    expect(output).toContain(`the database ${database} `);
    expect(output).toMatch(/malformed|damaged/);
    expect(await listCopies()).toEqual([good]);
  });

  test.each([
    ["is no database", "no SQL in here, only text that is longer than a header of a hundred bytes ".repeat(3), "not a"],
    ["is not the hub's", undefined, "it has no table of users"],
  ])("of something that %s is none", async (_, text, words) => {
    if (text === undefined) await sql(database, "CREATE TABLE other (id INTEGER)");
    else await writeFile(database, text);
    const { code, output } = await copy();
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(words) as string });
    expect(await listCopies()).toEqual([]);
  });

  test("of nothing is a failure, unless that is fine", async () => {
    expect(await copy()).toEqual({ code: 1, output: `there is no database at ${database}` });
    await writeFile(database, "");
    expect(await copy("--if-any")).toEqual({
      code: 0,
      output: `there is no database at ${database}, and so nothing to copy`,
    });
    expect(await listCopies()).toEqual([]);
  });

  test("that does not fit leaves nothing behind, and says so in one line", async () => {
    await makeHub("ada");
    const { code, output } = await python(["-c", onAFullDisk, program, "copy"]);
    expect(code).toBe(1);
    expect(output).toBe(`the copy could not be written to ${copies}: No space left on device`);
    expect(await listCopies()).toEqual([]);
  });

  test("has nowhere to go where the file system is not mounted", async () => {
    await makeHub("ada");
    env["COPIES"] = join(copies, "gone");
    expect(await copy()).toEqual({
      code: 1,
      output: `the copy could not be written to ${copies}/gone: No such file or directory`,
    });
  });

  test("takes the place of the oldest, and of no other file", async () => {
    await makeHub("ada");
    const old = [];
    for (const day of ["01", "02", "03", "04"]) old.push(await makeCopy(`202611${day}T060000Z`, "ada"));
    await writeFile(join(copies, "notes.txt"), "mine");
    expect(await copy()).toMatchObject({ code: 0 });
    const left = await listCopies();
    expect(left).toEqual([old[2], old[3], expect.stringMatching(/^jupyterhub-/) as string, "notes.txt"]);
  });
});

describe("a hub without a database", () => {
  test("gets the newest copy", async () => {
    await makeCopy("20261101T060000Z", "ada");
    const newest = await makeCopy("20261102T060000Z", "grace");
    expect(await restore()).toEqual({ code: 0, output: `the database was restored from ${newest}` });
    expect(await usersIn(database)).toEqual(["grace"]);
  });

  test("gets the one before if the newest is damaged or cut off, and is told so", async () => {
    const good = await makeCopy("20261101T060000Z", "ada");
    const damaged = await makeCopy("20261102T060000Z", "grace");
    const bytes = await readFile(join(copies, damaged));
    await writeFile(join(copies, damaged), bytes.subarray(0, 5000));
    const empty = "jupyterhub-20261103T060000Z-4.4.0.sqlite";
    await writeFile(join(copies, empty), "");
    const { code, output } = await restore();
    expect(code).toBe(0);
    const lines = output.split("\n");
    expect(lines[0]).toBe(`${empty} is of no use, so the one before it is taken: it has no table of users`);
    expect(lines[1]).toContain(`${damaged} is of no use, so the one before it is taken: `);
    expect(lines[2]).toBe(`the database was restored from ${good}`);
    expect(await usersIn(database)).toEqual(["ada"]);
  });

  test("does not start empty in place of copies that are all damaged", async () => {
    await writeFile(join(copies, "jupyterhub-20261103T060000Z-4.4.0.sqlite"), "broken");
    const { code, output } = await restore();
    expect(code).toBe(1);
    expect(output).toContain(`none of the 1 copies in ${copies} could be restored`);
    expect(await readdir(hub)).toEqual([]);
  });

  test("starts empty if there is no copy; what is half written, or somebody's, is none", async () => {
    await writeFile(join(copies, ".jupyterhub-20261103T060000Z-4.4.0.sqlite.partial"), "half");
    await writeFile(join(copies, "mine.sqlite"), "mine");
    const { code, output } = await restore();
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringContaining("starts with an empty one") as string,
    });
    expect(await readdir(hub)).toEqual([]);
  });

  test("has a copy played nothing into that a lost database left behind", async () => {
    await makeHub("eve");
    await python(["-c", halfATransaction, database]);
    await python(["-c", "import os; os.remove('jupyterhub.sqlite')"]);
    expect(await readdir(hub)).toEqual(["jupyterhub.sqlite-journal"]);
    await makeCopy("20261102T060000Z", "grace");
    expect(await restore()).toMatchObject({ code: 0 });
    expect(await readdir(hub)).toEqual(["jupyterhub.sqlite"]);
    expect(await usersIn(database)).toEqual(["grace"]);
  });

  test("says why when its disk is full", async () => {
    await makeCopy("20261102T060000Z", "grace");
    const { code, output } = await python(["-c", onAFullDisk, program, "restore"]);
    expect(code).toBe(1);
    expect(output).toContain("No space left on device");
    expect(await readdir(hub)).toEqual([]);
  });
});

describe("an operator", () => {
  const result = async () => JSON.parse(await readFile(env["RESULT"] ?? "", "utf8")) as object;

  beforeEach(() => {
    env["RESULT"] = join(copies, "..", "result");
  });

  test("is told what there is, the newest first", async () => {
    const old = await makeCopy("20261101T060000Z", "ada");
    const newer = await makeCopy("20261102T060000Z", "grace");
    await writeFile(join(copies, "notes.txt"), "mine");
    expect(await python([program, "list"])).toMatchObject({ code: 0 });
    const { size } = await stat(join(copies, old));
    expect(await result()).toEqual({
      copies: [
        { name: newer, bytes: size },
        { name: old, bytes: size },
      ],
    });
  });

  test("is told the name of a copy", async () => {
    await makeHub("ada");
    expect(await copy()).toMatchObject({ code: 0 });
    expect(await result()).toEqual({ copied: (await listCopies())[0] });
  });

  test("can put a copy in place of the database, which is copied first", async () => {
    await makeHub("eve");
    const chosen = await makeCopy("20261101T060000Z", "ada");
    await makeCopy("20261102T060000Z", "grace");
    expect(await python([program, "replace", chosen])).toMatchObject({ code: 0 });
    expect(await result()).toEqual({ replaced: chosen });
    expect(await usersIn(database)).toEqual(["ada"]);
    const kept = (await listCopies()).at(-1) ?? "";
    expect(await usersIn(join(copies, kept))).toEqual(["eve"]);
  });

  test("gets the oldest copy back though the one that is made first takes its place", async () => {
    await makeHub("eve");
    const oldest = await makeCopy("20261101T060000Z", "ada");
    for (const day of ["02", "03"]) await makeCopy(`202611${day}T060000Z`, "grace");
    expect(await python([program, "replace", oldest])).toMatchObject({ code: 0 });
    expect(await usersIn(database)).toEqual(["ada"]);
    expect(await listCopies()).not.toContain(oldest);
  });

  test("gets a copy back in place of a damaged database, which is kept beside it", async () => {
    await writeFile(database, "broken");
    const chosen = await makeCopy("20261101T060000Z", "ada");
    expect(await python([program, "replace", chosen])).toMatchObject({ code: 0 });
    expect(await usersIn(database)).toEqual(["ada"]);
    const aside = (await readdir(hub)).filter((name) => name.includes(".replaced-"));
    expect(await readFile(join(hub, aside[0] ?? ""), "utf8")).toBe("broken");
  });

  test.each([
    ["is not there", "jupyterhub-20261101T060000Z-4.4.0.sqlite", "there is no copy"],
    ["is none", "../hub/jupyterhub.sqlite", "there is no copy"],
    ["is damaged", "jupyterhub-20261102T060000Z-4.4.0.sqlite", "is damaged"],
  ])("keeps the database if the copy %s", async (_, name, words) => {
    await makeHub("eve");
    await writeFile(join(copies, "jupyterhub-20261102T060000Z-4.4.0.sqlite"), "broken");
    const { code, output } = await python([program, "replace", name]);
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(words) as string });
    expect(await usersIn(database)).toEqual(["eve"]);
    expect(await listCopies()).toEqual(["jupyterhub-20261102T060000Z-4.4.0.sqlite"]);
  });
});

test("a hub with a database keeps it, whatever copies there are", async () => {
  await makeHub("ada");
  await makeCopy("20261102T060000Z", "grace");
  expect(await restore()).toEqual({ code: 0, output: "the hub has its database" });
  expect(await usersIn(database)).toEqual(["ada"]);
});

const writerOfPairs = `
import itertools, sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
for number in itertools.count():
    connection.execute("BEGIN IMMEDIATE")
    for half in "ab":
        connection.execute(
            "INSERT INTO users (name, cookie_id) VALUES (?, ?)", (f"{number}{half}", f"{number}{half}" + "x" * 900)
        )
    connection.execute("COMMIT")
    # A hub never writes without pause either; SQLite's locks know no turns.
    time.sleep(0.005)
`;

/** Dies in the middle of a transaction that is partly in the file. */
const halfATransaction = `
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
for number in range(2000):
    connection.execute("INSERT INTO users (name, cookie_id) VALUES (?, ?)", (f"half-{number}", str(number) * 50))
os._exit(0)
`;

/** Runs a program that can write the first bytes of a file, and no more. */
const onAFullDisk = `
import errno, os, runpy, shutil, sys

def fill(source, target, size=0):
    target.write(b"SQLite")
    target.flush()
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

shutil.copyfileobj = fill
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
`;

describe("the sandbox's hub", () => {
  const start = (version: string) => python([hubTables, version]);

  test("brings an older database up to its own version, and refuses a newer one", async () => {
    await start("4.3.5");
    await addUser("ada");
    expect(await start("4.4.0")).toEqual({ code: 0, output: "" });
    expect(await usersIn(database)).toEqual(["ada"]);
    expect(await start("4.3.5")).toMatchObject({ code: 1, output: expect.stringContaining("4.4.0") as string });
  });

  test("leaves a migration that fails half done", async () => {
    await start("4.3.5");
    for (const user of ["ada", "unmigratable", "zoe"]) await addUser(user);
    for (let attempt = 0; attempt < 2; attempt += 1) expect((await start("4.4.0")).code).toBe(1);
    expect(await usersIn(database)).toEqual(["ada"]);
  });
});
