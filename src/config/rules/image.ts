import type { Rule } from "./rule.ts";

export const imageRepository: Rule = (text) => {
  const name = text.slice(text.lastIndexOf("/") + 1);
  if (text.includes("://")) return `"${text}" must be written without ${text.slice(0, text.indexOf("://") + 3)}`;
  if (name.includes("@")) return `"${text}" must not hold a digest`;
  if (name.includes(":"))
    return `"${text}" must not hold a tag: "${name.slice(name.indexOf(":") + 1)}" has a place of its own`;
  const component = "[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*";
  const host = "[a-zA-Z0-9-]+(?:\\.[a-zA-Z0-9-]+)*(?::\\d{1,5})?";
  return new RegExp(`^(?:${host}/)?${component}(?:/${component})*$`).test(text)
    ? undefined
    : `"${text}" is not an image name like quay.io/jupyter/scipy-notebook`;
};

export const imageTag: Rule = (text) =>
  /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text) ? undefined : `"${text}" is not an image tag like 2026-11-03`;

export const imageDigest: Rule = (text) =>
  /^sha256:[0-9a-f]{64}$/.test(text)
    ? undefined
    : `"${text}" is not an image digest: sha256: and 64 hexadecimal digits`;

export const chartVersion: Rule = (text) =>
  /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(text) ? undefined : `"${text}" is not a version of the chart like 4.4.2`;
