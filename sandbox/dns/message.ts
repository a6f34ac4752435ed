import { isIPv4 } from "node:net";

/** As much of DNS's wire format as the simulated zones need: https://www.rfc-editor.org/rfc/rfc1035#section-4 */
const types = { A: 1, NS: 2, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, CAA: 257 } as const;
export type RecordType = keyof typeof types;

export const codes = { noError: 0, serverFailure: 2, noSuchName: 3, notImplemented: 4 } as const;

export interface Question {
  id: number;
  /** Lower case, without the final dot. */
  name: string;
  /** Undefined if it is none of those that are known here. */
  type: RecordType | undefined;
  /** The question section as it came. */
  section: Buffer;
  isRecursionDesired: boolean;
}

export interface Answer {
  name: string;
  type: RecordType;
  ttl: number;
  /** As Route 53 writes values. */
  value: string;
}

export function readQuestion(message: Buffer): Question | undefined {
  if (message.length < 17 || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0 && length < 64; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (at + 5 > message.length) return undefined;
  const number = message.readUInt16BE(at + 1);
  const [type] = Object.entries(types).find(([, known]) => known === number) ?? [];
  return {
    id: message.readUInt16BE(0),
    name: labels.join(".").toLowerCase(),
    type: type as RecordType | undefined,
    section: message.subarray(12, at + 5),
    isRecursionDesired: ((message[2] ?? 0) & 1) === 1,
  };
}

export function writeAnswer(question: Question, code: number, answers: readonly Answer[]): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(question.id, 0);
  // Answer, authoritative, and recursion is available: it stands for name servers and resolvers alike.
  header.writeUInt16BE(0x8480 | (question.isRecursionDesired ? 0x0100 : 0) | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, question.section, ...answers.map(writeRecord)]);
}

function writeRecord({ name, type, ttl, value }: Answer): Buffer {
  const data = writeValue(type, value);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(types[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([writeName(name), fixed, data]);
}

function writeName(name: string): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  return Buffer.concat([...labels.map((label) => counted(Buffer.from(label, "latin1"))), Buffer.from([0])]);
}

function counted(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function writeValue(type: RecordType, value: string): Buffer {
  switch (type) {
    case "A":
      return Buffer.from(isIPv4(value) ? value.split(".").map(Number) : [0, 0, 0, 0]);
    case "AAAA":
      return writeIPv6(value);
    case "NS":
    case "CNAME":
      return writeName(value);
    case "SOA": {
      const [server = "", mailbox = "", ...numbers] = value.split(" ");
      const rest = Buffer.alloc(20);
      numbers.slice(0, 5).forEach((number, index) => rest.writeUInt32BE(Number(number), index * 4));
      return Buffer.concat([writeName(server), writeName(mailbox), rest]);
    }
    case "TXT":
      return Buffer.concat(stringsIn(value).map((text) => counted(Buffer.from(text, "latin1"))));
    case "CAA": {
      const [, flags = "0", tag = "", issuer = ""] = /^(\d+) (\w+) "([^"]*)"$/.exec(value) ?? [];
      return Buffer.concat([Buffer.from([Number(flags)]), counted(Buffer.from(tag)), Buffer.from(issuer)]);
    }
  }
}

/** `"one" "two"` */
function stringsIn(value: string): string[] {
  return [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text.replaceAll(/\\(.)/g, "$1"));
}

function writeIPv6(value: string): Buffer {
  const [head = "", tail] = value.split("::");
  const groups = (text: string) => text.split(":").filter((group) => group !== "");
  const [first, last] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - first.length - last.length }, () => "0");
  const bytes = Buffer.alloc(16);
  [...first, ...zeros, ...last]
    .slice(0, 8)
    .forEach((group, index) => bytes.writeUInt16BE(parseInt(group, 16), index * 2));
  return bytes;
}
