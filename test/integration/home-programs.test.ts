import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { projectRoot } from "../helpers/sandbox.ts";
import { temporaryFolder } from "../helpers/tools.ts";

let root: string;

beforeEach(() => {
  root = temporaryFolder();
});

interface Ended {
  code: number;
  output: string;
  result: unknown;
}

/** Runs a program of templates/programs as its Job does. */
async function run(program: string, args: string[], env: Record<string, string>): Promise<Ended> {
  const resultFile = join(root, "result");
  const source = await readFile(join(projectRoot, "templates/programs", program), "utf8");
  const { code, output } = await new Promise<Omit<Ended, "result">>((resolve) => {
    execFile(
      "python3",
      ["-c", source, ...args],
      { env: { ...process.env, ...env, RESULT: resultFile } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}`.trim() }),
    );
  });
  const result = await readFile(resultFile, "utf8").then(
    (text) => JSON.parse(text) as unknown,
    () => undefined,
  );
  return { code, output, result };
}

async function put(path: string, text: string): Promise<string> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

const text = (path: string) => readFile(join(root, path), "utf8");

describe("a home that comes back", () => {
  const restore = () => run("restore-home.py", [], { FILE_SYSTEM: root, FOLDER: "ada", LABEL: "restored-2026-11-20" });
  const older = "aws-backup-restore_2026-11-20T00-00-00-000Z/home/ada";
  const newer = "aws-backup-restore_2026-11-21T00-00-00-000Z/home/ada";

  test("goes into a folder of its own, and what is there stays", async () => {
    await put(`${older}/thesis.txt`, "older");
    const file = await put(`${newer}/thesis.txt`, "then");
    await put(`${newer}/deep/.hidden`, "hidden");
    await utimes(file, 1_700_000_000, 1_700_000_000);
    await chmod(file, 0o640);
    await put("home/ada/thesis.txt", "now");
    expect(await restore()).toEqual({ code: 0, output: "", result: { folder: "restored-2026-11-20", files: 2 } });
    expect(await text("home/ada/thesis.txt")).toBe("now");
    expect(await text("home/ada/restored-2026-11-20/thesis.txt")).toBe("then");
    expect(await text("home/ada/restored-2026-11-20/deep/.hidden")).toBe("hidden");
    const { mode, mtimeMs } = await stat(join(root, "home/ada/restored-2026-11-20/thesis.txt"));
    expect([mode & 0o777, mtimeMs]).toEqual([0o640, 1_700_000_000_000]);
    // It would cost for as long as it lay there.
    expect(await text(`${newer}/thesis.txt`).catch(() => "gone")).toBe("gone");
    expect(await readdir(join(root, "home/ada"))).toEqual(["restored-2026-11-20", "thesis.txt"]);
  });

  test("twice has a folder for each", async () => {
    await put(`${older}/a`, "1");
    await put("home/ada/b", "2");
    await restore();
    await put(`${newer}/a`, "3");
    expect(await restore()).toMatchObject({ result: { folder: "restored-2026-11-20-2" } });
    expect(await text("home/ada/restored-2026-11-20/a")).toBe("1");
    expect(await text("home/ada/restored-2026-11-20-2/a")).toBe("3");
  });

  test.each([["missing"], ["empty"]])("is the home itself where that is %s", async (how) => {
    await put(`${newer}/thesis.txt`, "then");
    await mkdir(join(root, how === "empty" ? "home/ada" : "home"), { recursive: true });
    expect(await restore()).toMatchObject({ code: 0, result: { folder: "", files: 1 } });
    expect(await text("home/ada/thesis.txt")).toBe("then");
    expect(await readdir(join(root, "home"))).toEqual(["ada"]);
  });

  test("keeps links, and leaves out what is no file", async () => {
    await put(`${newer}/file`, "1");
    await symlink("/somewhere/else", join(root, newer, "link"));
    const socket = createServer();
    await new Promise<void>((resolve) => socket.listen(join(root, newer, "socket"), resolve));
    try {
      expect(await restore()).toMatchObject({ code: 0 });
      expect((await readdir(join(root, "home/ada"))).sort()).toEqual(["file", "link"]);
    } finally {
      socket.close();
    }
  });

  test("that is in no backup is told so, and nothing is touched", async () => {
    await put("aws-backup-restore_2026-11-21T00-00-00-000Z/home/grace/a", "1");
    await put("home/ada/b", "2");
    expect(await restore()).toEqual({
      code: 1,
      output: expect.stringMatching(/^the backup holds no home ada, or an empty one: .* --from$/) as string,
      result: undefined,
    });
    expect(await readdir(join(root, "home/ada"))).toEqual(["b"]);
  });
});

describe("a notice", () => {
  const write = (action: string, folders: string[]) =>
    run("notices.py", [action], {
      HOMES: root,
      FOLDERS: JSON.stringify(folders),
      NOTICE: "NOTICE.txt",
      TEXT: "pauses\n",
    });

  test("is in every home that there is, and goes again", async () => {
    await put("ada/a", "1");
    await put("grace/b", "2");
    expect(await write("put", ["ada", "grace", "nobody"])).toMatchObject({
      code: 0,
      result: { failed: ["nobody: No such file or directory"] },
    });
    expect(await text("ada/NOTICE.txt")).toBe("pauses\n");
    expect(await write("remove", ["ada", "grace"])).toMatchObject({ code: 0, result: { failed: [] } });
    expect(await readdir(join(root, "grace"))).toEqual(["b"]);
    expect(await write("remove", ["ada"])).toMatchObject({ code: 0, result: { failed: [] } });
  });
});
