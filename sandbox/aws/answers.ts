import { randomUUID } from "node:crypto";
import type { RefusalReason } from "./identities.ts";
import type { AwsRequest, AwsResponse } from "./types.ts";

type Protocol = "query" | "ec2" | "json" | "rest-json" | "rest-xml" | "s3";

type ProtocolHints = Pick<AwsRequest, "service" | "headers" | "query" | "action">;

/** How a call's answer must look. */
function protocolOf(request: ProtocolHints): Protocol {
  if (request.headers["x-amz-target"] !== undefined) return "json";
  if (request.service === "s3") return "s3";
  if (request.service === "route53" || request.service === "cloudfront") return "rest-xml";
  if (request.service === "ec2") return "ec2";
  return request.action === undefined ? "rest-json" : "query";
}

export function escapeXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

export function xmlAnswer(body: string, status = 200): AwsResponse {
  return { status, headers: { "content-type": "text/xml" }, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` };
}

/** `type` is what the service's protocol wants: 1.0 or 1.1 with a target header, plain JSON for REST. */
export function jsonAnswer(value: unknown, status = 200, type = "application/json"): AwsResponse {
  return { status, headers: { "content-type": type }, body: JSON.stringify(value) };
}

/** An error in the words of the protocol in which the call was made. */
export function errorAnswer(request: ProtocolHints, status: number, code: string, message: string): AwsResponse {
  const [codeXml, messageXml, id] = [escapeXml(code), escapeXml(message), randomUUID()];
  const element = `<Code>${codeXml}</Code><Message>${messageXml}</Message>`;
  switch (protocolOf(request)) {
    case "s3":
      return xmlAnswer(`<Error>${element}<RequestId>${id}</RequestId></Error>`, status);
    case "ec2":
      return xmlAnswer(
        `<Response><Errors><Error>${element}</Error></Errors><RequestID>${id}</RequestID></Response>`,
        status,
      );
    case "query":
    case "rest-xml": {
      const type = status < 500 ? "Sender" : "Receiver";
      return xmlAnswer(
        `<ErrorResponse><Error><Type>${type}</Type>${element}</Error><RequestId>${id}</RequestId></ErrorResponse>`,
        status,
      );
    }
    case "json":
    case "rest-json": {
      const answer = jsonAnswer({ __type: code, message }, status);
      answer.headers["x-amzn-errortype"] = code;
      answer.headers["x-amzn-requestid"] = id;
      return answer;
    }
  }
}

/** Status and code of a refused signature; every protocol has its own names for the same thing. */
const refusals: Record<Protocol, Record<RefusalReason, [status: number, code: string]>> = {
  s3: {
    "unknown-key": [403, "InvalidAccessKeyId"],
    "bad-token": [400, "InvalidToken"],
    "expired-token": [400, "ExpiredToken"],
    "bad-signature": [403, "SignatureDoesNotMatch"],
    "expired-request": [403, "AccessDenied"],
    skewed: [403, "RequestTimeTooSkewed"],
  },
  ec2: {
    "unknown-key": [401, "AuthFailure"],
    "bad-token": [401, "AuthFailure"],
    "expired-token": [400, "RequestExpired"],
    "bad-signature": [401, "AuthFailure"],
    "expired-request": [400, "RequestExpired"],
    skewed: [400, "RequestExpired"],
  },
  query: {
    "unknown-key": [403, "InvalidClientTokenId"],
    "bad-token": [403, "InvalidClientTokenId"],
    "expired-token": [403, "ExpiredToken"],
    "bad-signature": [403, "SignatureDoesNotMatch"],
    "expired-request": [403, "SignatureDoesNotMatch"],
    skewed: [403, "SignatureDoesNotMatch"],
  },
  "rest-xml": {
    "unknown-key": [403, "InvalidClientTokenId"],
    "bad-token": [403, "InvalidClientTokenId"],
    "expired-token": [403, "ExpiredToken"],
    "bad-signature": [403, "SignatureDoesNotMatch"],
    "expired-request": [403, "SignatureDoesNotMatch"],
    skewed: [403, "SignatureDoesNotMatch"],
  },
  json: {
    "unknown-key": [400, "UnrecognizedClientException"],
    "bad-token": [400, "UnrecognizedClientException"],
    "expired-token": [400, "ExpiredTokenException"],
    "bad-signature": [400, "InvalidSignatureException"],
    "expired-request": [400, "InvalidSignatureException"],
    skewed: [400, "InvalidSignatureException"],
  },
  "rest-json": {
    "unknown-key": [403, "UnrecognizedClientException"],
    "bad-token": [403, "UnrecognizedClientException"],
    "expired-token": [403, "ExpiredTokenException"],
    "bad-signature": [403, "InvalidSignatureException"],
    "expired-request": [403, "InvalidSignatureException"],
    skewed: [403, "InvalidSignatureException"],
  },
};

export function refusalAnswer(request: ProtocolHints, reason: RefusalReason, message: string): AwsResponse {
  const [status, code] = refusals[protocolOf(request)][reason];
  return errorAnswer(request, status, code, message);
}

/** A call that neither moto nor the sandbox knows; a 4xx, since SDKs retry a 5xx for minutes. */
export function unimplementedAnswer(request: ProtocolHints & { operation: string }): AwsResponse {
  const code = protocolOf(request) === "s3" ? "NotImplemented" : "UnknownOperationException";
  return errorAnswer(
    request,
    400,
    code,
    `moto does not know ${request.service}:${request.operation}, or fails at it: see its log.`,
  );
}
