import type { HubConfig } from "../config/hub-config.ts";
import { isGroup, valueAt, type Path } from "../config/layers.ts";
import { compareVersions } from "./compare-versions.ts";
import type { Obstacle } from "./obstacles.ts";

type Subject = Pick<HubConfig, "hub">;

/** A change between versions of the hub's chart that the operator's own values or Python may not have followed. */
interface ChartChange {
  id: string;
  /** The first chart version that has it. */
  since: string;
  blocks: boolean;
  /** Where the deployment is concerned; undefined if it is not. */
  find(config: Subject): string | undefined;
  text: string;
  todo: string;
}

/** https://z2jh.jupyter.org/en/stable/changelog.html, and the changelogs of what the chart is made of. */
const chartChanges: readonly ChartChange[] = [
  {
    id: "escaped-username",
    since: "4.0.0",
    blocks: true,
    find: (config) => findText(config, /(?<!escaped_|unescaped_)(?:\{|%7B)username\}/),
    text: "{username} becomes another text for names with other characters than small letters and digits: their homes would look empty",
    todo: "write {escaped_username} in its place, which is what {username} was",
  },
  {
    id: "nobody-allowed",
    since: "4.0.0",
    blocks: true,
    find: ({ hub }) => findClosedAuthenticator(hub.values),
    text: "JupyterHub 5 lets nobody in who is not allowed by name or rule; before it, everybody could log in",
    todo: "say who may log in, by allow_all, allowed_users or a rule of the authenticator",
  },
  {
    id: "groups-need-management",
    since: "4.0.0",
    blocks: true,
    find: ({ hub }) =>
      findSection(
        hub.values,
        (section) =>
          ["allowed_groups", "admin_groups"].some((key) => key in section) &&
          section["manage_groups"] !== true &&
          !("group_search_base" in section),
      ),
    text: "OAuthenticator 17 does not start with allowed_groups or admin_groups unless it manages groups",
    todo: "add manage_groups: true there",
  },
  {
    id: "ldap-tls-strategy",
    since: "4.0.0",
    blocks: true,
    find: ({ hub }) => findSection(hub.values, (section) => "use_ssl" in section || "escape_userdn" in section),
    text: "LDAPAuthenticator 2 has neither use_ssl nor escape_userdn",
    todo: "write tls_strategy: on_connect (or before_bind, or insecure), and leave escape_userdn out",
  },
  {
    id: "database-elsewhere",
    since: "4.0.0",
    blocks: true,
    find: ({ hub }) => {
      const db = valueAt(hub.values, ["hub", "db"]);
      if (!isGroup(db) || (db["type"] !== "postgres" && db["type"] !== "mysql")) return undefined;
      return db["upgrade"] === true ? undefined : "hub.db in the deployment's values";
    },
    text: "JupyterHub 5 has a new form of its database, and brings one that lies elsewhere to it only if that is asked for; else it does not start",
    todo: "add upgrade: true there",
  },
  {
    id: "unknown-config-section",
    since: "4.3.0",
    blocks: true,
    find: ({ hub }) => {
      const sections = valueAt(hub.values, ["hub", "config"]);
      const wrong = Object.keys(isGroup(sections) ? sections : {}).find((name) => !/^[A-Z]/.test(name));
      return wrong === undefined ? undefined : `hub.config.${wrong} in the deployment's values`;
    },
    text: "the hub does not start if hub.config has an entry that is not the name of a class",
    todo: "put it below its class, for example JupyterHub",
  },
  {
    id: "cilogon-idps",
    since: "4.3.3",
    blocks: false,
    find: ({ hub }) => findSection(hub.values, (section) => "allowed_idps" in section),
    text: "allowed_idps is called idps from OAuthenticator 17.4 on; the old name still works",
    todo: "rename it",
  },
];

/** Newest major whose changes are in the table. */
const knownMajor = 4;

/** What of the chart's changes between two versions concerns this deployment. */
export function judgeChartChange(from: string, to: string, config: Subject): Obstacle[] {
  if (compareVersions(from, to) >= 0) return [];
  const obstacles = chartChanges
    .filter(({ since }) => compareVersions(from, since) < 0 && compareVersions(since, to) <= 0)
    .flatMap((change): Obstacle[] => {
      const where = change.find(config);
      if (where === undefined) return [];
      const { blocks, todo } = change;
      return [{ blocks, text: `${where}: since chart ${change.since} ${change.text}`, todo }];
    });
  const major = Number(to.split(".")[0]);
  if (major <= knownMajor) return obstacles;
  const text = `this hubctl does not know what the hub's chart ${major} changes`;
  return [...obstacles, { blocks: true, text, todo: "npm install --global hubctl@latest" }];
}

/** The first text in the deployment's own values or Python that fits. */
function findText({ hub }: Subject, pattern: RegExp): string | undefined {
  const path = findPath(hub.values, (value) => typeof value === "string" && pattern.test(value));
  if (path !== undefined) return `${path.join(".")} in the deployment's values`;
  const file = Object.entries(hub.extraConfig).find(([, python]) => pattern.test(python))?.[0];
  return file === undefined ? undefined : `jupyterhub_config.d/${file}`;
}

function findPath(value: unknown, fits: (value: unknown) => boolean, path: Path = []): Path | undefined {
  if (fits(value)) return path;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const found = findPath(member, fits, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first class below hub.config that fits. */
function findSection(
  values: Record<string, unknown>,
  fits: (section: Record<string, unknown>) => boolean,
): string | undefined {
  const sections = valueAt(values, ["hub", "config"]);
  const found = Object.entries(isGroup(sections) ? sections : {}).find(
    ([, section]) => isGroup(section) && fits(section),
  );
  return found && `hub.config.${found[0]} in the deployment's values`;
}

/** An authenticator of the operator's own choice that nothing lets anybody through; hubctl's own say who may. */
function findClosedAuthenticator(values: Record<string, unknown>): string | undefined {
  const chosen = valueAt(values, ["hub", "config", "JupyterHub", "authenticator_class"]);
  if (typeof chosen !== "string") return undefined;
  const isOpen = findSection(values, (section) => Object.keys(section).some((key) => /^allow(ed)?_/.test(key)));
  return isOpen === undefined ? "hub.config.JupyterHub.authenticator_class in the deployment's values" : undefined;
}
