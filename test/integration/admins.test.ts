import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { CreateUserCommand } from "@aws-sdk/client-iam";
import { CreateAccessEntryCommand, DescribeAccessEntryCommand } from "@aws-sdk/client-eks";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import type { KubeObject } from "../../sandbox/kube/client.ts";
import { openApiServer } from "../../src/admins/api-server.ts";
import { changeAwsAuth } from "../../src/admins/aws-auth-map.ts";
import { addMapping } from "../../src/admins/aws-auth.ts";
import { readPrincipal } from "../../src/admins/principal.ts";
import { addAdmin, type AddAdminOptions } from "../../src/commands/add-admin.ts";
import { admins } from "../../src/commands/admins.ts";
import { removeAdmin, type RemoveAdminOptions } from "../../src/commands/admins-remove.ts";
import { createExec } from "../../src/tools/exec.ts";
import { eventually } from "../helpers/eventually.ts";
import { startSandboxCluster, type SandboxCluster } from "../helpers/sandbox-cluster.ts";

interface ConfigMap extends KubeObject {
  data: Record<string, string>;
}
interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

const mapPath = "/api/v1/namespaces/kube-system/configmaps/aws-auth";
const masters = ["system:masters"];
let cluster: SandboxCluster;
let home: string;

async function start(name: string, authenticationMode: "API_AND_CONFIG_MAP" | "CONFIG_MAP"): Promise<void> {
  cluster = await startSandboxCluster(name, { authenticationMode, propagation: 1_500 });
  home = mkdtempSync(join(tmpdir(), "hubctl-admins-test-"));
  vi.stubEnv("AWS_ENDPOINT_URL", cluster.clientOptions.endpoint);
  vi.stubEnv("AWS_PROFILE", undefined);
  vi.stubEnv("AWS_SESSION_TOKEN", undefined);
  vi.stubEnv("XDG_STATE_HOME", home);
  vi.stubEnv("PATH", `${dirname(cluster.world.binaries.kubectl)}${delimiter}${process.env["PATH"] ?? ""}`);
  actAs(cluster.clientOptions.credentials);
}

async function stop(): Promise<void> {
  vi.unstubAllEnvs();
  await cluster.stop();
  rmSync(home, { recursive: true, force: true });
}

function actAs(keys: Keys): void {
  vi.stubEnv("AWS_ACCESS_KEY_ID", keys.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", keys.secretAccessKey);
}

async function newUser(name: string): Promise<{ arn: string; keys: Keys }> {
  const { User } = await cluster.iam.send(new CreateUserCommand({ UserName: name }));
  return { arn: User!.Arn!, keys: cluster.issueKeys(User!.Arn!) };
}

const where = () => ({ cluster: cluster.name, region: cluster.clientOptions.region });
const add = (arns: string[], options: Partial<AddAdminOptions> = {}) =>
  captured(() => addAdmin(arns, { access: "admin", yes: true, dryRun: false, ...where(), ...options }));
const remove = (arn: string, options: Partial<RemoveAdminOptions> = {}) =>
  captured(() => removeAdmin(arn, { force: false, yes: true, dryRun: false, ...where(), ...options }));
const list = async () =>
  JSON.parse(await captured(() => admins({ json: true, ...where() }))) as {
    authenticationMode: string;
    caller: { arn: string; isLoggedIn: boolean; isAdmin: boolean };
    admins: { arn: string; via: string; access: string; isAdmin: boolean; idle?: string; isGone: boolean }[];
  };

/** What a command prints on standard output; its progress is not of interest. */
async function captured(run: () => Promise<void>): Promise<string> {
  let printed = "";
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => ((printed += String(text)), true));
  const progress = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    await run();
    return printed;
  } finally {
    out.mockRestore();
    progress.mockRestore();
  }
}

/** How the API server sees the holder of keys, asked with a login of its own. */
async function standingOf(keys: Keys): Promise<{ isLoggedIn: boolean; isAdmin: boolean }> {
  const api = openServer(keys);
  try {
    const { isLoggedIn, isAdmin } = await api.standing();
    return { isLoggedIn, isAdmin };
  } finally {
    api.close();
  }
}

