/** As much of ASN.1's distinguished encoding rules as a certificate takes. */

function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = bigEndian(length);
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

function bigEndian(value: number): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
}

export const sequence = (...items: readonly Buffer[]) => element(0x30, ...items);
export const set = (...items: readonly Buffer[]) => element(0x31, ...items);
export const octetString = (content: Buffer) => element(0x04, content);
export const utf8String = (text: string) => element(0x0c, Buffer.from(text, "utf8"));
export const boolean = (value: boolean) => element(0x01, Buffer.from([value ? 0xff : 0]));
/** A string of bits whose last `unused` bits don't count. */
export const bitString = (content: Buffer, unused = 0) => element(0x03, Buffer.from([unused]), content);
/** `[tag]` around a whole element. */
export const explicit = (tag: number, content: Buffer) => element(0xa0 | tag, content);
/** `[tag]` in the place of an element's own tag, primitive. */
export const implicit = (tag: number, content: Buffer) => element(0x80 | tag, content);

/** From big-endian bytes, which are taken as a positive number. */
export function integer(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const content = bytes.subarray(start);
  return element(0x02, ...((content[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : []), content);
}

/** "2.5.29.19" */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

/** GeneralizedTime; certificates want UTCTime for years before 2050. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]/g, "").slice(0, 14);
  return date.getUTCFullYear() < 2050
    ? element(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : element(0x18, Buffer.from(`${digits}Z`));
}
