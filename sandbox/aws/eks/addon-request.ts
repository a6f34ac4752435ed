import { parse } from "yaml";
import { defaultAddonVersion, findAddon } from "./addon-versions.ts";
import type { AddonDefinition } from "./addon-versions.ts";
import type { AddonSpec } from "./dependencies.ts";
import { invalidParameter } from "./errors.ts";
import type { AddonShape } from "./state.ts";

/** The wanted version or the default, if it fits the cluster's minor. */
export function versionFor(definition: AddonDefinition, minor: string, wanted: string | undefined): string {
  const version = wanted ?? defaultAddonVersion(definition, minor);
  const offered = definition.versions.find((candidate) => candidate.version === version);
  if (offered?.minors.includes(minor) !== true) {
    throw invalidParameter("Addon version specified is not supported", { addonName: definition.name });
  }
  return offered.version;
}

/** Checks configurationValues (JSON or YAML) against the add-on's schema. */
export function checkConfiguration(definition: AddonDefinition, text: string | undefined): void {
  if (!text) return;
  const refuse = (reason: string) =>
    invalidParameter(
      `ConfigurationValue provided in request is not supported: Json schema validation failed with error: [${reason}]`,
      { addonName: definition.name },
    );
  let values: unknown;
  try {
    values = parse(text);
  } catch {
    throw invalidParameter("ConfigurationValue provided in request is not valid JSON or YAML", {
      addonName: definition.name,
    });
  }
  if (values === null) return;
  if (typeof values !== "object" || Array.isArray(values)) {
    throw refuse(`$: ${typeOf(values)} found, object expected`);
  }
  for (const [name, value] of Object.entries(values)) {
    const type = definition.configuration[name];
    if (type === undefined) {
      throw refuse(`$.${name}: is not defined in the schema and the schema does not allow additional properties`);
    }
    if (typeOf(value) !== type) throw refuse(`$.${name}: ${typeOf(value)} found, ${type} expected`);
  }
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function parseConfiguration({ configurationValues }: AddonShape): unknown {
  return configurationValues === undefined ? undefined : (parse(configurationValues) as unknown);
}

export function specOf(shape: AddonShape): AddonSpec {
  return {
    name: shape.addonName,
    version: shape.addonVersion,
    namespace: findAddon(shape.addonName)?.namespace ?? "kube-system",
    cluster: shape.clusterName,
    configuration: parseConfiguration(shape),
    ...(shape.serviceAccountRoleArn === undefined ? {} : { serviceAccountRoleArn: shape.serviceAccountRoleArn }),
  };
}
