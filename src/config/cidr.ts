/** An IPv4 range as numbers. */
export interface Range {
  address: number;
  prefix: number;
}

/** The range, or what is wrong with it. */
export function parseCidr(text: string): Range | string {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (match === null) {
    return text.includes(":")
      ? `"${text}" is IPv6; only IPv4 ranges are supported`
      : `"${text}" is not an IPv4 range like 10.0.0.0/16`;
  }
  const [, ...parts] = match;
  const octets = parts.slice(0, 4).map(Number);
  const prefix = parts[4];
  if (octets.some((octet) => octet > 255)) return `"${text}" is not an IPv4 range: its parts go up to 255`;
  if (prefix === undefined) return `"${text}" lacks its size; for this one address write ${text}/32`;
  if (Number(prefix) > 32) return `"${text}" is not an IPv4 range: its size goes up to /32`;
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const range = { address, prefix: Number(prefix) };
  const first = address - (address % sizeOf(range));
  if (first !== address)
    return `"${text}" does not start at the range's first address; write ${formatCidr({ ...range, address: first })}`;
  return range;
}

function formatCidr({ address, prefix }: Range): string {
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256);
  return `${octets.join(".")}/${prefix}`;
}

/** RFC 1918, and the shared address space of RFC 6598, which AWS allows for a VPC as well. */
export function isPrivateRange(range: Range): boolean {
  return privateRanges.some((outer) => contains(outer, range));
}

const privateRanges: readonly Range[] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"].map(
  (text) => {
    const range = parseCidr(text);
    if (typeof range === "string") throw new Error(range);
    return range;
  },
);

function contains(outer: Range, inner: Range): boolean {
  return (
    inner.prefix >= outer.prefix && inner.address >= outer.address && inner.address < outer.address + sizeOf(outer)
  );
}

function sizeOf({ prefix }: { prefix: number }): number {
  return 2 ** (32 - prefix);
}
