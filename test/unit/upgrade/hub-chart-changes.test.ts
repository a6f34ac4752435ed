import { expect, test } from "vitest";
import { judgeChartChange } from "../../../src/upgrade/hub-chart-changes.ts";

function judge(values: Record<string, unknown>, from = "3.3.8", to = "4.4.0", extraConfig = {}) {
  return judgeChartChange(from, to, { hub: { values, extraConfig } });
}

const config = (section: string, content: unknown) => ({ hub: { config: { [section]: content } } });

test.each<[string, Record<string, unknown>, RegExp, RegExp]>([
  [
    "a home by {username}",
    { singleuser: { storage: { static: { subPath: "home/{username}" } } } },
    /^singleuser\.storage\.static\.subPath in .*homes would look empty/,
    /\{escaped_username\}/,
  ],
  [
    "an authenticator that lets nobody in",
    config("JupyterHub", { authenticator_class: "nullauthenticator.NullAuthenticator" }),
    /lets nobody in/,
    /allow_all/,
  ],
  [
    "groups that are not managed",
    config("GenericOAuthenticator", { allowed_groups: ["lab"], allow_all: false }),
    /^hub\.config\.GenericOAuthenticator in .*manages groups/,
    /manage_groups: true/,
  ],
  ["LDAP's former setting of TLS", config("LDAPAuthenticator", { use_ssl: true }), /neither use_ssl/, /tls_strategy/],
  [
    "a database elsewhere that is not to be migrated",
    { hub: { db: { type: "postgres", url: "postgresql://db/hub" } } },
    /^hub\.db in .*does not start/,
    /upgrade: true/,
  ],
  ["a section that is no class", config("debug", true), /hub\.config\.debug in/, /below its class/],
])("%s stops a move from chart 3 to 4, and is explained", (_, values, text, todo) => {
  const [found] = judge(values);
  expect(found).toMatchObject({ blocks: true });
  expect(found?.text).toMatch(text);
  expect(found?.todo).toMatch(todo);
});

test("Python that writes {username} is found, too", () => {
  const python = { "10-homes.py": 'c.KubeSpawner.volume_mounts = [{"subPath": "{username}"}]' };
  expect(judge({}, "3.3.8", "4.0.0", python)[0]?.text).toMatch(
    /^jupyterhub_config\.d\/10-homes\.py: since chart 4\.0\.0/,
  );
});

test.each<[string, Record<string, unknown>]>([
  ["homes by their escaped name", { singleuser: { storage: { static: { subPath: "{escaped_username}" } } } }],
  ["homes by their unescaped name", { singleuser: { storage: { static: { subPath: "{unescaped_username}" } } } }],
  [
    "an authenticator that says who may log in",
    { hub: { config: { JupyterHub: { authenticator_class: "dummy" }, Authenticator: { allow_all: true } } } },
  ],
  ["groups that are managed", config("GenericOAuthenticator", { allowed_groups: ["lab"], manage_groups: true })],
  ["a database elsewhere that is to be migrated", { hub: { db: { type: "mysql", upgrade: true } } }],
  ["a database in memory", { hub: { db: { type: "sqlite-memory" } } }],
  ["nothing of its own", {}],
])("%s may move", (_, values) => {
  expect(judge(values)).toEqual([]);
});

test("only what lies between the two versions counts", () => {
  const values = { ...config("CILogonOAuthenticator", { allowed_idps: {} }) };
  expect(judge(values, "4.3.0", "4.4.0")).toMatchObject([{ blocks: false, todo: "rename it" }]);
  expect(judge(values, "4.3.5", "4.4.0")).toEqual([]);
  expect(judge(values, "4.4.0", "4.4.0")).toEqual([]);
  expect(judge(values, "4.4.0", "4.3.0")).toEqual([]);
});

test("a major that nobody has looked at is not moved to", () => {
  expect(judge({}, "4.4.0", "5.0.0")).toMatchObject([{ blocks: true, todo: "npm install --global hubctl@latest" }]);
});
