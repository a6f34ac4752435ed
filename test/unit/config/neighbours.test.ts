import { describe, expect, it } from "vitest";
import { hubFolder, smallest } from "./hub-folder.ts";

const { read, problemsOf } = hubFolder();
const beside = (files: Record<string, string | Uint8Array>) => ({
  files: Object.fromEntries(Object.entries(files).map(([path, content]) => [`deployments/field/${path}`, content])),
});

describe("the files beside a hub.yaml", () => {
  it("are values of the chart, merged in the order of their names; a null stays, so that Helm takes the value away", () => {
    const { config } = read(
      smallest,
      beside({
        "values/20-second.yaml": "hub: {db: {type: sqlite-memory}, annotations: null}\nlist: [2]\n",
        "values/10-first.yaml": "hub: {annotations: {a: b}, db: {type: mysql, url: x}}\nlist: [1, 2, 3]\n",
        "values/30-empty.yaml": "# nothing\n",
        "values/notes.txt": "not: [valid",
      }),
    );
    expect(config?.hub.values).toEqual({
      hub: { annotations: null, db: { type: "sqlite-memory", url: "x" } },
      list: [2],
    });
  });

  it("are Python, by name", () => {
    const { config } = read(
      smallest,
      beside({
        "jupyterhub_config.d/50-hook.py": "c.A = 1\n",
        "jupyterhub_config.d/10.py": "",
        "jupyterhub_config.d/x.pyc": "-",
      }),
    );
    expect(config?.hub.extraConfig).toEqual({ "10": "", "50-hook": "c.A = 1\n" });
  });

  it("are files of users, read as they are", () => {
    const { config } = read(
      `${smallest}users: {files: [{path: /etc/x, source: files/x.conf}, {path: /etc/y, content: ""}]}\n`,
      beside({ "files/x.conf": "ü\r\nb" }),
    );
    expect(config?.users.files).toEqual([
      { path: "/etc/x", content: "ü\r\nb" },
      { path: "/etc/y", content: "" },
    ]);
  });

  it("are refused where they can't be read, each with its place", () => {
    const files = `users: {files: [{path: /etc/x, source: x.conf}, {path: /etc/y, source: latin1}, {path: /etc/z, source: values}]}\n`;
    const problems = problemsOf(
      smallest + files,
      beside({
        latin1: new Uint8Array([0xe4]),
        "values/a.yaml": "a: [1\n",
        "values/b.yaml": "- 1\n",
        "values/c.yml": "a: 1\n",
        "jupyterhub_config.d/a.py": new Uint8Array([0xff]),
      }),
    );
    expect(problems).toEqual([
      "hub.yaml:10:40: users.files[0].source can't be read: there is no file ROOT/deployments/field/x.conf",
      "hub.yaml:10:72: users.files[1].source can't be read: ROOT/deployments/field/latin1 is not text in UTF-8",
      "hub.yaml:10:104: users.files[2].source can't be read: ROOT/deployments/field/values is a folder",
      expect.stringMatching(/^values\/a\.yaml:\d+:1: flow sequence/),
      "values/b.yaml: must be a group of values of the hub's chart",
      "values/c.yml: would not be read: its name must end in .yaml",
      "jupyterhub_config.d/a.py: ROOT/deployments/field/jupyterhub_config.d/a.py is not text in UTF-8",
    ]);
  });

  it("hold no more than a Kubernetes secret does", () => {
    const long = beside({ big: "x".repeat(400_001) });
    expect(problemsOf(`${smallest}users: {files: [{path: /etc/x, source: big}]}\n`, long)).toEqual([
      "hub.yaml:10:16: users.files hold 400001 characters together; at most 400000 fit. Put large files into a shared folder or the image",
    ]);
  });
});
