import type { HubctlError } from "../errors.ts";
import type { ObjectChange } from "./object-change.ts";

/**
 * What a step finds when it asks AWS, Terraform, Helm or Kubernetes (never the journal).
 * `done` and `unknown` say why; `change` says what `run` would do, `plan` is what `run` needs to do exactly that, and
 * `title` is what the step is called where it only changes what is there.
 */
export type Checked<Plan> =
  /** `drift`: what somebody else has changed, and is left as it is. */
  { done: string; drift?: string } | { change: string; plan: Plan; title?: string } | { unknown: string };

export interface Report {
  /** What is being waited for right now, shown beside the step's title. */
  progress(text: string): void;
  /** One line that stays on the screen and in the log. */
  note(text: string): void;
}

export interface Step<Context, Plan = unknown> {
  /** Also the name of the step's file. */
  readonly id: string;
  /** What the operator gets, as an imperative: "Create the VPC and EKS cluster". */
  readonly title: string;
  /** How many seconds it takes on AWS as a rule, if it is long enough to wonder. */
  readonly usual?: number;
  check(context: Context): Promise<Checked<Plan>>;
  /** What `run` would do, object by object; for who wants to know more than `change` says. Changes nothing. */
  preview?(context: Context, plan: Plan): Promise<ObjectChange[]>;
  /** Idempotent. Gets exactly what `check` planned. */
  run(context: Context, plan: Plan, report: Report): Promise<void>;
  /**
   * Hears of a failure of a tool or of AWS, and the list goes on without the step. Without it, or when there is
   * something to do for a person (UserError) or an interrupt, the list ends.
   */
  goOnAfter?(context: Context, failure: HubctlError): void;
}

/** Steps that run side by side; the list goes on when all of them have ended. */
interface StepGroup<Context> {
  readonly sideBySide: readonly Step<Context>[];
}

/** Steps that run one after the other, but are checked at once: what one finds does not depend on the others. */
interface StepSequence<Context> {
  readonly inOrder: readonly Step<Context>[];
}

export type StepList<Context> = readonly (Step<Context> | StepGroup<Context> | StepSequence<Context>)[];

/** What runs together, in order. */
export function turnsOf<Context>(list: StepList<Context>): readonly (readonly Step<Context>[])[] {
  return list.flatMap((entry): readonly (readonly Step<Context>[])[] => {
    if ("inOrder" in entry) return entry.inOrder.map((step) => [step]);
    return ["sideBySide" in entry ? entry.sideBySide : [entry]];
  });
}

/** Lets a step with a plan type of its own stand in a list; the runner only ever hands a plan back to its step. */
export function defineStep<Context, Plan>(step: Step<Context, Plan>): Step<Context> {
  return step;
}
