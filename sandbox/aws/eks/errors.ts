import type { AwsResponse } from "../types.ts";

const statusOf = {
  BadRequestException: 400,
  ClientException: 400,
  InvalidParameterException: 400,
  InvalidRequestException: 400,
  NotFoundException: 404,
  ResourceInUseException: 409,
  ResourceLimitExceededException: 400,
  ResourceNotFoundException: 404,
  ServerException: 500,
} as const;

export type EksErrorCode = keyof typeof statusOf;

/** The members that EKS puts beside the message. */
export interface ErrorSubject {
  clusterName?: string;
  nodegroupName?: string;
  addonName?: string;
}

/** A refusal in the form of EKS. */
export class EksError extends Error {
  readonly code: EksErrorCode;
  readonly subject: ErrorSubject;

  constructor(code: EksErrorCode, message: string, subject: ErrorSubject = {}) {
    super(message);
    this.name = "EksError";
    this.code = code;
    this.subject = subject;
  }
}

export function invalidParameter(message: string, subject?: ErrorSubject): EksError {
  return new EksError("InvalidParameterException", message, subject);
}

export function invalidRequest(message: string, subject?: ErrorSubject): EksError {
  return new EksError("InvalidRequestException", message, subject);
}

export function inUse(message: string, subject?: ErrorSubject): EksError {
  return new EksError("ResourceInUseException", message, subject);
}

export function notFound(message: string, subject?: ErrorSubject): EksError {
  return new EksError("ResourceNotFoundException", message, subject);
}

export function errorResponse(error: EksError): AwsResponse {
  return {
    status: statusOf[error.code],
    headers: { "content-type": "application/json", "x-amzn-errortype": error.code },
    body: JSON.stringify({ ...error.subject, message: error.message }),
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
