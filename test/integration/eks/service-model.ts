import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

interface Member {
  shape: string;
  location?: "uri" | "querystring" | "header";
  locationName?: string;
}

interface Shape {
  type: string;
  members?: Record<string, Member>;
  required?: string[];
  member?: { shape: string };
  key?: { shape: string };
  value?: { shape: string };
  enum?: string[];
  min?: number;
  max?: number;
  pattern?: string;
  exception?: boolean;
  error?: { httpStatusCode: number };
}

export interface ModelOperation {
  name: string;
  http: { method: string; requestUri: string };
  input?: { shape: string };
  output?: { shape: string };
  errors?: { shape: string }[];
}

export interface Exchange {
  method: string;
  /** Percent-encoded. */
  path: string;
  query: URLSearchParams;
  requestBody: string;
  status: number;
  /** Value of x-amzn-ErrorType, if any. */
  errorType: string | undefined;
  responseBody: string;
}

/** The REST JSON service that one of botocore's models describes, as a judge of what is said to it and what it says. */
export class ServiceModel {
  readonly operations: Readonly<Record<string, ModelOperation>>;
  readonly #shapes: Readonly<Record<string, Shape>>;

  constructor(folder: string, service: string) {
    const version = readdirSync(join(folder, service)).sort().at(-1) ?? "";
    const file = join(folder, service, version, "service-2.json.gz");
    const model = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as {
      operations: Record<string, ModelOperation>;
      shapes: Record<string, Shape>;
    };
    this.operations = model.operations;
    this.#shapes = model.shapes;
  }

  /** The operation of a request, and everything about it and its answer that the model does not allow. */
  judge(exchange: Exchange): { operation: ModelOperation; faults: string[] } | undefined {
    const operation = Object.values(this.operations).find(
      ({ http }) => http.method === exchange.method && this.#params(http.requestUri, exchange.path) !== undefined,
    );
    if (operation === undefined) return undefined;
    const faults = [...this.#judgeRequest(operation, exchange), ...this.#judgeAnswer(operation, exchange)];
    return { operation, faults: faults.map((fault) => `${operation.name}: ${fault}`) };
  }

  #params(template: string, path: string): Record<string, string> | undefined {
    const wanted = template.split("/");
    const sent = path.split("/");
    if (wanted.length !== sent.length) return undefined;
    const params: Record<string, string> = {};
    for (const [index, part] of wanted.entries()) {
      const value = decodeURIComponent(sent[index] ?? "");
      if (part.startsWith("{")) params[part.slice(1, -1)] = value;
      else if (part !== value) return undefined;
    }
    return params;
  }

  #judgeRequest({ http, input }: ModelOperation, exchange: Exchange): string[] {
    if (input === undefined) return [];
    const shape = this.#shape(input.shape);
    const params = this.#params(http.requestUri, exchange.path) ?? {};
    const body = (exchange.requestBody === "" ? {} : JSON.parse(exchange.requestBody)) as Record<string, unknown>;
    const faults: string[] = [];
    const inBody = new Map<string, Member>();
    for (const [name, member] of Object.entries(shape.members ?? {})) {
      const at = member.locationName ?? name;
      const isRequired = shape.required?.includes(name) === true;
      if (member.location === undefined) inBody.set(at, member);
      const isThere = isSent(member, at, params, exchange.query, body);
      if (isRequired && !isThere) faults.push(`the request lacks ${at}`);
    }
    for (const [name, value] of Object.entries(body)) {
      const member = inBody.get(name);
      if (member === undefined) faults.push(`the request has an unknown member ${name}`);
      else faults.push(...this.#judgeValue(member.shape, value, `request.${name}`));
    }
    const known = Object.entries(shape.members ?? {})
      .filter(([, { location }]) => location === "querystring")
      .map(([name, { locationName }]) => locationName ?? name);
    for (const name of exchange.query.keys()) {
      if (!known.includes(name)) faults.push(`the request has an unknown query parameter ${name}`);
    }
    return faults;
  }