function openServer(keys: Keys) {
  return openApiServer({
    access: {
      name: cluster.name,
      region: cluster.clientOptions.region,
      endpoint: cluster.plane.endpoint,
      certificateAuthority: cluster.plane.certificateAuthority,
    },
    credentials: () => Promise.resolve(keys),
    exec: createExec(),
    hideSecrets: () => undefined,
  });
}

const becomes = (keys: Keys, wanted: { isLoggedIn: boolean; isAdmin: boolean }) =>
  eventually(
    `a login that is ${JSON.stringify(wanted)}`,
    async () => {
      const { isLoggedIn, isAdmin } = await standingOf(keys);
      return isLoggedIn === wanted.isLoggedIn && isAdmin === wanted.isAdmin;
    },
    30,
  );

async function readMap(): Promise<Record<string, string>> {
  return (await cluster.kube.get<ConfigMap>(mapPath))?.data ?? {};
}

async function writeMap(data: Record<string, string>): Promise<void> {
  const metadata = { name: "aws-auth", namespace: "kube-system" };
  await cluster.kube.apply({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
}

const inside = { isLoggedIn: true, isAdmin: true };
const outside = { isLoggedIn: false, isAdmin: false };

describe("a cluster with access entries", () => {
  beforeAll(() => start("both-ways", "API_AND_CONFIG_MAP"), 900_000);
  afterAll(stop, 60_000);

  it("lets several in at once, and each really is administrator", async () => {
    const [first, second] = [await newUser("first"), await newUser("second")];
    expect(await standingOf(first.keys)).toEqual(outside);
    await add([first.arn, second.arn]);
    await becomes(first.keys, inside);
    await becomes(second.keys, inside);
    expect(await add([first.arn])).toContain("Nothing to do");
  }, 120_000);

  it("takes a session for its role, and finds the role's path", async () => {
    const role = await cluster.createRole("observers", "ec2.amazonaws.com");
    const session = role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/somebody";
    await add([session], { access: "view" });
    const { accessEntry } = await cluster.eks.send(
      new DescribeAccessEntryCommand({ clusterName: cluster.name, principalArn: role }),
    );
    expect(accessEntry?.principalArn).toBe(role);
    await becomes(cluster.issueKeys(session), { isLoggedIn: true, isAdmin: false });
  }, 60_000);

  it("gives what is asked for in one namespace, and nothing in others", async () => {
    const { arn, keys } = await newUser("guest");
    await cluster.kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "guests" } });
    await add([arn], { access: "edit", namespace: ["guests"] });
    await becomes(keys, { isLoggedIn: true, isAdmin: false });
    const api = openServer(keys);
    const kube = await api.logIn();
    expect(await kube.get("/api/v1/namespaces/guests/configmaps")).toMatchObject({ kind: "ConfigMapList" });
    await expect(kube.get("/api/v1/namespaces/default/configmaps")).rejects.toThrow();
    api.close();
  }, 60_000);

  it("refuses who is not there, before anything is changed", async () => {
    const before = await list();
    await expect(add(["arn:aws:iam::123456789012:user/nobody"])).rejects.toMatchObject({ code: "PrincipalNotFound" });
    await expect(add(["arn:aws-cn:iam::123456789012:user/nobody"])).rejects.toMatchObject({ code: "OtherPartition" });
    expect((await list()).admins).toEqual(before.admins);
  }, 60_000);

  it("changes nothing in a dry run", async () => {
    const { arn } = await newUser("dry");
    await add([arn], { dryRun: true });
    await expect(remove(arn, { dryRun: true })).rejects.toMatchObject({ code: "NoWayIn" });
  }, 60_000);

  it("does not put into aws-auth who has an entry, and says in the list that the entry wins", async () => {
    const { arn } = await newUser("twice");
    await writeMap({ mapUsers: `- userarn: ${arn}\n  groups: [operators]\n` });
    await add([arn], { access: "view" });
    const { accessEntry } = await cluster.eks.send(
      new DescribeAccessEntryCommand({ clusterName: cluster.name, principalArn: arn }),
    );
    expect(accessEntry?.kubernetesGroups).toEqual(["operators"]);
    await expect(add([arn], { method: "aws-auth" })).rejects.toMatchObject({ code: "EntryWins" });
    const ways = (await list()).admins.filter((way) => way.arn === arn);
    expect(ways.map(({ via, idle }) => [via, idle === undefined])).toEqual([
      ["access-entry", true],
      ["aws-auth", false],
    ]);
  }, 60_000);

  it("does not make less of an administrator of aws-auth", async () => {
    const { arn } = await newUser("mapped");
    await add([arn], { method: "aws-auth" });
    await expect(add([arn], { access: "view" })).rejects.toMatchObject({ code: "WouldLowerAccess" });
  }, 60_000);

  it("undoes a removal by which the caller is locked out, and the caller is in again", async () => {
    const { arn, keys } = await newUser("careless");
    await add([arn]);
    await becomes(keys, inside);
    actAs(keys);
    try {
      await expect(remove(arn)).rejects.toMatchObject({
        code: "RemovalRefused",
        output: expect.stringMatching(/it is you/) as string,
      });
      await expect(remove(arn, { force: true })).rejects.toMatchObject({ code: "LockoutUndone" });
      expect(await standingOf(keys)).toEqual(inside);
    } finally {
      actAs(cluster.clientOptions.credentials);
    }
    await remove(arn);
    await becomes(keys, outside);
  }, 120_000);

  it("undoes an entry of aws-auth that the caller needed", async () => {
    const { arn, keys } = await newUser("by-map");
    await add([arn], { method: "aws-auth" });
    await becomes(keys, inside);
    actAs(keys);
    const before = await readMap();
    try {
      await expect(remove(arn, { force: true })).rejects.toMatchObject({ code: "LockoutUndone" });
    } finally {
      actAs(cluster.clientOptions.credentials);
    }
    expect(await readMap()).toEqual(before);
    expect(await standingOf(keys)).toEqual(inside);
  }, 120_000);

  it("removes both ways in at once, so that none comes into force", async () => {
    const { arn, keys } = await newUser("both");
    await add([arn], { method: "aws-auth" });
    await cluster.eks.send(new CreateAccessEntryCommand({ clusterName: cluster.name, principalArn: arn }));
    await remove(arn);
    await becomes(keys, outside);
    expect((await list()).admins.filter((way) => way.arn === arn)).toEqual([]);
  }, 60_000);

  it("refuses to remove the role of nodes", async () => {
    const principalArn = await cluster.createRole("workers", "ec2.amazonaws.com");
    await cluster.eks.send(
      new CreateAccessEntryCommand({ clusterName: cluster.name, principalArn, type: "EC2_LINUX" }),
    );
    await expect(remove(principalArn)).rejects.toMatchObject({
      code: "RemovalRefused",
      output: expect.stringMatching(/NotReady/) as string,
    });
    await expect(add([principalArn])).rejects.toMatchObject({ code: "PrincipalIsNodes" });
  }, 60_000);
});

