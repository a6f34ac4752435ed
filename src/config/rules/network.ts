import { isPrivateRange, parseCidr } from "../cidr.ts";
import type { Rule } from "./rule.ts";

/** The sizes between which the VPC's public and private subnets have room for nodes and users' pods. */
const vpcSizes = { largest: 16, smallest: 21 };

export const vpcRange: Rule = (text) => {
  const range = parseCidr(text);
  if (typeof range === "string") return range;
  if (range.prefix < vpcSizes.largest) return `"${text}" is larger than AWS allows for a VPC (/${vpcSizes.largest})`;
  if (range.prefix > vpcSizes.smallest) {
    return `"${text}" is too small: each pod takes an address of the VPC, so at least a /${vpcSizes.smallest} is needed`;
  }
  if (!isPrivateRange(range))
    return `"${text}" is not a private range (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10)`;
  return undefined;
};

export const clientRange: Rule = (text) => {
  const range = parseCidr(text);
  return typeof range === "string" ? range : undefined;
};

export const apiClientRange: Rule = (text) => {
  const range = parseCidr(text);
  if (typeof range === "string") return range;
  return isPrivateRange(range)
    ? `"${text}" is a private range, which EKS refuses for its public API endpoint`
    : undefined;
};

export const domain: Rule = (text) => {
  if (text.includes("://")) return `"${text}" must be a name alone, without ${text.slice(0, text.indexOf("://") + 3)}`;
  if (text.includes("/")) return `"${text}" must be a name alone, without a path`;
  if (text.includes(":")) return `"${text}" must be a name alone, without a port`;
  if (text.includes("*")) return `"${text}" must be one name, without a wildcard`;
  if (text.endsWith(".")) return `"${text}" must be written without the dot at its end`;
  if (text !== text.toLowerCase()) return `"${text}" must be written in lower case: ${text.toLowerCase()}`;
  const labels = text.split(".");
  const isName = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  if (!isName || text.length > 253 || labels.length < 2 || /^\d+$/.test(labels.at(-1) ?? "")) {
    return `"${text}" is not a domain name like hub.example.org`;
  }
  return undefined;
};

export const httpsUrl: Rule = (text) => {
  if (!text.startsWith("https://")) return `"${text}" is not an address that begins with https://`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || /\s/.test(text)) return `"${text}" is not an address like https://login.example.org/token`;
  return url.username === "" && url.password === ""
    ? undefined
    : `must not hold a user name or password: it is kept where many can read it`;
};

export const hostName: Rule = (text) =>
  /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text)
    ? undefined
    : `"${text}" is not the name of a host, without ldap:// and port`;