  #judgeAnswer(operation: ModelOperation, { status, errorType, responseBody }: Exchange): string[] {
    const body = JSON.parse(responseBody) as Record<string, unknown>;
    if (status < 400) {
      if (operation.output === undefined) return [];
      return this.#judgeValue(operation.output.shape, body, "answer");
    }
    if (errorType === undefined) return [`an answer of status ${status} names no error`];
    const shape = this.#shapes[errorType];
    if (shape?.exception !== true) return [`the error ${errorType} is unknown`];
    const faults = this.#judgeValue(errorType, body, errorType);
    if (shape.error?.httpStatusCode !== status) faults.push(`${errorType} has the status ${status}`);
    if (operation.errors?.some((error) => error.shape === errorType) !== true) {
      faults.push(`the error ${errorType} is none of the operation's`);
    }
    if (typeof body["message"] !== "string" || body["message"] === "") faults.push(`${errorType} has no message`);
    return faults;
  }

  #judgeValue(shapeName: string, value: unknown, at: string): string[] {
    const shape = this.#shape(shapeName);
    switch (shape.type) {
      case "structure":
        return this.#judgeStructure(shape, value, at);
      case "list": {
        if (!Array.isArray(value)) return [`${at} is no list`];
        const item = shape.member?.shape ?? "";
        return value.flatMap((each, index) => this.#judgeValue(item, each, `${at}[${index}]`));
      }
      case "map": {
        if (!isObject(value)) return [`${at} is no map`];
        return Object.entries(value).flatMap(([key, each]) => [
          ...this.#judgeValue(shape.key?.shape ?? "", key, `${at} key ${key}`),
          ...this.#judgeValue(shape.value?.shape ?? "", each, `${at}.${key}`),
        ]);
      }
      case "string":
        if (typeof value !== "string") return [`${at} is no string`];
        if (shape.enum !== undefined && !shape.enum.includes(value)) return [`${at} may not be ${value}`];
        return [...outside(shape, value.length, at), ...misfit(shape, value, at)];
      case "boolean":
        return typeof value === "boolean" ? [] : [`${at} is no boolean`];
      case "integer":
      case "long":
        return Number.isInteger(value) ? outside(shape, value as number, at) : [`${at} is no integer`];
      case "timestamp":
        return isTimestamp(value) ? [] : [`${at} is no timestamp in seconds since 1970: ${String(value)}`];
      default:
        return [`${at} has a type that is not checked: ${shape.type}`];
    }
  }

  #judgeStructure(shape: Shape, value: unknown, at: string): string[] {
    if (!isObject(value)) return [`${at} is no object`];
    const members = new Map(
      Object.entries(shape.members ?? {}).map(([name, member]) => [member.locationName ?? name, member]),
    );
    const faults = (shape.required ?? []).filter((name) => !(name in value)).map((name) => `${at} lacks ${name}`);
    for (const [name, each] of Object.entries(value)) {
      const member = members.get(name);
      if (member === undefined) faults.push(`${at} has an unknown member ${name}`);
      else faults.push(...this.#judgeValue(member.shape, each, `${at}.${name}`));
    }
    return faults;
  }

  #shape(name: string): Shape {
    const shape = this.#shapes[name];
    if (shape === undefined) throw new Error(`the model has no shape ${name}`);
    return shape;
  }
}

function isSent(
  { location }: Member,
  name: string,
  params: Record<string, string>,
  query: URLSearchParams,
  body: Record<string, unknown>,
): boolean {
  if (location === "uri") return name in params;
  if (location === "querystring") return query.has(name);
  return name in body;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function outside({ min, max }: Shape, size: number, at: string): string[] {
  return (min !== undefined && size < min) || (max !== undefined && size > max)
    ? [`${at} is out of bounds: ${size}`]
    : [];
}

function misfit({ pattern }: Shape, value: string, at: string): string[] {
  return pattern !== undefined && !new RegExp(pattern).test(value) ? [`${at} does not fit ${pattern}: ${value}`] : [];
}

/** Of this century, so that milliseconds are found out. */
function isTimestamp(value: unknown): boolean {
  return typeof value === "number" && value > 946_684_800 && value < 4_102_444_800;
}