describe("a cluster that knows aws-auth only", () => {
  beforeAll(() => start("old-scripts", "CONFIG_MAP"), 900_000);
  afterAll(stop, 60_000);
  const nodes = `# nodes: hands off
- rolearn: arn:aws:iam::123456789012:role/nodes
  username: system:node:{{EC2PrivateDNSName}}
  groups: [system:bootstrappers, system:nodes] # as EKS wants it
`;

  it("makes the map where no node can miss it, and keeps a copy of it from then on", async () => {
    const { arn, keys } = await newUser("alice");
    await add([arn]);
    await becomes(keys, inside);
    expect(parse((await readMap())["mapUsers"]!)).toEqual([{ userarn: arn, username: "alice", groups: masters }]);
    expect(existsSync(join(home, "hubctl"))).toBe(false);
    await writeMap({ ...(await readMap()), mapRoles: nodes });
    const before = await readMap();
    const bob = await newUser("bob");
    await add([bob.arn]);
    const after = await readMap();
    expect(after["mapRoles"]).toBe(nodes);
    expect(after["mapUsers"]).toContain(before["mapUsers"]);
    const copies = readdirSync(join(home, "hubctl", "aws-auth"));
    expect(parse(readFileSync(join(home, "hubctl", "aws-auth", copies[0]!), "utf8"))).toMatchObject({ data: before });
    const inCluster = await cluster.kube.get<ConfigMap>(mapPath.replace("aws-auth", "aws-auth-before-hubctl"));
    expect(inCluster?.data).toEqual(before);
  }, 120_000);

  it("knows that the caller created the cluster, and lists nobody else who is hidden", async () => {
    const { admins: ways, authenticationMode } = await list();
    expect(authenticationMode).toBe("CONFIG_MAP");
    expect(ways.filter(({ isAdmin }) => isAdmin).map(({ arn, via }) => [arn.split("/").at(-1), via])).toEqual([
      ["alice", "aws-auth"],
      ["bob", "aws-auth"],
      ["operator", "creator"],
    ]);
  });

  it("undoes a lockout with the login that caused it", async () => {
    const { arn, keys } = await newUser("carol");
    await add([arn]);
    await becomes(keys, inside);
    const before = await readMap();
    actAs(keys);
    try {
      await expect(remove(arn, { force: true })).rejects.toMatchObject({ code: "LockoutUndone" });
    } finally {
      actAs(cluster.clientOptions.credentials);
    }
    expect(await readMap()).toEqual(before);
    expect(await standingOf(keys)).toEqual(inside);
  }, 120_000);

  it("gives less than everything by groups of its own", async () => {
    const { arn, keys } = await newUser("viewer");
    await add([arn], { access: "view" });
    await becomes(keys, { isLoggedIn: true, isAdmin: false });
    const api = openServer(keys);
    const kube = await api.logIn();
    expect(await kube.get("/api/v1/namespaces/default/configmaps")).toMatchObject({ kind: "ConfigMapList" });
    await expect(kube.get("/api/v1/namespaces/kube-system/secrets")).rejects.toThrow();
    api.close();
  }, 60_000);

  it("merges with what somebody else writes at the same time", async () => {
    const [dave, erin] = [await newUser("dave"), await newUser("erin")];
    const api = openServer(cluster.clientOptions.credentials);
    let edits = 0;
    await changeAwsAuth({
      logIn: async () => {
        const raw = await api.logIn();
        return {
          ...raw,
          // Between the reading and the writing of the first attempt.
          replace: async (path, object) => {
            if (path === mapPath && edits === 1) {
              await writeMap({
                ...(await readMap()),
                ...addMapping(await readMap(), readPrincipal(erin.arn), masters),
              });
            }
            return raw.replace(path, object);
          },
        };
      },
      edit: (data) => {
        edits += 1;
        return addMapping(data, readPrincipal(dave.arn), masters);
      },
      keepBackup: () => Promise.resolve(),
    });
    api.close();
    expect(edits).toBe(2);
    const arns = (parse((await readMap())["mapUsers"]!) as { userarn: string }[]).map(({ userarn }) => userarn);
    expect(arns).toEqual(expect.arrayContaining([dave.arn, erin.arn]));
  }, 60_000);

  it("reports a malformed map with its line, and leaves it as it is", async () => {
    const before = await readMap();
    const broken = { ...before, mapUsers: `${before["mapUsers"] ?? ""} - userarn: x\n` };
    await writeMap(broken);
    const { arn } = await newUser("late");
    await expect(add([arn])).rejects.toMatchObject({
      code: "AwsAuthMalformed",
      output: expect.stringMatching(/mapUsers line \d+: /) as string,
    });
    expect(await readMap()).toEqual(broken);
    await writeMap(before);
  }, 60_000);

  it("refuses the last administrator that can be seen, and access entries", async () => {
    await writeMap({ mapUsers: "[]" });
    const { arn, keys } = await newUser("last");
    await add([arn]);
    await becomes(keys, inside);
    actAs(keys);
    await expect(remove(arn)).rejects.toMatchObject({
      code: "RemovalRefused",
      output: expect.stringMatching(/nobody else/) as string,
    });
    await expect(add([arn], { method: "access-entry" })).rejects.toMatchObject({ code: "NoAccessEntries" });
    actAs(cluster.clientOptions.credentials);
  }, 60_000);
});
