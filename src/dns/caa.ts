import type { CaaRecord, Dns } from "./ask.ts";
import { DnsUnanswered } from "./ask.ts";
import { namesUp } from "./names.ts";

/** https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html */
const amazon = ["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"];

export interface CaaVerdict {
  /** The name whose records decide. */
  at: string;
  /** Whom they allow. */
  issuers: string[];
}

/**
 * Whose CAA records forbid Amazon to issue for the name; undefined if none do, or nobody knows. The nearest name that
 * has any decides: https://www.rfc-editor.org/rfc/rfc8659#section-3
 */
export async function findForbiddingCaa(dns: Pick<Dns, "caa">, name: string): Promise<CaaVerdict | undefined> {
  try {
    for (const at of namesUp(name)) {
      const records = await dns.caa(at);
      if (records.length > 0) return judgeCaa(at, records);
    }
  } catch (error) {
    if (!(error instanceof DnsUnanswered)) throw error;
  }
  return undefined;
}

/** Records without an `issue` allow everybody; one with an empty value nobody. */
function judgeCaa(at: string, records: readonly CaaRecord[]): CaaVerdict | undefined {
  const values = records.flatMap(({ issue }) => (issue === undefined ? [] : [issue]));
  if (values.length === 0) return undefined;
  const issuers = values.map((value) => (value.split(";")[0] ?? "").trim().toLowerCase());
  if (issuers.some((issuer) => amazon.includes(issuer))) return undefined;
  return { at, issuers: issuers.filter((issuer) => issuer !== "") };
}
