import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const scripts = join(import.meta.dirname, "../../../templates/charts/platform/files");
const work = mkdtempSync(join(tmpdir(), "hubctl-fill-"));
const marker = ".hubctl-filled";
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(work, "folder-"));
});

afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

const read = (path: string) => readFileSync(join(folder, path), "utf8");
const list = () => readdirSync(folder).sort();

describe("from a bucket", () => {
  const bin = join(work, "bin");

  beforeAll(() => {
    mkdirSync(bin);
    // Stands for `aws s3 sync SOURCE STAGING`, which fails once while there is a file "interrupt".
    const aws = `#!/bin/bash
[ "$1 $2" = "s3 sync" ] || exit 64
case $3 in */empty) exit 0;; esac
echo "$3" >"$4/one.txt"; mkdir -p "$4/deep"; echo deep >"$4/deep/.two"
if [ -e "${work}/interrupt" ]; then rm "${work}/interrupt"; exit 1; fi
echo last >"$4/three.txt"
`;
    writeFileSync(join(bin, "aws"), aws, { mode: 0o755 });
  });

  const fill = (source = "s3://data/tutorial") =>
    execFileSync("bash", [join(scripts, "fill-from-bucket.sh")], {
      env: { PATH: `${bin}:${process.env["PATH"] ?? ""}`, SOURCE: source, TARGET: folder },
      stdio: ["ignore", "pipe", "pipe"],
    }).toString();

  test("everything comes, and a note of where from", () => {
    fill();
    expect(list()).toEqual([marker, "deep", "one.txt", "three.txt"]);
    expect(read("deep/.two")).toBe("deep\n");
    expect(read(marker)).toBe("s3://data/tutorial\n");
  });

  test("only once: what users have done since is theirs", () => {
    fill();
    rmSync(join(folder, "three.txt"));
    writeFileSync(join(folder, "one.txt"), "changed");
    expect(fill("s3://data/other")).toContain("filled already");
    expect(list()).toEqual([marker, "deep", "one.txt"]);
    expect(read("one.txt")).toBe("changed");
  });

  test("nothing that lies there is replaced", () => {
    mkdirSync(join(folder, "deep"));
    writeFileSync(join(folder, "one.txt"), "mine");
    fill();
    expect(read("one.txt")).toBe("mine");
    expect(readdirSync(join(folder, "deep"))).toEqual([]);
    expect(list()).toEqual([marker, "deep", "one.txt", "three.txt"]);
  });

  test("an attempt that fails shows users nothing, and the next one goes on", () => {
    writeFileSync(join(work, "interrupt"), "");
    expect(() => fill()).toThrow();
    expect(list()).toEqual([".hubctl-filling"]);
    fill();
    expect(list()).toEqual([marker, "deep", "one.txt", "three.txt"]);
  });

  test("an empty source is a failure, for it is likely a wrong one", () => {
    expect(() => fill("s3://data/empty")).toThrow("nothing below s3://data/empty");
    expect(list()).not.toContain(marker);
  });
});

describe("from a URL", () => {
  const files = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const body = files.get(request.url ?? "");
    if (body === undefined) response.writeHead(404).end();
    else if (request.url === "/cut") {
      response.writeHead(200, { "Content-Length": String(body.length + 10) });
      response.write(body, () => response.destroy());
    } else response.end(body);
  });

  beforeAll(async () => {
    const content = join(work, "content");
    mkdirSync(join(content, "data"), { recursive: true });
    writeFileSync(join(content, "data", "one.txt"), "one");
    writeFileSync(join(content, "two.txt"), "two");
    execFileSync("tar", ["-czf", join(work, "a.tar.gz"), "-C", content, "data", "two.txt"]);
    files.set("/a.tar.gz", readFileSync(join(work, "a.tar.gz")));
    execFileSync("python3", [
      "-m",
      "zipfile",
      "-c",
      join(work, "a.zip"),
      join(content, "data"),
      join(content, "two.txt"),
    ]);
    files.set("/a.zip?version=2", readFileSync(join(work, "a.zip")));
    const evil = join(work, "evil.tar");
    writeFileSync(join(work, "outside"), "evil");
    execFileSync("tar", ["-cPf", evil, "--transform", "s|.*|../outside|", join(work, "outside")]);
    files.set("/evil.tar", readFileSync(evil));
    files.set("/tables/my%20table.csv", Buffer.from("a,b\n"));
    files.set("/..%2F..", Buffer.from("x"));
    files.set("/cut", Buffer.from("half"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });

  afterAll(() => {
    server.close();
  });

  const run = promisify(execFile);
  const fill = async (path: string) => {
    const source = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    const env = { PATH: process.env["PATH"], SOURCE: source, TARGET: folder };
    return (await run("python3", [join(scripts, "fill-from-url.py")], { env })).stdout;
  };

  test.each(["/a.tar.gz", "/a.zip?version=2"])("an archive is unpacked: %s", async (path) => {
    await fill(path);
    expect(list()).toEqual([marker, "data", "two.txt"]);
    expect(read("data/one.txt")).toBe("one");
  });

  test("any other file keeps its name", async () => {
    await fill("/tables/my%20table.csv");
    expect(list()).toEqual([marker, "my table.csv"]);
    await expect(fill("/tables/my%20table.csv")).resolves.toContain("filled already");
  });

  test("a name that leads elsewhere is not used", async () => {
    await fill("/..%2F..");
    expect(list()).toEqual([marker, "download"]);
  });

  test("nothing that lies there is replaced", async () => {
    writeFileSync(join(folder, "two.txt"), "mine");
    await fill("/a.tar.gz");
    expect(read("two.txt")).toBe("mine");
  });

  test.each(["/none", "/cut", "/evil.tar"])("what does not arrive whole and sound leaves no mark: %s", async (path) => {
    await expect(fill(path)).rejects.toThrow();
    expect(list()).not.toContain(marker);
  });
});
